"""What is drawn of a program: boxes with a word for their kind, arrows with a word for their case.

From the typed program, not from the flow graph: of what people want to see, one box is one
statement, in the author's order, and a condition keeps its text. What is only named or
`set` is not drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias, assert_never

from gantral.compiler.phrases import code, decide
from gantral.compiler.program import (
    Ask,
    AskOnlyIf,
    AskStatement,
    Collect,
    Complete,
    Do,
    Expr,
    ForEach,
    Give,
    Handler,
    If,
    Let,
    Parallel,
    Program,
    Repeat,
    Require,
    Run,
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
from gantral.compiler.shapes import duration_text
from gantral.dsl.frozen import frozen

Kind: TypeAlias = Literal[
    "start", "gate", "effect", "notify", "read", "undo", "child", "choice", "loop", "parallel",
    "wait", "completed", "stopped",
]  # fmt: skip
"""How a box looks. Its word tells it apart too, so that nothing hangs on shape or colour alone."""


@frozen
class Box:
    """One thing that can happen. `word` names its kind; `lines` say which."""

    kind: Kind
    word: str
    lines: tuple[str, ...]


@frozen
class Arrow:
    """What comes next, and in which case ("": always). Boxes by their index."""

    source: int
    target: int
    label: str


@frozen
class Picture:
    """A program's picture. An arrow leads from an earlier box to a later one, or back to a loop."""

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def picture(program: Program) -> Picture:
    """The picture of a program: its run, then what it does on failure, if it says so."""
    return _Drawer(program).draw()


# Where a path stands: a box, and the case in which it goes on from there.
_Ways: TypeAlias = "list[tuple[int, str]]"


