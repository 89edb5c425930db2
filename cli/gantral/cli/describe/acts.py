"""What a workflow does outside: effects with the gates they run under, messages, reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import prod

from gantral.cli.describe.text import code, length, listed, plain, quoted, some
from gantral.compiler.digest import program_digest
from gantral.compiler.phrases import formula, words
from gantral.compiler.program import (
    Ask,
    ForEach,
    Operation,
    Program,
    Repeat,
    ResultRef,
    ServiceCall,
)
from gantral.compiler.program.walk import bindings, calls, looped, run_within


def effects(program: Program) -> list[str]:
    """Every effect and the gates it runs under; none runs without (LANGUAGE section 8, rule 2)."""
    lines = [
        line for one in program.operations.values() if one.acts for line in _effect(program, one)
    ]
    head = "Each of these changes the world, and runs only by way of the gate named with it."
    return [
        "## What it changes",
        "",
        *([head, "", *lines] if lines else ["Nothing: there is no effect in it."]),
    ]


def _effect(program: Program, operation: Operation) -> list[str]:
    key = operation.key
    undone = [
        one.key
        for one in program.operations.values()
        if one.undo is not None and one.undo.operation == key
    ]
    kinds = "critical: people say yes, never policy alone; " if "critical" in operation.kind else ""
    ways = []
    under = _under(program, key)
    if under:
        ways.append(f"runs under {listed(under, 'or')}")
    if undone:
        ways.append(f"undoes {listed(map(code, undone))}, by the same yes")
    lines = [f"- {code(key)}: {kinds}{listed(ways) if ways else 'nothing in the run calls it'}."]
    if operation.needs is not None:
        lines.append(
            f"  Whatever its gates say, it wants a yes of at least"
            f" {code(formula(operation.needs.formula))}."
        )
    if operation.retry is not None and operation.retry.count:
        lines.append(
            f"  Its call may be repeated up to {some(operation.retry.count, 'time')} when an"
            " attempt fails: the service promises that a repeat changes nothing more."
        )
    if operation.undo is not None:
        given = [f"{plain(name.replace('_', ' '))} ({_source(one)})"
                 for name, one in operation.undo.arguments]  # fmt: skip
        with_ = f", with {listed(given)}" if given else ""
        lines.append(f"  Its undo is {code(operation.undo.operation)}{with_}.")
    elif not undone:
        lines.append("  It can't be undone.")
    return lines


def _under(program: Program, key: str) -> list[str]:
    """What each call of it stands under, in source order: one gate, or several approvals."""
    gates = {
        one.binding: one.value.gate for one in bindings(program.run) if isinstance(one.value, Ask)
    }
    found = dict.fromkeys(
        tuple(gates[approval.binding] for approval in call.under)
        for call in calls(program.run)
        if call.operation == key
    )
    return [_together(names) for names in found]


def _together(names: tuple[str, ...]) -> str:
    if len(names) == 1:
        return f"the gate {code(names[0])}"
    counts = Counter(names)
    if len(counts) == len(names):
        return f"the gates {listed(map(code, names))} together"
    each = [
        f"{some(number, 'approval')} of the gate {code(gate)}" for gate, number in counts.items()
    ]
    return f"{listed(each)} together"


def _source(one: ResultRef) -> str:
    said = " ".join(one.path).replace("_", " ")
    if one.source == "const":
        return f"always {quoted(one.value or '')}"
    if one.source == "args":
        return f"the {plain(said)} that it was called with"
    return f"the {plain(said)} that it gave" if said else "what it gave"


def children(program: Program) -> list[str]:
    """Every workflow that it runs as its child; nothing when it runs none."""
    found: dict[str, int] = {}
    for run, around in run_within(program.run):
        times = prod(loop.at_most for loop in around)
        found[run.workflow] = found.get(run.workflow, 0) + times
    if not found:
        return []
    return [
        "## What it runs",
        "",
        "Each of these is run as a workflow of its own, for whoever started this one: with its own"
        " gates, its own evidence and its own end, which this one survives and asks about. When"
        " this one is cancelled, they are asked to end too.",
        "",
        *(
            f"- {code(name)} {program.children[name].version}, of the program digest"
            f" {code(program_digest(program.children[name]))}{_how(program.children[name], times)}."
            for name, times in found.items()
        ),
    ]


def _how(child: Program, times: int) -> str:
    """How often a child is run at most, where that is more than once, and what its own key does."""
    often = f"; up to {some(times, 'time')}" if times > 1 else ""
    if child.key is None:
        return often
    once = "once" if child.key.mode == "once" else "one at a time"
    return (
        f"{often}; {once} per key of its own: where that is taken it begins nothing, and counts as"
        " terminated"
    )


def messages(program: Program) -> list[str]:
    """Every `notify`: it needs no approval, so each is listed with all that it is sent."""
    lines = [
        f"- {code(call.operation)}{where}{_sent(call)}."
        for call, where in _calls(program)
        if program.operations[call.operation].kind == "notify"
    ]
    head = "Each of these leaves a message or a record that harms nobody; none needs an approval."
    return [
        "## What it tells without asking",
        "",
        *([head, "", *lines] if lines else ["Nothing: it sends no message."]),
    ]


def reads(program: Program) -> list[str]:
    """Every `read` that is called."""
    found = dict.fromkeys(
        call.operation
        for call, _ in _calls(program)
        if program.operations[call.operation].kind == "read"
    )
    said = f"It reads {listed(map(code, found))}, which changes nothing." if found else "Nothing."
    return ["## What it looks at", "", said]


def _calls(program: Program) -> Iterator[tuple[ServiceCall, str]]:
    for call, around in looped(program.run):
        yield call, _rounds(around)
    for call, around in looped(program.on_failure):
        yield call, f" when the run fails{_rounds(around)}"


def _rounds(around: tuple[ForEach | Repeat, ...]) -> str:
    """How often a call in these loops happens."""
    said = [
        f"for each of {plain(words(one.items))}, at most {some(one.at_most, 'time')}"
        if isinstance(one, ForEach)
        else f"up to {some(one.at_most, 'time')}"
        + ("" if one.every is None else f", {length(one.every)} apart")
        for one in reversed(around)
    ]
    return f" {', '.join(said)}" if said else ""


def _sent(call: ServiceCall) -> str:
    given = [f"{plain(name.replace('_', ' '))}: {plain(words(value))}"
             for name, value in call.arguments]  # fmt: skip
    return f", with {'; '.join(given)}" if given else ""
