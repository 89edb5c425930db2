"""Programs made by chance, from which some authority is taken: `gantral diff` says so of each that
is still proved, whatever else was edited; and of the other way round that it is stricter."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from confirming import compiled
from gantral.compiler.compare import compare
from gantral.compiler.program import Program
from generator import OTHERS, Tape, program
from generator.edits import EDITS
from generator.plants import PLAINLY, PLANTS
from hypothesis import settings

MANY, LENGTH, EACH = settings.default.max_examples, 120, 2
# What no program weakens by itself, and stays out of what is compared clause by clause.
BESIDE = ("comment", "empty line", "layout", "doc of a gate", "title", "version", "roles", "gates")


def of(text: str) -> Program | None:
    """The program, where it is proved."""
    found = compiled(text, OTHERS)
    return None if found.errors else found.program


def planted(text: str, plant: str, chance: random.Random) -> str:
    """The text with that taken, and edited beside; the same where there is nothing to take."""
    new = PLANTS[plant](text, chance)
    for name in chance.sample(BESIDE, 2) if new != text else ():
        new = EDITS[name](new, chance)
    return new


@pytest.mark.hypothesis
def test_what_is_taken_is_told() -> None:
    told: Counter[str] = Counter()
    for seed in range(MANY):
        chance = random.Random(seed)
        text = program(Tape(chance.randbytes(LENGTH)), "")
        old = of(text)
        made = {plant: planted(text, plant, chance) for plant in PLANTS}
        there = [plant for plant, new in made.items() if new != text]
        # Those first that have been told least.
        for plant in sorted(there, key=lambda one: (told[one], one))[: EACH if old else 0]:
            new = of(made[plant])
            if old is None or new is None:
                continue
            found, back = compare(old, new), compare(new, old)
            assert found.verdict == "weaker", (plant, found, text, made[plant])
            assert plant not in PLAINLY or back.verdict != "weaker", (plant, back, text)
            told[plant] += 1
    print(f"{told.total()} times authority is taken: {dict(told)}")
    assert not PLANTS.keys() - told.keys()
