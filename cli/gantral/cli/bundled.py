"""The examples that come with gantral: in the wheel beside this file, in a clone at its root."""

from __future__ import annotations

from pathlib import Path

from gantral.cli.failure import Failure


def example(name: str) -> Path:
    """The folder of the example ``name``, to be read or copied, never written into.

    Raises:
        Failure: there is no such example.
    """
    here = Path(__file__).resolve().parent
    for home in (here / "examples", here.parents[2] / "examples"):
        if (home / name / "pyproject.toml").is_file():
            return home / name
    raise Failure(f"gantral brings no example {name}")