class _Drawer:
    def __init__(self, program: Program) -> None:
        self._program = program
        self._boxes: list[Box] = []
        self._arrows: dict[tuple[int, int], list[str]] = {}
        # What `give` leads out of: the bound calls whose handlers we are in.
        self._given: list[_Ways] = []
        # The boxes of the `for each`s that we are in, where `collect` leads back to.
        self._rounds: list[int] = []

    def draw(self) -> Picture:
        program = self._program
        start = self._box("start", "START", f"by {' or '.join(program.start_by)}")
        self._block(program.run, [(start, "")])
        if program.on_failure:
            failure = self._box("start", "ON FAILURE", "what stands is undone, last first")
            rest = self._block(program.on_failure, [(failure, "")])
            if rest:
                self._join(rest, self._box("stopped", "TERMINATED"))
        arrows = (
            Arrow(source, target, " or ".join(one for one in labels if one))
            for (source, target), labels in self._arrows.items()
        )
        return Picture(f"{program.name} {program.version}", tuple(self._boxes), tuple(arrows))

    def _box(self, kind: Kind, word: str, *lines: str) -> int:
        self._boxes.append(Box(kind, word, lines))
        return len(self._boxes) - 1

    def _join(self, ways: Iterable[tuple[int, str]], target: int) -> None:
        for source, label in ways:
            self._arrows.setdefault((source, target), []).append(label)

    def _next(self, ways: _Ways, kind: Kind, word: str, *lines: str) -> int:
        box = self._box(kind, word, *lines)
        self._join(ways, box)
        return box

    def _block(self, statements: tuple[Statement, ...], ways: _Ways) -> _Ways:
        for statement in statements:
            ways = self._statement(statement, ways)
        return ways

    def _statement(self, statement: Statement, ways: _Ways) -> _Ways:
        match statement:
            case Let(value=Ask() as ask) | AskStatement(ask=ask):
                return self._ask(ask, ways)
            case Let(value=ServiceCall() as call):
                return self._call(call, ways, bound=True)
            case Do(call=call):
                return self._call(call, ways, bound=False)
            case Let(value=Wait() as wait):
                return self._wait(wait, ways, bound=True)
            case WaitStatement(wait=wait):
                return self._wait(wait, ways, bound=False)
            case Let(value=Run() as run):
                return [(self._next(ways, "child", "WORKFLOW", run.workflow), "")]
            case Let(value=ForEach() as loop):
                return self._each(loop, ways, bound=True)
            case ForEach():
                return self._each(statement, ways, bound=False)
            case Let(value=Repeat() as loop):
                return self._repeat(loop, ways, bound=True)
            case Repeat():
                return self._repeat(statement, ways, bound=False)
            case Let(value=Parallel() as parallel):
                return self._parallel(parallel, ways, bound=True)
            case Parallel():
                return self._parallel(statement, ways, bound=False)
            case Let() | Var() | Set():
                return ways
            case Collect():
                self._join(ways, self._rounds[-1])
                return []
            case Sleep(value=value, until=until):
                until_ = "until " if until else ""
                return [(self._next(ways, "wait", "SLEEP", f"{until_}{code(value)}"), "")]
            case If(condition=condition, then=then, otherwise=otherwise):
                box = self._next(ways, "choice", "IF", code(condition))
                taken = self._block(then, [(box, "yes")])
                return taken + self._block(otherwise, [(box, "no")])
            case Require(condition=condition, message=message):
                box = self._next(ways, "choice", "REQUIRE", code(condition))
                self._stop([(box, "no")], message)
                return [(box, "yes")]
            case Terminate(message=message):
                self._stop(ways, message)
                return []
            case Complete():
                self._next(ways, "completed", "COMPLETED")
                return []
            case Give():
                self._given[-1].extend(ways)
                return []
            case Undo(name=name, call=call_id):
                return [(self._next(ways, "undo", "UNDO", f"{name} ({call_id})"), "")]
            case _:
                assert_never(statement)

    def _each(self, loop: ForEach, ways: _Ways, *, bound: bool) -> _Ways:
        said = f"{loop.name} in {code(loop.items)}"
        box = self._next(ways, "loop", "FOR EACH", said, f"at most {loop.at_most}")
        if bound:
            self._rounds.append(box)
        self._join(self._block(loop.body, [(box, "each")]), box)
        if bound:
            self._rounds.pop()
        return [(box, "no more")]

    def _repeat(self, loop: Repeat, ways: _Ways, *, bound: bool) -> _Ways:
        every = [] if loop.every is None else [f"every {duration_text(loop.every)}"]
        box = self._next(ways, "loop", "REPEAT", f"at most {loop.at_most}", *every)
        given: _Ways = []
        if bound:
            self._given.append(given)
        self._join(self._block(loop.body, [(box, "again")]), box)
        over = self._block(loop.otherwise, [(box, "no more")])
        if bound:
            self._given.pop()
        return given + over

    def _parallel(self, one: Parallel, ways: _Ways, *, bound: bool) -> _Ways:
        box = self._next(ways, "parallel", "PARALLEL", "all of these at once")
        sides = []
        for branch in one.branches:
            given: _Ways = []
            if bound:
                self._given.append(given)
            through = self._block(branch.body, [(box, branch.name)])
            if bound:
                self._given.pop()
            sides.append([*given, *through])
        if not all(sides):
            return []
        met = [way for side in sides for way in side]
        return [(self._next(met, "parallel", "ALL DONE"), "")]

    def _stop(self, ways: _Ways, message: Expr) -> None:
        self._next(ways, "stopped", "TERMINATED", code(message))

    def _ask(self, ask: Ask, ways: _Ways) -> _Ways:
        gate = self._program.gates[ask.gate]
        told = [f"decide {one}" for one in decide(gate)]
        goes_on = ["yes", *(["waived"] if gate.waived_by is not None else [])]
        if isinstance(ask, AskOnlyIf):
            told.append(f"only if {code(ask.only_if)}")
            goes_on.append("not asked")
        box = self._next(ways, "gate", "GATE", gate.name, *told)
        self._next([(box, "no or silence")], "stopped", "REJECTED")
        return [(box, " or ".join(goes_on))]

    def _wait(self, wait: Wait, ways: _Ways, *, bound: bool) -> _Ways:
        box = self._next(ways, "wait", "WAIT", f"within {code(wait.within)}")
        given: _Ways = []
        if bound:
            self._given.append(given)
        rest: _Ways = []
        for one in wait.arrivals:
            rest += self._block(one.body, [(box, one.event.name)])
        rest += self._block(wait.otherwise, [(box, "silence")])
        if bound:
            self._given.pop()
        return rest + given

    def _call(self, call: ServiceCall, ways: _Ways, *, bound: bool) -> _Ways:
        operation = self._program.operations[call.operation]
        under = [f"under {', '.join(one.name for one in call.under)}"] if call.under else []
        kind: Kind
        if operation.kind == "read" or operation.kind == "notify":
            kind = operation.kind
        else:
            kind = "effect"
        box = self._next(ways, kind, operation.kind.upper(), call.operation, *under)
        done: _Ways = [(box, "done" if call.handler is not None else "")]
        return done + self._handled(call.handler, box, bound=bound)

    def _handled(self, handler: Handler | None, box: int, *, bound: bool) -> _Ways:
        if handler is None:
            return []
        given: _Ways = []
        if bound:
            self._given.append(given)
        rest = self._block(handler.body, [(box, "failed")])
        if bound:
            self._given.pop()
        return rest + given
