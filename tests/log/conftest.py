"""The scenes of tests/evidence are imported by their plain names here too."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "evidence"))

from log_world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A log with two witnesses, and a store with four instances that are all logged."""
    with World(tmp_path_factory.mktemp("log")).open() as opened:
        opened.put("amended", 1)
        opened.put("rejected", 2)
        opened.put("waived", 3)
        opened.put("timed_out", 4)
        opened.log_all()
        yield opened
