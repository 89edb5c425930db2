"""The generated code's own courses against the interpreter of the language in `tests/reference`.

The interpreter knows no cancelling, no lapsing and no equal calls, and any value of what is
computed; simulate knows small values. So what simulate comes to the interpreter must come to as
well, and where both have seen everything, the other way round.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from confirming import compiled
from confirming.witness import explore as executions
from gantral.cli.simulating.code import code, read
from gantral.cli.simulating.exploring import scene
from gantral.cli.simulating.places import places
from gantral.compiler.program import Program
from gantral.simulation import Simulation
from gantral.simulation.exploring import Limits, explore
from hypothesis import settings
from simulated import by_chance

ROOT = Path(__file__).parents[2]
# Short tapes make short programs, most of which can be seen whole.
LENGTH, STATES = 40, 60
MANY = settings.default.max_examples // 16
EXAMPLES = ("refund", "privileged_access")

# What the interpreter does not know of, or has one word for.
CAUSES = {
    **dict.fromkeys(("rejected", "veto", "withdrawn", "no_eligible"), "no"),
    "deadline": "late",
    **dict.fromkeys(("policy_deny", "policy_failure"), "policy_failed"),
}
UNKNOWN = ("cancelled", "lapsed", "spent")
# The line of a value that does not fit its type: evidence names no statement then.
NOWHERE = 0


@dataclass(frozen=True)
class Comes:
    """What a workflow may come to: (state, cause, line), and the effects that may be called.
    `alike`: a call was refused as one that was made before."""

    ends: frozenset[tuple[str, str, int]]
    effects: frozenset[str]
    whole: bool
    alike: bool = False


def interpreted(found: Program, text: str, limit: int) -> Comes:
    """By the interpreter."""
    ends: set[tuple[str, str, int]] = set()
    effects: set[str] = set()
    count = 0
    for _, run in executions(found, limit, 1):
        count += 1
        line = text.count("\n", 0, run.ended_at.start) + 1 if run.ended_at else NOWHERE
        ends.add((run.ended, run.cause, line))
        effects |= run.book.called
    return Comes(frozenset(ends), frozenset(effects), count < limit // 2)


def simulated(spec: Path, workflow: str, states: int) -> Comes:
    """By the generated code. An undo is no effect of its own to the interpreter."""
    checked = read(str(spec))
    with code(checked, workflow, None) as made, scene(made, workflow) as world:
        story = Simulation(world.deployment)
        limits = Limits(states, 400)
        found = explore(world.world, story.fork, workflow, world.inputs, limits)
        assert not found.stories, [one.broken for one in found.stories.values()]
        where = places(made.packages[workflow], made.texts[workflow], checked.sources)
        ends = {
            (
                end.state.lower(),
                _cause(end.state, end.cause),
                where[end.at].line if end.at != "none" else NOWHERE,
            )
            for end in found.ends
            if end.cause not in UNKNOWN
        }
        manifests = [one.manifest for one in world.deployment.programs.values()]
    effects = {name for name in found.called if any(_acts(one, name) for one in manifests)}
    alike = any(end.cause == "spent" for end in found.ends)
    return Comes(frozenset(ends), frozenset(effects), found.whole, alike)


def _cause(state: str, cause: str) -> str:
    told = CAUSES.get(cause, cause)
    return "no" if state == "REJECTED" and told == "policy_failed" else told


def _acts(manifest: Mapping[str, object], name: str) -> bool:
    operations = manifest["operations"]
    assert isinstance(operations, dict)
    undone = {one["undo"]["operation"] for one in operations.values() if one["undo"] != "none"}
    return name in operations and "effect" in operations[name]["kind"] and name not in undone


def agree(ours: Comes, theirs: Comes) -> None:
    """Raises AssertionError where they do not."""
    assert ours.ends <= theirs.ends, sorted(ours.ends - theirs.ends)
    assert ours.effects <= theirs.effects, sorted(ours.effects - theirs.effects)


@pytest.mark.hypothesis
def test_programs_made_by_chance_come_to_what_the_interpreter_comes_to(tmp_path: Path) -> None:
    both = 0
    for spec, text, found in by_chance(tmp_path, MANY, LENGTH):
        ours = simulated(spec, "sample", STATES)
        theirs = interpreted(found, text, 1000)
        agree(ours, theirs)
        if ours.whole and theirs.whole and not ours.alike:
            both += 1
            assert (ours.ends, ours.effects) == (theirs.ends, theirs.effects), text
    print(f"{both} of {MANY} seen whole by both come to the same")
    assert both >= MANY // 3


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_come_to_what_the_interpreter_comes_to(name: str) -> None:
    folder = ROOT / "examples" / name
    spec = folder / f"{name}.gantral"
    beside = {
        one.relative_to(folder).as_posix(): one.read_text("utf-8")
        for one in folder.rglob("*.gantral")
    }
    text = spec.read_text("utf-8")
    found = next(one for one in compiled(text, beside).programs if one.name == name)
    ours = simulated(spec, name, STATES)
    assert len(ours.ends) > 3
    agree(ours, interpreted(found, text, 2000))
