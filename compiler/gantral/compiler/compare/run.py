"""The run as a list of acts: each effect and undo with what is certain before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields, replace
from typing import TypeAlias

from gantral.compiler.compare.bounds import Claim, claims, implies
from gantral.compiler.compare.meaning import Meaning
from gantral.compiler.program import (
    Approval,
    Arrival,
    Ask,
    AskOnlyIf,
    AskStatement,
    Branch,
    Complete,
    Do,
    Expr,
    Give,
    Handler,
    If,
    Let,
    Parallel,
    Program,
    Require,
    ServiceCall,
    Statement,
    Terminate,
    Typed,
    Undo,
    Wait,
    WaitStatement,
)
from gantral.compiler.program import Run as Child
from gantral.compiler.program.walk import gives
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span

# What each statement has that is read here. One that has come to have more is not understood.
READ: Mapping[type, frozenset[str]] = {
    Approval: frozenset(("name", "binding", "span")),
    Arrival: frozenset(("event", "name", "binding", "body", "span")),
    Ask: frozenset(("gate", "ordinal", "arguments", "type", "span", "head")),
    AskOnlyIf: frozenset(("gate", "ordinal", "arguments", "type", "span", "head", "only_if")),
    AskStatement: frozenset(("ask", "span")),
    Complete: frozenset(("output", "ordinal", "span")),
    Do: frozenset(("call", "span")),
    Give: frozenset(("value", "span")),
    Handler: frozenset(("name", "binding", "body", "span")),
    If: frozenset(("condition", "then", "otherwise", "span")),
    Let: frozenset(("name", "binding", "value", "span")),
    Branch: frozenset(("name", "body", "gives", "span")),
    Parallel: frozenset(("branches", "ordinal", "gives", "span", "head")),
    Require: frozenset(("condition", "message", "ordinal", "span")),
    ServiceCall: frozenset(
        ("operation", "ordinal", "arguments", "under", "handler", "type", "span", "head")
    ),
    Terminate: frozenset(("message", "ordinal", "span")),
    Undo: frozenset(("name", "binding", "call", "span")),
    Wait: frozenset(
        ("arrivals", "within", "least", "longest", "otherwise", "ordinal", "type", "span", "head")
    ),
    WaitStatement: frozenset(("wait", "span")),
}


@frozen
class Either:
    """Two ways that met again: what else is certain where the condition held, and where not."""

    condition: str
    then: frozenset[Fact]
    otherwise: frozenset[Fact]
    says: str = field(compare=False)
    span: Span = field(compare=False)


Fact: TypeAlias = Claim | Either


@frozen
class Act:
    """A call, the undo of one, or the end of a run that comes to its end. `under` are the sites of
    its asks."""

    what: str
    operation: str
    arguments: Mapping[str, str]
    places: Mapping[str, Span]
    under: frozenset[str]
    facts: frozenset[Fact]
    span: Span


@frozen
class Run:
    """All of it. Where it is not `understood` nothing can be shown of it."""

    acts: tuple[Act, ...]
    asks: Mapping[str, Ask]
    fed: Mapping[str, Mapping[str, str]]
    only_if: Mapping[str, str]
    """For the site of each `ask … only if` the key of its condition."""
    understood: bool
    key: str
    """Equal for runs that differ in names and layout alone."""


def read_run(program: Program) -> Run:
    """The acts and asks of a program, in source order."""
    return _Reader(program).read()


def certain(fact: Fact, known: frozenset[Fact]) -> bool:
    """Whether what is known implies the fact."""
    if fact in known:
        return True
    if isinstance(fact, Claim):
        return any(isinstance(one, Claim) and implies(one, fact) for one in known)
    if all(certain(one, known) for one in fact.then | fact.otherwise):
        return True
    return any(
        isinstance(one, Either)
        and one.condition == fact.condition
        and all(certain(each, known | one.then) for each in fact.then)
        and all(certain(each, known | one.otherwise) for each in fact.otherwise)
        for one in known
    )


def undone(known: frozenset[Fact]) -> frozenset[Fact]:
    """What is known, but for what was done: who was asked, and in which case."""
    found: set[Fact] = set()
    for fact in known:
        match fact:
            case Either(then=then, otherwise=otherwise):
                left = replace(fact, then=undone(then), otherwise=undone(otherwise))
                if left.then or left.otherwise:
                    found.add(left)
            case Claim(key=key) if not key.startswith(("done ", "failed ")):
                found.add(fact)
    return frozenset(found)


def asked(fact: Fact) -> bool:
    """Whether it says, of some case, that people were asked."""
    if isinstance(fact, Claim):
        return fact.key.startswith("asked ")
    return any(map(asked, fact.then | fact.otherwise))


class _Reader:
    def __init__(self, program: Program) -> None:
        self._program = program
        self._meaning = Meaning(program)
        self._acts: list[Act] = []
        self._asks: dict[str, Ask] = {}
        self._fed: dict[str, Mapping[str, str]] = {}
        self._only_if: dict[str, str] = {}
        self._understood = all(
            {one.name for one in fields(kind)} == known for kind, known in READ.items()
        )

    def read(self) -> Run:
        self._block(self._program.run, frozenset())
        key = self._meaning.key(self._program.run)
        understood = self._understood and self._meaning.understood
        return Run(tuple(self._acts), self._asks, self._fed, self._only_if, understood, key)

    def _block(
        self, statements: tuple[Statement, ...], known: frozenset[Fact]
    ) -> frozenset[Fact] | None:
        """What is known after the block; None when no way leads out of it."""
        for statement in statements:
            match statement:
                case Let(value=Ask() as ask) | AskStatement(ask=ask):
                    known |= {self._ask(ask)}
                case Let(value=Child()):
                    # What a child does is its own program's; that it is run as before, and no
                    # otherwise, is not shown here.
                    self._understood = False
                case Let(value=ServiceCall() as call) | Do(call=call):
                    known = self._call(call, known)
                case Let(value=Parallel() as parallel) | (Parallel() as parallel):
                    joined = self._parallel(parallel, known)
                    if joined is None:
                        return None
                    known = joined
                case Let(value=Wait() as wait) | WaitStatement(wait=wait):
                    after = self._wait(wait, known)
                    if after is None:
                        return None
                    known = after
                case Let(value=Typed()):
                    pass
                case Require(condition=condition):
                    known |= self._claims(condition, True)
                case If():
                    after = self._if(statement, known)
                    if after is None:
                        return None
                    known = after
                case Undo():
                    self._acts.append(
                        Act("undo", statement.call, {}, {}, frozenset(), known, statement.span)
                    )
                case Complete():
                    self._acts.append(
                        Act("complete", "", {}, {}, frozenset(), undone(known), statement.span)
                    )
                    return None
                case Give() | Terminate():
                    return None
                case _:
                    # A statement that came later than this comparison.
                    self._understood = False
        return known

    def _claims(self, condition: Expr, holds: bool) -> frozenset[Claim]:
        return claims(condition, holds, self._meaning)

    def _ask(self, ask: Ask) -> Claim:
        if isinstance(ask, AskOnlyIf):
            self._only_if[ask.id] = self._meaning.key(ask.only_if)
        self._asks[ask.id] = ask
        self._fed[ask.id] = self._meaning.arguments(ask.arguments)
        return Claim(f"asked {ask.id}", f"`ask {ask.gate}`", ask.head)

    def _call(self, call: ServiceCall, known: frozenset[Fact]) -> frozenset[Fact]:
        self._acts.append(
            Act(
                "call",
                call.operation,
                self._meaning.arguments(call.arguments),
                {name: value.span for name, value in call.arguments},
                frozenset(self._meaning.ask(one.binding) for one in call.under),
                known,
                call.head,
            )
        )
        if call.handler is not None:
            failed = Claim(f"failed {self._meaning.key(call)}", "failed call", call.head)
            after = self._block(call.handler.body, known | {failed})
            if after is not None or any(True for _ in gives(call.handler.body)):
                return known
        if self._program.operations[call.operation].kind == "notify":
            # That a message could not be left is no check of anything.
            return known
        done = Claim(f"done {self._meaning.key(call)}", f"`{call.operation}`", call.head)
        return known | {done}

    def _parallel(self, one: Parallel, known: frozenset[Fact]) -> frozenset[Fact] | None:
        """After it all is known that any branch came to: every one of them is through. Beside each
        other none knows anything of the others."""
        found = known
        for branch in one.branches:
            body, given = branch.body, [*gives(branch.body)]
            if len(given) == 1 and given[0] is body[-1]:
                body, given = body[:-1], []
            after = self._block(body, known)
            if given:
                continue  # it may have given before it came to the rest
            if after is None:
                return None
            found |= after
        return found

    def _wait(self, wait: Wait, known: frozenset[Fact]) -> frozenset[Fact] | None:
        """What is known after it: what is on every way that leads on, and what ends the run."""
        sides = [(f"came {one.event.name}", one.event.name, one.body) for one in wait.arrivals]
        sides.append(("came nothing", "silence", wait.otherwise))
        out: list[frozenset[Fact]] = []
        ended: set[Fact] = set()
        for key, says, block in sides:
            came = Claim(f"{key} {wait.id}", f"wait for {says}", wait.head)
            after = self._block(block, known | {came})
            if any(True for _ in gives(block)):
                out.append(known)
            elif after is not None:
                out.append(after)
            else:
                ended.add(Claim(f"never {key} {wait.id}", f"end by {says}", wait.head))
        return frozenset.intersection(*out) | ended if out else None

    def _if(self, statement: If, known: frozenset[Fact]) -> frozenset[Fact] | None:
        taken = self._claims(statement.condition, True)
        not_taken = self._claims(statement.condition, False)
        one = self._block(statement.then, known | taken)
        other = self._block(statement.otherwise, known | not_taken)
        if one is None or other is None:
            return other if one is None else one
        both = one & other
        then, otherwise = one - both - taken, other - both - not_taken
        if not then and not otherwise:
            return both
        met = Either(
            self._meaning.key(statement.condition),
            then,
            otherwise,
            "branch",
            statement.condition.span,
        )
        return both | {met}
