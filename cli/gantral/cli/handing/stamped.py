"""``gantral evidence stamped``: when a bundle, or a trust file, was there already."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gantral.cli.failure import CLEAN, FINDINGS, Failure

if TYPE_CHECKING:
    from gantral.cli.main import Subparsers

_PIECE = 1 << 20


def add(actions: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    stamped = actions.add_parser(
        "stamped",
        help="verify an RFC 3161 time-stamp of a file",
        description="Say when a file was there already, by the word of a time-stamping authority "
        "(RFC 3161), offline. Get the token when the bundle is made: openssl ts -query -data FILE "
        "-sha256 -cert -out q.tsq, then send q.tsq to the authority. Exits 0 when the token holds, "
        "1 when not. No verdict rests on it.",
    )
    stamped.add_argument("file", type=Path, metavar="FILE")
    stamped.add_argument("--token", type=Path, required=True, metavar="TSR")
    stamped.add_argument(
        "--authority",
        type=Path,
        required=True,
        metavar="PEM",
        help="root certificates of authorities you trust, got from them and not with the bundle",
    )


def run(args: argparse.Namespace) -> int:
    """Print the instant, or why there is none. Raises Failure."""
    try:
        from gantral.evidence import EvidenceError
        from gantral.evidence.stamps import stamped
    except ImportError as error:
        raise Failure(f"{error.name} is missing", "pip install 'gantral[stamps]'") from None
    try:
        token, roots = args.token.read_bytes(), args.authority.read_bytes()
        stamp = stamped(_pieces(args.file), token, roots)
    except OSError as error:
        raise Failure(f"{error.filename} can't be read: {error.strerror}") from None
    except EvidenceError as error:
        raise Failure(
            f"{args.file}: no time-stamp: {error.message}",
            "without a token that holds, nothing but the signatures says when this was written",
            FINDINGS,
        ) from None
    who = f", says {stamp.authority}" if stamp.authority else ""
    print(f"{args.file} was there at {stamp.at:%Y-%m-%dT%H:%M:%SZ}{who}")
    return CLEAN


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
