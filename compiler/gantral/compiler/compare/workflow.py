"""Two versions of a workflow: its own clauses, and what the other files here find."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields

from gantral.compiler.compare.effects import effects
from gantral.compiler.compare.events import events
from gantral.compiler.compare.gates import gates
from gantral.compiler.compare.operations import operations, policies
from gantral.compiler.compare.report import EFFECTS, Comparison, Finding, Sides, Verdict
from gantral.compiler.compare.types import no_wider
from gantral.compiler.digest import meaning, program_digest
from gantral.compiler.program import Key, Program
from gantral.dsl.span import Span

_NUMBERS = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-([^+]*))?", re.ASCII)

Rule = Callable[[Program, Program], "tuple[Finding, ...]"]


def compare(
    old: Program,
    new: Program,
    old_policies: Mapping[str, str] | None = None,
    new_policies: Mapping[str, str] | None = None,
) -> Comparison:
    """What changed in authority from `old` to `new`.

    Args:
        old_policies: a digest of the text of each policy's file; the program names it only.
        new_policies: the same of the new version.
    """
    found = [*policies(old, new, old_policies or {}, new_policies or {})]
    same = program_digest(old) == program_digest(new)
    if not same:
        found += [*_version(old, new), *_workflow(old, new), *operations(old, new)]
        found += [*gates(old, new), *events(old, new), *effects(old, new), *_children(old, new)]
    told = tuple(dict.fromkeys(sorted(found, key=lambda one: EFFECTS.index(one.effect))))
    weaker = any(one.effect == "weaker" for one in told)
    verdict: Verdict = "weaker" if weaker else "same" if same else "new version"
    return Comparison(new.name, verdict, old.version, new.version, told)


def only_one(program: Program, verdict: Verdict) -> Comparison:
    """A workflow that has no other version to be compared with: `new` or `gone`."""
    versions = ("", program.version) if verdict == "new" else (program.version, "")
    return Comparison(program.name, verdict, *versions)


def _version(old: Program, new: Program) -> Iterator[Finding]:
    """Evidence names a workflow by its version: two programs can't share one (LANGUAGE 2)."""
    if old.version == new.version:
        says = f"the program differs under the same version: bump {new.version}"
    elif _order(new.version) <= _order(old.version):
        says = f"the version is not later: {new.version}, it was {old.version}"
    else:
        return
    yield Finding("version", "workflow", says, old.name_span, new.name_span)


def _order(version: str) -> tuple[tuple[int, int, int], tuple[tuple[int, int, str], ...]]:
    """The precedence of semver: without a pre-release is later; numbers are before words."""
    match = _NUMBERS.match(version)
    assert match is not None, "the checker wants a semver"
    parts = match[4].split(".") if match[4] else []
    words = [(0, int(one), "") if one.isdigit() else (1, 0, one) for one in parts]
    return (int(match[1]), int(match[2]), int(match[3])), (
        *words,
        *(() if words else ((2, 0, ""),)),
    )


def _workflow(old: Program, new: Program) -> Iterator[Finding]:
    for one in fields(Program):
        was, now = getattr(old, one.name), getattr(new, one.name)
        if isinstance(was, Span) or one.name in ELSEWHERE or meaning(was) == meaning(now):
            continue
        rule = RULES.get(one.name)
        if rule is None:
            # A clause that came later than this comparison: nothing is known of it.
            yield from _sides(old, new, f"`{one.name}`").judged(False, False)
        else:
            yield from rule(old, new)


def _sides(old: Program, new: Program, what: str, was: str = "", now: str = "") -> Sides:
    return Sides("workflow", what, was, now, old.name_span, new.name_span)


def _children(old: Program, new: Program) -> Iterator[Finding]:
    """A child has its own comparison; here it says only whether it got weaker."""
    for name in sorted({*old.children, *new.children}):
        was, now = old.children.get(name), new.children.get(name)
        sides = _sides(old, new, f"the child `{name}`")
        if was is None:
            yield from sides.judged(False, False, unclear="is run now: it acts by its own gates")
        elif now is None:
            yield from sides.note()
        elif program_digest(was) != program_digest(now):
            weaker = compare(was, now).verdict == "weaker"
            yield from sides.judged(False, False) if weaker else sides.note()


def _name(old: Program, new: Program) -> tuple[Finding, ...]:
    unclear = "is another: `once per` counts anew"
    return _sides(old, new, "its name", old.name, new.name).judged(False, False, unclear=unclear)


def _team(old: Program, new: Program) -> tuple[Finding, ...]:
    unclear = "is another: others own it, and its key counts anew"
    return _sides(old, new, "`team`", old.team, new.team).judged(False, False, unclear=unclear)


def _start(old: Program, new: Program) -> tuple[Finding, ...]:
    was, now = set(old.start_by), set(new.start_by)
    sides = _sides(old, new, "`start by`", ", ".join(sorted(was)), ", ".join(sorted(now)))
    return sides.judged(now <= was, was <= now, less="names more", more="names fewer")


def _key(old: Program, new: Program) -> tuple[Finding, ...]:
    was, now = old.key, new.key
    places = (was.span if was else old.name_span, now.span if now else new.name_span)
    sides = Sides("workflow", "its key", _written(was), _written(now), *places)
    return sides.judged(_keeps(now, was), _keeps(was, now))


def _keeps(one: Key | None, other: Key | None) -> bool:
    """Whether `one` refuses each start that `other` refuses."""
    if other is None:
        return True
    # Other paths, even fewer, are another key: what was done under the old one is not found by it.
    same = one is not None and one.paths == other.paths
    return same and one is not None and (one.mode == "once" or other.mode == one.mode)


def _written(key: Key | None) -> str:
    if key is None:
        return "none"
    paths = ", ".join(".".join(path) for path in key.paths)
    return f"`{'once' if key.mode == 'once' else 'one at a time'} per {paths}`"


def _input(old: Program, new: Program) -> tuple[Finding, ...]:
    return _sides(old, new, "the type of `input`").judged(
        no_wider(new.input, old.input),
        no_wider(old.input, new.input),
        less="lets more in",
        more="lets less in",
    )


def _note(what: str) -> Rule:
    return lambda old, new: _sides(old, new, what).note()


# `on failure` reads and notifies only (LANGUAGE section 8, rule 7), and no effect reads `output`.
RULES: Mapping[str, Rule] = {
    "name": _name,
    "team": _team,
    "start_by": _start,
    "key": _key,
    "input": _input,
    "output": _note("`output`"),
    "on_failure": _note("`on failure`"),
}

# What the other files compare, and what the program digest leaves out.
ELSEWHERE = frozenset(
    (
        "path",
        "version",
        "types",
        "services",
        "policies",
        "gates",
        "events",
        "run",
        "doc",
        "operations",
        "children",
    )
)
