"""Two asks of one gate: what the inbox says of each, read from the evidence of a run that waits."""

from __future__ import annotations

from pathlib import Path

from gantral.api.gate_view import sets_off
from gantral.api.story import Library
from simulated import HEAD, staged
from test_driver import approve, begun

TWICE = (
    HEAD
    + """\
workflow payout version "1.0.0" {
  team payments
  start by clerk
  input  { name: string, amount: int(min: 0, max: 100) }
  output { ref: string }
  service bank on queue "bank" {
    effect pay(name: string, amount: int) -> { ref: string } { timeout 1m }
  }
  gate release(name: string, amount: int) {
    releases bank.pay
    decide   1 of boss
    clock    { after 2h reject }
    lasts    3h
  }
  run {
    let who = ask release(name: input.name, amount: 1)
    let much = ask release(name: "fee", amount: input.amount)
    let paid = bank.pay(name: who.name, amount: much.amount) under who, much
    complete { ref: paid.ref }
  }
}
"""
)


def test_each_shows_what_a_yes_to_it_sets_off(tmp_path: Path) -> None:
    with staged(tmp_path, TWICE, "payout") as scene:
        story, instance = begun(scene)
        library = Library(story.store, scene.deployment.trust, ["payments"])
        shown = []
        for _ in range(2):
            told = library.story(instance)
            assert told is not None
            assert told.waiting is not None
            (plan,) = sets_off(told, told.waiting)
            said = {one["name"]: one["value"] for one in plan["arguments"]}
            (asked,) = story.look(instance)["plan"]
            shown.append((told.waiting.ask, said, dict(asked["arguments"])))
            assert approve(scene, story, instance) is None
        assert shown == [
            (
                "release/1",
                {"name": "Ann", "amount": "what ask 2 of gate release approves as amount"},
                {"name": "Ann", "amount": {"under": "release/2"}},
            ),
            (
                "release/2",
                {"name": "what ask 1 of gate release approves as name", "amount": "7"},
                {"name": {"under": "release/1"}, "amount": 7},
            ),
        ]
