"""The demo's work folder: replaced whole at each run, and never anybody else's."""

from __future__ import annotations

import shutil
from pathlib import Path

from gantral.cli.bundled import example
from gantral.cli.failure import MISUSE, Failure

_MARK = ".gantral-demo"
_TEXT = "gantral demo made this folder and replaces it whole.\n"
# What a run leaves in a project; the demo makes its own.
_LEFT_OUT = shutil.ignore_patterns("build", "gen", "__pycache__", "*.pyc", ".venv", "uv.lock")


def make_folder(work: Path) -> Path:
    """An empty work folder with a copy of the example in it; returns the project's folder.

    Raises:
        Failure: the folder is not a demo's, or can't be written.
    """
    try:
        if work.exists():
            _replaceable(work)
            shutil.rmtree(work)
        work.mkdir(parents=True)
        (work / _MARK).write_text(_TEXT, "utf-8")
        project = work / "refund"
        shutil.copytree(example("refund"), project, ignore=_LEFT_OUT)
    except OSError as error:
        raise Failure(f"{error.filename}: {error.strerror}", "say another --work DIR") from None
    return project


def _replaceable(work: Path) -> None:
    ours = work.is_dir() and not work.is_symlink() and (work / _MARK).is_file()
    empty = work.is_dir() and not work.is_symlink() and not any(work.iterdir())
    if not (ours or empty):
        raise Failure(
            f"{work} is not the folder of a demo, so it is not replaced",
            "say another --work DIR, or remove it yourself",
            MISUSE,
        )
