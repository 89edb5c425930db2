"""``gantral evidence disclose``: one field with its proof, for whom the rest is no business."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gantral.cli.failure import CLEAN, MISUSE, Failure

if TYPE_CHECKING:
    from gantral.cli.main import Subparsers


def add(actions: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    disclose = actions.add_parser(
        "disclose",
        help="one field with its proof, and nothing else",
        description="Write one field of what was asked, shown, approved or given, with its salt "
        "and the signed commit that binds it: `gantral verify` judges it. The other fields stay "
        "hashes. The commit says in clear what it always does: paths, people's ids, votes.",
    )
    disclose.add_argument(
        "evidence",
        metavar="EVIDENCE",
        help="a bundle, the folder of an instance, or an instance of the store",
    )
    disclose.add_argument(
        "pointer", metavar="POINTER", help="the field, as contexts name it: /refund/amount"
    )
    disclose.add_argument("--instance", metavar="ID", help="which one of a bundle")
    disclose.add_argument(
        "--commit", type=int, metavar="N", help="as commit N tells it, when commits differ"
    )
    disclose.add_argument("--out", required=True, metavar="FILE", help="a new file, or -")
    disclose.add_argument("--settings", default="gantral.toml", metavar="FILE")


def run(args: argparse.Namespace) -> int:
    """Write the disclosure."""
    from gantral.cli.handing.stored import source_of
    from gantral.evidence import EvidenceError
    from gantral.evidence.disclosure import disclose

    try:
        source, _ = source_of(args.evidence, args.settings)
        ids = [one for one in source.ids() if args.instance in (None, one)]
        if len(ids) != 1:
            raise Failure(
                f"{args.evidence} holds {len(ids)} such instances",
                "name one with --instance ID",
                MISUSE,
            )
        (data,) = (
            disclose(files, args.pointer, args.commit)
            for instance_id, files in source.again()
            if instance_id == ids[0]
        )
        if args.out == "-":
            sys.stdout.buffer.write(data)
        else:
            with Path(args.out).open("xb") as file:
                file.write(data)
    except EvidenceError as error:
        remedy = "say which with --commit N" if error.code == "several" else ""
        raise Failure(f"it can't be disclosed: {error.message}", remedy) from None
    except OSError as error:
        raise Failure(f"{error.filename or args.evidence}: {error.strerror}", "", MISUSE) from None
    return CLEAN
