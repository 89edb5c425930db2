"""Equal calls under one approval: none without `alike`, none while an earlier one is unknown."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from effect_bank import PAY, Bank, says
from gantral.runtime import ActionFailed
from gantral.runtime.workers.effects import EffectWorker

SPENT = ("not_done", "spent")
DONE = ("done", "none")
OTHER = {**PAY, "order": "A-2"}
ORDER = {"path": "/order/id"}


@pytest.fixture
def paying(world: Any, perform: Any) -> Callable[..., Callable[..., tuple[str, str]]]:
    """Pay under one approval: gate ``paying`` with three uses, its calls' ``order`` as given."""

    def make(alike: str, *orders: Any) -> Callable[..., tuple[str, str]]:
        grant = world.to_grant("paying")
        manifest = copy.deepcopy(dict(world.program.manifest))
        gate = manifest["gates"]["paying"]
        planned = gate["plan"]["payments.pay/1"]
        gate |= {"alike": alike, "uses": "3"}
        gate["plan"] = {
            f"payments.pay/{n}": {**planned, "arguments": {**planned["arguments"], "order": order}}
            for n, order in enumerate(orders or (ORDER,) * 3, 1)
        }
        world.program = replace(world.program, manifest=manifest)

        def pay(n: int, arguments: Any = PAY, **more: Any) -> tuple[str, str]:
            return says(perform("payments.pay", f"payments.pay/{n}", [grant], arguments, **more))

        return pay

    return make


@pytest.mark.parametrize(("alike", "second"), [("false", SPENT), ("true", DONE)])
def test_alike_allows_what_is_refused_without_it(
    paying: Any, bank: Bank, alike: str, second: tuple[str, str]
) -> None:
    pay = paying(alike)
    assert [pay(1), pay(2), pay(3)] == [DONE, second, second]
    assert len(bank.calls) == (3 if alike == "true" else 1)
    # A repeat is told what happened, and nobody is called.
    assert pay(1) == DONE
    assert len(bank.calls) == (3 if alike == "true" else 1)


def test_alike_does_not_go_beyond_the_uses(paying: Any, bank: Bank) -> None:
    pay = paying("true", *(ORDER,) * 4)
    assert [pay(1), pay(2), pay(3), pay(4)] == [DONE, DONE, DONE, SPENT]
    assert len(bank.calls) == 3


@pytest.mark.parametrize(
    ("ending", "first", "second"),
    [
        (RuntimeError("lost"), ("unknown", "effect_unknown"), SPENT),
        (ActionFailed("cut off", "unknown"), ("unknown", "effect_unknown"), SPENT),
        (ActionFailed("no such account", "no"), ("not_done", "none"), DONE),
    ],
)
def test_never_while_an_earlier_one_is_unknown(
    paying: Any, bank: Bank, ending: Exception, first: Any, second: Any
) -> None:
    pay = paying("true")
    bank.then = [ending]
    assert [pay(1), pay(2)] == [first, second]
    # Another one may go on.
    assert len(bank.calls) == (1 if second == SPENT else 2)


def test_equal_is_what_has_equal_values_wherever_they_come_from(paying: Any, bank: Bank) -> None:
    pay = paying("false", ORDER, {"const": ["string", "A-1"]})
    assert [pay(1), pay(2)] == [DONE, SPENT]
    assert len(bank.calls) == 1


def test_constants_that_differ_are_not_equal(paying: Any, bank: Bank) -> None:
    pay = paying("false", {"const": ["string", "A-1"]}, {"const": ["string", "A-2"]})
    assert [pay(1), pay(2, OTHER)] == [DONE, DONE]
    assert len(bank.calls) == 2


def test_computed_values_that_are_equal_are(paying: Any, bank: Bank) -> None:
    computed = {"expr": {"const": ["string", "A-1"]}}
    pay = paying("false", computed, {"const": ["string", "A-1"]})
    assert [pay(1), pay(2)] == [DONE, SPENT]


@pytest.mark.parametrize("alike", ["false", "true"])
def test_an_equal_call_that_was_first_at_the_very_slot(
    world: Any, paying: Any, bank: Bank, alike: str
) -> None:
    """Two at once: whoever comes second sees the first, whatever it saw before."""
    pay = paying(alike)
    outcomes: list[tuple[str, str]] = []

    class Overtaken:
        done = False

        def __getattr__(self, name: str) -> Any:
            return getattr(world.store, name)

        def put(self, key: str, data: bytes) -> None:
            if "/uses/" in key and not self.done:
                self.done = True
                bank.then = [RuntimeError("lost")]
                outcomes.append(pay(2))
            world.store.put(key, data)

    effects = EffectWorker(Overtaken(), world.trust, world.keys["effect"], world.actors)
    assert pay(1, effects=effects) == SPENT
    assert outcomes == [("unknown", "effect_unknown")]
    assert len(bank.calls) == 1
