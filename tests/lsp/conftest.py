"""The refund example as a project in memory, and specs with a mark where the cursor is."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from gantral.compiler import Project
from gantral.compiler.index import Index, index

# The small client beside the tests is imported by its plain name.
sys.path.insert(0, str(Path(__file__).parent))

EXAMPLE = Path(__file__).parents[2] / "examples" / "refund"
SPEC = "refund.gantral"


@pytest.fixture(scope="session")
def spec() -> str:
    """The example's spec."""
    return (EXAMPLE / SPEC).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def people() -> str:
    """The file that it imports."""
    return (EXAMPLE / "shared" / "people.gantral").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def indexed(people: str) -> Callable[[str], Index | None]:
    """The index of a text in the example's place."""

    def made(text: str) -> Index | None:
        files = {SPEC: text, "shared/people.gantral": people}
        return index(Project(files.get), SPEC)

    return made


@pytest.fixture(scope="session")
def marked(indexed: Callable[[str], Index | None]) -> Callable[[str], tuple[Index, int]]:
    """The index of a text with a mark `¦`, and where the mark was."""

    def made(text: str) -> tuple[Index, int]:
        offset = text.index("¦")
        found = indexed(text.replace("¦", ""))
        assert found is not None
        return found, offset

    return made
