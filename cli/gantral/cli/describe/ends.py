"""How a workflow may end, and what is undone when it fails (LANGUAGE sections 7 and 8, rule 7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

from gantral.cli.describe.text import code, listed, plain, some
from gantral.compiler import phrases
from gantral.compiler.program import (
    AskStatement,
    Collect,
    Complete,
    Do,
    ForEach,
    Give,
    If,
    Let,
    Parallel,
    Program,
    Repeat,
    Require,
    ServiceCall,
    Set,
    Sleep,
    Statement,
    Terminate,
    Undo,
    Var,
    Wait,
    WaitStatement,
)
from gantral.compiler.program.undoing import undoes
from gantral.compiler.program.walk import calls

Word: TypeAlias = Literal["completed", "terminated", "undone"]


@dataclass(frozen=True, slots=True)
class _End:
    """A place where the run ends, or takes an effect back, with the conditions on the way."""

    word: Word
    said: str
    where: tuple[str, ...]


def ends(program: Program) -> list[str]:
    """Every way to end: completed, rejected, terminated."""
    found = list(_ends(program.run, ()))
    names = [one.name.replace("_", " ") for one in program.output.fields]
    gives = f", giving the {plain(listed(names))}" if names else ""
    completed = [one.where for one in found if one.word == "completed"]
    lines = [f"- Completed{gives}{_where(one)}." for one in dict.fromkeys(completed)]
    if program.gates:
        asked = listed(map(code, program.gates), "or")
        lines.append(
            f"- Rejected: at the gate {asked} somebody says no, nobody decides in time, nobody is"
            " left who may decide, or it is taken back or cancelled while it waits there."
        )
    guarded = [name for name, one in program.gates.items() if one.guarded_by is not None]
    if guarded:
        lines.append(
            f"- Rejected by a policy: at the gate {listed(map(code, guarded), 'or')} its guard"
            " denies what people decided, or gives no clear answer about it."
        )
    lines += [
        f"- Terminated by the spec: {one.said}{_where(one.where)}."
        for one in found
        if one.word == "terminated"
    ]
    causes = ["a step fails for which the run has no other way"]
    if any(one.waived_by or one.guarded_by for one in program.gates.values()):
        causes.append("a policy denies or gives no clear answer")
    if any(one.lasts is not None for one in program.gates.values()):
        causes.append("a yes has run out or been used up before its effect")
    if program.children:
        causes.append("how a child of it ended is not known")
    causes += ["it is cancelled while no gate waits", "it is lost from outside"]
    *before, last = causes
    lines.append(f"- Terminated otherwise: {'; '.join(before)}; or {last}.")
    return [
        "## How it may end",
        "",
        "What the spec itself makes an end of stands in its order, with what must hold there.",
        "",
        *lines,
    ]


def failure(program: Program) -> list[str]:
    """What is undone when the run fails, and what is done besides."""
    acting = {
        call.operation: program.operations[call.operation]
        for call in calls(program.run)
        if program.operations[call.operation].acts
    }
    undone = {key: one.undo.operation for key, one in acting.items() if one.undo is not None}
    kept = [key for key in acting if key not in undone]
    left = [name for name, child in program.children.items() if undoes(child)]
    lines = []
    if undone:
        pairs = listed(f"{code(key)} by {code(undo)}" for key, undo in undone.items())
        lines.append(
            "- When it is terminated, what was done and still stands is undone, last first:"
            f" {pairs}. No new yes is needed for that."
        )
        lines.append("- A rejection finds nothing of that standing.")
    if left:
        lines.append(
            f"- When it is terminated, what {listed(map(code, left))} did and completed is undone"
            " too, last first, each by the yes that it was done under."
        )
    if kept:
        lines.append(f"- What is done by {listed(map(code, kept))} stays: it has no undo.")
    if acting:
        lines.append(
            "- An effect of which nobody knows whether it happened is never undone by guess: the"
            " cause names it, for people to look at."
        )
    elif not left:
        lines.append("- There is nothing to undo: it changes nothing.")
    handled = [call for call in calls(program.run) if call.handler is not None]
    lines += [
        f"- Where {code(name)} fails, the spec has another way for the run to take."
        for name in dict.fromkeys(one.operation for one in handled)
    ]
    lines += [
        f"- The run itself undoes {one.said}{_where(one.where)}."
        for one in _ends(program.run, ())
        if one.word == "undone"
    ]
    told = dict.fromkeys(call.operation for call in calls(program.on_failure))
    if told:
        lines.append(f"- Last it calls {listed(map(code, told))}: it reads and tells, no more.")
    return ["## What happens when it fails", "", *lines]


def _ends(statements: tuple[Statement, ...], where: tuple[str, ...]) -> Iterator[_End]:
    for statement in statements:
        match statement:
            case Complete():
                yield _End("completed", "", where)
            case Terminate(message=message):
                yield _End("terminated", plain(phrases.words(message)), where)
            case Require(condition=condition, message=message):
                unmet = (*where, f"unless {plain(phrases.condition(condition))}")
                yield _End("terminated", plain(phrases.words(message)), unmet)
            case If(condition=condition, then=then, otherwise=otherwise):
                said = plain(phrases.condition(condition))
                yield from _ends(then, (*where, f"when {said}"))
                yield from _ends(otherwise, (*where, f"unless {said}"))
                # Only one side leads on: what comes after needs what leads there.
                if _leaves(then):
                    where = (*where, f"unless {said}")
                elif _leaves(otherwise):
                    where = (*where, f"when {said}")
            case (ForEach() as loop) | Let(value=ForEach() as loop):
                each = f"for each of {plain(phrases.words(loop.items))}"
                yield from _ends(loop.body, (*where, each))
            case (Repeat() as loop) | Let(value=Repeat() as loop):
                rounds = f"within {some(loop.at_most, 'round')}"
                yield from _ends(loop.body, (*where, rounds))
                over = f"after {some(loop.at_most, 'round')} without an end"
                yield from _ends(loop.otherwise, (*where, over))
            case Do(call=call) | Let(value=ServiceCall() as call):
                if call.handler is not None:
                    failed = (*where, f"when {code(call.operation)} fails")
                    yield from _ends(call.handler.body, failed)
            case Parallel(branches=branches) | Let(value=Parallel(branches=branches)):
                for branch in branches:
                    beside = f"in the branch {code(branch.name)}, beside the others"
                    yield from _ends(branch.body, (*where, beside))
            case WaitStatement(wait=wait) | Let(value=Wait() as wait):
                for one in wait.arrivals:
                    came = (*where, f"when the event {code(one.event.name)} comes")
                    yield from _ends(one.body, came)
                yield from _ends(wait.otherwise, (*where, "when nothing comes in time"))
            case Undo(call=call_id):
                subject = call_id.rpartition("/")[0]
                # No service is called `workflow`.
                child = subject.removeprefix("workflow.")
                said = code(subject) if child == subject else f"what {code(child)} did"
                yield _End("undone", said, where)
            case Let() | Var() | Set() | AskStatement() | Give() | Collect() | Sleep():
                pass
            case _:
                assert_never(statement)


def _leaves(statements: tuple[Statement, ...]) -> bool:
    """Whether no way leads on out of a block: it ends the run, or gives a value elsewhere."""
    if not statements:
        return False
    match statements[-1]:
        case Complete() | Terminate() | Give() | Collect():
            return True
        case If(then=then, otherwise=otherwise):
            return _leaves(then) and _leaves(otherwise)
        case _:
            return False


def _where(conditions: tuple[str, ...]) -> str:
    return f", {', and '.join(conditions)}" if conditions else ""
