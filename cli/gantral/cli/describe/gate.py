"""A gate, clause by clause, from its manifest (docs/manifest.md): what the inbox will show and the
verifier will recount, in the inbox's own words, with the names of fields for their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gantral.api import words
from gantral.cli.describe.text import code, length, listed, plain, quoted, some
from gantral.compiler.phrases import condition
from gantral.compiler.phrases import words as expressed
from gantral.compiler.program import Calendar, Gate, Program, Reject, Remind
from gantral.compiler.terms import pointer
from gantral.evidence.calendar import ticks
from gantral.evidence.planned import plans_of

Tree = Mapping[str, Any]
_NONE = "none"


def gate(program: Program, manifest: Tree, name: str) -> list[str]:
    """The section of one gate (LANGUAGE section 6)."""
    rules = manifest["gates"][name]
    declared = program.gates[name]
    return [
        f"## Gate {code(name)}",
        "",
        f"People see it as {_title(declared, rules['title'])}.",
        "",
        "### Who decides",
        "",
        *_asked(rules),
        *_deciders(rules),
        "",
        "### By when",
        "",
        *_clock(declared, rules),
        "",
        "### What policy may do",
        "",
        *_policies(rules, manifest["policies"]),
        "",
        "### What a vote may change",
        "",
        *_amendments(declared, rules),
        "",
        "### What a vote must bring",
        "",
        *_proof(declared, rules),
        "",
        "### What a yes sets off",
        "",
        *_plan(declared, rules, manifest["operations"]),
    ]


def _title(declared: Gate, parts: list[Any]) -> str:
    # The manifest has no form for what is computed otherwise.
    if parts == ["computed"] and declared.title is not None:
        return plain(expressed(declared.title))
    return f"“{''.join(_title_part(kind, of) for kind, of in parts)}”"


def _title_part(kind: str, of: str) -> str:
    if kind == "text":
        return plain(of)
    return f"‹{'number of ' if kind == 'count' else ''}{plain(words.field(of))}›"


def _asked(rules: Tree) -> list[str]:
    other = "ask" if "asks" in rules else "gate"
    return [
        f"- People are asked only if {code(condition)} ({code(site)}). Where it is not so nobody is"
        f" asked, evidence says so, and another {other} of the same effect has been asked."
        for site, condition in sorted(rules.get("only_if", {}).items())
    ] + [
        f"- {code(call)} acts under a yes of it that is asked for in every case."
        for call, planned in sorted(rules.get("plan", {}).items())
        if "asked" in planned
    ]


def _deciders(rules: Tree) -> list[str]:
    lines = []
    cases = rules["decide"]
    for number, case in enumerate(cases):
        said = plain(words.formula(case["formula"], {}))
        if case["when"] == "always":
            lines.append(f"- {'It takes' if not number else 'Otherwise it takes'} {said}.")
        else:
            asked = plain(words.condition(case["when"], {}))
            lines.append(f"- {'When' if not number else 'Otherwise, when'} {asked}: {said}.")
    if len(cases) > 1:
        lines.append(
            "- What is asked for chooses its case, and what is decided chooses one too: those who"
            " say yes must be enough for both."
        )
    lines.append("- Each person has one vote, the last one given, and counts once.")
    if any(_has_points(case["formula"]) for case in cases):
        lines.append("- Who could bring points in several ways brings the most of them.")
    apart = [one for one in rules["apart"] if one != "initiator"]
    if "initiator" in rules["apart"]:
        lines.append("- Whoever asked for it may not decide.")
    else:
        lines.append("- Whoever asked for it may decide too.")
    if apart:
        lines.append(
            f"- Not one of those who decide may be {plain(listed(words.apart(apart), 'or'))}."
        )
    lines.append("- One no of somebody who may decide ends it as rejected.")
    if rules["veto"]:
        who = _any_of(rules["veto"])
        lines.append(f"- One no of {who} ends it as rejected too, decider or not.")
    return lines


def _has_points(formula: Tree) -> bool:
    ((operator, parts),) = formula.items()
    return operator == "points" or (operator in ("any", "all") and any(map(_has_points, parts)))


def _clock(declared: Gate, rules: Tree) -> list[str]:
    lines = []
    counted = ""
    if declared.calendar is not None:
        lines.append(_calendar(declared.calendar))
        counted = " of open time"
    for tick, (_, action, *moved) in zip(declared.clock, ticks(rules), strict=True):
        after = length(tick.after) + counted
        if isinstance(tick, Remind):
            lines.append(f"- After {after}: a reminder goes out.")
        elif isinstance(tick, Reject):
            lines.append(
                f"- After {after} without a decision it is rejected: silence is rejection."
            )
        else:
            assert action == "widen"
            narrow, wide = map(_any_of, moved)
            lines.append(f"- After {after}: from then on {wide} counts as {narrow}.")
    return lines


def _calendar(one: Calendar) -> str:
    hours = [f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (one.opens, one.closes)]
    said = (
        f"- Time counts on the calendar {code(one.name)}: {plain(listed(one.days))}, from"
        f" {hours[0]} to {hours[1]} by the clock of {plain(one.zone)}"
    )
    if not one.closed:
        return f"{said}."
    days = some(len(one.closed), "day")
    ends = f", of which the first is {one.closed[0]} and the last {one.closed[-1]}"
    return f"{said}, but for {days}{ends if len(one.closed) > 1 else f', {one.closed[0]}'}."


def _any_of(principals: list[Any]) -> str:
    said = []
    for one in principals:
        name = words.principal(one, {})
        article = ("an " if name[:1] in "aeiou" else "a ") if isinstance(one, str) else ""
        said.append(f"{article}{name}")
    return plain(listed(said, "or"))


def _policies(rules: Tree, policies: Tree) -> list[str]:
    def named(name: str) -> str:
        return f"{code(name)} ({code(policies[name]['path'])}, {code(policies[name]['query'])})"

    lines = []
    if rules["waived"] != _NONE:
        lines += [
            f"- The policy {named(rules['waived'])} is asked first. Where it allows, nobody is"
            " asked, and the run goes on with the proposal as it stands: on the policy's advice,"
            " which is no approval by people, and evidence says so.",
            "- Where it requires people, the gate asks them. Where it denies, fails, or answers"
            " anything else, the run is terminated.",
        ]
    if rules["guarded"] != _NONE:
        lines.append(
            f"- The policy {named(rules['guarded'])} is asked before people are, and again on what"
            " they decided: where it denies, fails, or answers anything else than its words, the"
            " run ends. It can only say no: people decide all the same."
        )
    return lines or ["- Nothing: no policy can take the place of the people here."]


def _amendments(declared: Gate, rules: Tree) -> list[str]:
    lines = []
    for one in sorted(declared.amend, key=lambda one: pointer(one.path)):
        path = pointer(one.path)
        tree = rules["amend"][path]
        if _bounds_itself(tree, path):
            rule = f"the new value must be {plain(words.amendment(tree, path, {}))}"
        else:
            # The inbox's words leave out what is compared: here that is not always the new value.
            rule = f"it must hold that {plain(condition(one.condition))}"
        lines.append(f"- {words.field(path)}: {rule}.")
    if not lines:
        return ["- Nothing: it is approved as it was asked for, or not at all."]
    return [*lines, "- Nothing else. Those who approve must approve the same change."]


def _bounds_itself(tree: Tree, path: str) -> bool:
    """Whether each part of the rule says what the new value is compared with."""
    ((operator, inner),) = tree.items()
    if operator in ("and", "or"):
        return all(_bounds_itself(one, path) for one in inner)
    # A side that is the new value alone: the words leave it out then.
    return isinstance(inner, list) and any(
        isinstance(side, dict) and "new" in side and side["new"][1] == path for side in inner
    )


def _proof(declared: Gate, rules: Tree) -> list[str]:
    prove = rules["prove"]
    lines = []
    least, most = prove["reason_min"], prove["reason_max"]
    if least != _NONE or most != _NONE:
        bounds = [
            *([f"at least {some(int(least), 'character')}"] if least != _NONE else []),
            *([f"at most {some(int(most), 'character')}"] if most != _NONE else []),
        ]
        lines.append(f"- A written reason of {listed(bounds)}.")
    if prove["assurance"] != _NONE:
        lines.append(f"- A login of the assurance {code(prove['assurance'])}.")
    if declared.prove is not None and declared.prove.login_within is not None:
        lines.append(f"- A login no older than {length(declared.prove.login_within)}.")
    return lines or ["- No more than a login of a person who may decide."]


def _plan(declared: Gate, rules: Tree, operations: Tree) -> list[str]:
    if not rules["releases"]:
        return ["Nothing: this gate only holds the run until people say yes; no effect runs by it."]
    alike = ""
    if rules["uses"] != "1":
        alike = (
            ", equal ones too, but for one that repeats what nobody knows to have happened or not"
            if rules["alike"] == "true"
            else ", no two of them of one operation with equal arguments"
        )
    lines = []
    if declared.lasts is not None:
        lines.append(
            f"The yes is good for {length(declared.lasts)} from the decision, and for"
            f" {some(int(rules['uses']), 'call')} of an effect in all{alike}. Then it is used up."
        )
    values = {path: f"the approved {label}" for path, label in _leaves(rules)}
    plans = plans_of(declared.name, rules)
    for name, plan in plans.items():
        if "asks" in rules:
            lines += ["", f"#### A yes to {words.approval(name)}"]
        lines += _planned(plan, values, operations)
    planned = {one["operation"] for plan in plans.values() for one in plan.values()}
    unused = sorted(set(rules["releases"]) - planned)
    if unused:
        names = listed(map(code, unused))
        lines += ["", f"It could release {names} too, but nothing in the run calls that."]
    return lines


def _planned(calls: Tree, values: Mapping[str, str], operations: Tree) -> list[str]:
    lines = []
    for _, plan in sorted(calls.items()):
        times = "once" if plan["at_most"] == "1" else f"{plan['at_most']} times"
        taken = [one[0] for one in operations[plan["operation"]]["arguments"][1]]
        lines += ["", f"{code(plan['operation'])}, at most {times}, with exactly:"]
        lines += ["", *_arguments(plan["arguments"], values, taken), ""]
        lines.append(
            "It can't be undone." if plan["undo"] == _NONE
            else f"If the run fails later, {code(plan['undo'])} undoes it."
        )  # fmt: skip
    return lines


def _arguments(arguments: Tree, values: Mapping[str, str], order: list[str]) -> list[str]:
    if not arguments:
        return ["- no arguments"]
    lines = []
    for name, tree in sorted(
        arguments.items(), key=lambda one: (order.index(one[0].split(".")[0]), one[0])
    ):
        for said in words.arguments({"arguments": {name: tree}}, values, order):
            value = f"always {quoted(said['value'])}" if "const" in tree else plain(said["value"])
            lines.append(f"- {plain(said['name'])}: {value}")
    return lines


def _leaves(rules: Tree) -> list[tuple[str, str]]:
    """(pointer, label) of every leaf that is shown."""
    found: list[tuple[str, str]] = []

    def walk(shape: Any, path: str) -> None:
        while shape[0] == "optional":
            shape = shape[1]
        if shape[0] == "record":
            for one in shape[1]:
                walk(one[1], f"{path}/{one[0]}")
        else:
            found.append((path, words.field(path)))

    walk(rules["parameters"], "")
    return found
