"""A file written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from gantral.cli.failure import MISUSE, Failure
from gantral.cli.project import reason


def write_whole(path: Path, data: bytes) -> None:
    """Put `data` into a file in one step: whoever reads it finds the old bytes or the new ones. A
    link is followed, the mode of a file that is there is kept.

    Raises:
        Failure: it can't be written, or is no plain file; nothing is changed then.
    """
    work: Path | None = None
    try:
        target = path.resolve()
        there = target.exists()
        if there and not target.is_file():
            raise Failure(f"{path} can't be written: it is no plain file", code=MISUSE)
        if there and not (target.stat().st_mode & 0o222 and os.access(target, os.W_OK)):
            # Its folder would let it be replaced, and its owner did not want that; root may do all.
            raise Failure(f"{path} can't be written: it is read-only", code=MISUSE)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        made = work / target.name
        # Not by mkstemp: a new file has the mode that the user's umask gives.
        with made.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if there:
            shutil.copymode(target, made)
        made.replace(target)
    except (OSError, ValueError) as error:
        raise Failure(f"{path} can't be written: {reason(error)}", code=MISUSE) from None
    finally:
        if work is not None:
            with contextlib.suppress(OSError):
                shutil.rmtree(work)
