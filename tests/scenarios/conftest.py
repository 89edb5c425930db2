"""A project of a test's own: a spec, its scenarios, and `gantral test` over them."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol

import pytest

sys.path.insert(0, str(Path(__file__).parent))


class Told(Protocol):
    """Compiles a spec and holds every story against a run of it, evidence included, in the
    simulation; those of ``on_server`` on a server too. What `gantral test` says of the first."""

    def __call__(
        self,
        name: str,
        spec: str,
        stories: Mapping[str, str],
        *,
        on_server: Collection[str] = (),
    ) -> str: ...


@pytest.fixture
def told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Told:
    from own_project import play

    def tell(
        name: str,
        spec: str,
        stories: Mapping[str, str],
        *,
        on_server: Collection[str] = (),
    ) -> str:
        return play(tmp_path, monkeypatch, capfd, name, spec, stories, on_server=on_server)

    return tell
