"""``serve`` takes no start and no decision that it could not keep (docs/adr/0137)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def spoil(world: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bool], None]]:
    """Makes the store take nothing, or takes that back; what was found before is forgotten."""
    store: Path = world.settings.need_evidence().store.path
    incoming, aside = store / ".incoming", store.with_name("incoming-aside")

    def make(full: bool) -> None:
        monkeypatch.setattr(world.deployment.ready, "_found", {})
        if full:
            incoming.rename(aside)
            incoming.write_text("a file, where a folder must be")
        elif aside.exists():
            incoming.unlink()
            aside.rename(incoming)

    yield make
    make(False)


def test_a_store_that_takes_nothing_is_a_503_and_no_dead_run(
    world: Any, spoil: Callable[[bool], None], capsys: pytest.CaptureFixture[str]
) -> None:
    view = world.waiting()
    spoil(True)
    for answer in (world.decide(view, "dora", "approve"), world.start()):
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
        told = answer.json()
        assert (told["rule"], told["part"]) == ("not_ready", "store")
        assert "gantral doctor" in told["detail"]
        # Where the store lies is for whoever runs it.
        assert "incoming" not in answer.text
    assert "not ready: store:" in capsys.readouterr().err
    spoil(False)
    # It waits still, and the same decision is taken now.
    assert world.decide(view, "dora", "approve").json()["state"] == "APPROVED"


def test_a_receipt_needs_nothing_but_the_store_s_word(
    world: Any, spoil: Callable[[bool], None]
) -> None:
    view = world.waiting()
    receipt = world.decide(view, "dora", "approve").json()
    world.until(view["instance_id"], lambda one: one["waiting"] is None)
    spoil(True)
    again = world.decide(view, "dora", "approve")
    assert (again.status_code, again.json()) == (201, receipt)
