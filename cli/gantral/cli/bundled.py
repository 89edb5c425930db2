"""What comes with gantral: in the wheel beside this file, in a clone at its root."""

from __future__ import annotations

from pathlib import Path

from gantral.cli.failure import Failure

_HERE = Path(__file__).resolve().parent
_CLONE = _HERE.parents[2]


def example(name: str) -> Path:
    """The folder of the example ``name``, to be read or copied, never written into.

    Raises:
        Failure: there is no such example.
    """
    for home in (_HERE / "examples", _CLONE / "examples"):
        if (home / name / "pyproject.toml").is_file():
            return home / name
    raise Failure(f"gantral brings no example {name}")


def code_pages() -> Path:
    """The folder of the pages of the codes, `GXXXX.md`.

    Raises:
        Failure: it is not there, as in a broken installation.
    """
    for home in (_HERE / "codes", _CLONE / "docs" / "codes"):
        if (home / "G0101.md").is_file():
            return home
    raise Failure(
        "the pages of the codes are missing from this installation", "install gantral anew"
    )
