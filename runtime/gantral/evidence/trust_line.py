"""A line of trust files: each names the one before it, and the last one judges (ADR 0156)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

from gantral.evidence.errors import EvidenceError
from gantral.evidence.trust import TrustFile


def load_at(path: Path) -> TrustFile:
    """The trust file at ``path``; of a folder, the last of the whole line that it holds.

    Raises:
        OSError: it can't be read.
        EvidenceError: ``trust``, naming the file that is none, or where the line breaks.
    """
    if not path.is_dir():
        return TrustFile.load(path.read_bytes())
    return _last(_read(one) for one in sorted(path.iterdir()))


def _read(path: Path) -> TrustFile:
    # A folder of a line holds nothing else: what is no trust file may be one that was altered.
    if path.is_dir():
        _refuse(f"{path.name} is a folder: beside a line of trust files stands nothing else")
    try:
        return TrustFile.load(path.read_bytes())
    except EvidenceError as error:
        raise EvidenceError("trust", f"{path.name}: {error.message}") from None


def _last(files: Iterable[TrustFile]) -> TrustFile:
    """The last of a whole line of trust files, given in any order: serials 1, 2, … without gap, one
    file each; the first has no previous, each later one names the exact bytes before it, keeps
    trust_id and environment, and is issued no earlier."""
    # The same bytes twice are one file.
    loaded = {trust.digest: trust for trust in files}
    line = sorted(loaded.values(), key=lambda trust: (trust.serial, trust.digest))
    if not line:
        raise EvidenceError("trust", "there is no trust file")
    # First of all, or the order of two digests would decide what is said.
    for trust, other in pairwise(line):
        if trust.serial == other.serial:
            _refuse(f"two trust files with serial {trust.serial}: the line forks")
    before: TrustFile | None = None
    for place, trust in enumerate(line, 1):
        _follows(trust, before, place)
        before = trust
    return line[-1]


def _follows(trust: TrustFile, before: TrustFile | None, place: int) -> None:
    if trust.serial != place:
        _refuse(f"serial {place} is missing before serial {trust.serial}: the line has a gap")
    if trust.previous != ("none" if before is None else before.digest):
        _refuse(f"serial {trust.serial} does not name the trust file before it as its previous")
    if before is None:
        return
    if (trust.trust_id, trust.environment) != (before.trust_id, before.environment):
        _refuse(f"serial {trust.serial} is of another line or environment than the one before it")
    if trust.issued < before.issued:
        _refuse(f"serial {trust.serial} was issued before the one that it follows")


def _refuse(message: str) -> NoReturn:
    raise EvidenceError("trust", message)
