"""What of a body's names may still change the way of a run that stands at one of its steps.

A name is relevant where a condition, the number of rounds of a loop, a case of `decide` or a child
may still read it, or what is made of it, before it is made anew. It is read from the generated
code, and errs to one side: what is not understood makes a body opaque, and then all of it counts.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gantral.evidence.planned import statement_of

Names = frozenset[str]
_NONE: Final[Names] = frozenset()
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
# Marks: of an effect that may still be called, of a gate that may still be asked, and of a list of
# which only the length counts.
CALLED: Final = "call "
ASKED: Final = "ask "
LENGTH: Final = "length of "


@dataclass(frozen=True)
class Step:
    """A statement at which a run may stand. ``names``: what is relevant there, with marks;
    ``counts``: the names that tell in which round of the loops around it stands."""

    first: int
    last: int
    names: Names
    counts: tuple[str, ...]


class Opaque(Exception):  # noqa: N818 - no error: the code is beyond this reading
    """A body that is not understood."""


@dataclass(frozen=True)
class Asks:
    """What a gate and a child read of what they are given: keywords by gate; of any child."""

    gates: Mapping[str, Names]
    children: Names


@dataclass
class _Around:
    """Where else a statement may lead: what is relevant there."""

    breaks: Names = _NONE
    again: Names = _NONE
    raised: Names = _NONE
    counts: tuple[str, ...] = ()

    def within(self, **changes: object) -> _Around:
        return _Around(**{**self.__dict__, **changes})


@dataclass
class Body:
    """One function of the generated code."""

    steps: dict[int, Step] = field(default_factory=dict)

    def at(self, line: int) -> Step | None:
        """The step that stands at a line; None where several things may be under way."""
        found = [one for one in self.steps.values() if one.first <= line <= one.last]
        return min(found, key=lambda one: one.last - one.first, default=None)


def bodies(tree: ast.AST, asks: Asks) -> dict[str, Body | None]:
    """``body`` and ``on_failure`` of a generated workflow; None for one that is opaque."""
    functions = {
        node.name: node
        for each in ast.walk(tree)
        if isinstance(each, ast.ClassDef)
        for node in each.body
        if isinstance(node, ast.AsyncFunctionDef) and node.name in ("body", "on_failure")
    }
    found: dict[str, Body | None] = {}
    raised: Names = _NONE
    for name in ("on_failure", "body"):
        if name not in functions:
            continue
        reader = _Reader(functions[name], asks)
        try:
            begins = reader.block(functions[name].body, _NONE, _Around(raised=raised))
        except Opaque:
            found[name], raised = None, frozenset({"input"})
            continue
        found[name] = Body(reader.steps)
        if name == "on_failure":
            raised = begins & {"input"}
    return found


class _Reader:
    """Reads one function from its end to its beginning."""

    def __init__(self, function: ast.AsyncFunctionDef, asks: Asks) -> None:
        self._asks = asks
        self.steps: dict[int, Step] = {}
        # What is defined within reads its names whenever it is called.
        inner = [
            node
            for node in ast.walk(function)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            and node is not function
        ]
        self._always = frozenset().union(*(_names(one) for one in inner)) if inner else _NONE

    def block(self, body: Sequence[ast.stmt], after: Names, around: _Around) -> Names:
        """What is relevant before these statements, where ``after`` is behind them."""
        for statement in reversed(body):
            after = self._before(statement, after, around)
        return after

    def _before(self, node: ast.stmt, after: Names, around: _Around) -> Names:
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)):
            return self._simple(node, after, around)
        if isinstance(node, (ast.Return, ast.Raise)):
            if any(isinstance(one, ast.Await) for one in ast.walk(node)):
                raise Opaque
            names = _names(node) if isinstance(node, ast.Raise) else _may_raise(node)
            return names | around.raised
        if isinstance(node, ast.If):
            body = self.block(node.body, after, around)
            return _names(node.test) | body | self.block(node.orelse, after, around)
        if isinstance(node, _LOOPS):
            return self._loop(node, after, around)
        if isinstance(node, ast.Try):
            return self._try(node, after, around)
        if isinstance(node, (ast.With, ast.AsyncWith)):
            return self._with(node, after, around)
        if isinstance(node, ast.Break):
            return around.breaks
        if isinstance(node, ast.Continue):
            return around.again
        if isinstance(node, (ast.Pass, ast.FunctionDef, ast.AsyncFunctionDef)):
            return after
        raise Opaque

    def _simple(self, node: ast.stmt, after: Names, around: _Around) -> Names:
        assert isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr))
        value = node.value
        targets = _targets(node)
        raised = around.raised | _may_raise(node)
        if value is None:
            return after
        if isinstance(value, ast.Await):
            return self._awaits(node, value, targets, after, raised, around)
        if any(isinstance(one, (ast.Await, ast.NamedExpr)) for one in ast.walk(node)):
            raise Opaque
        lengths = after & {f"{LENGTH}{name}" for name in targets}
        before = after - targets - lengths
        if targets & after or isinstance(node, ast.Expr) or not targets:
            # An expression that stands alone is a condition: `require`.
            before |= _names(value)
        elif lengths:
            before |= _lengths(value)
        if isinstance(node, ast.AugAssign):
            before |= lengths | (targets & after)
        return before | raised

    def _awaits(
        self,
        node: ast.stmt,
        value: ast.Await,
        targets: Names,
        after: Names,
        raised: Names,
        around: _Around,
    ) -> Names:
        call = value.value
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)) or any(
            isinstance(one, (ast.Await, ast.NamedExpr)) for one in ast.walk(call)
        ):
            raise Opaque
        lengths = after & {f"{LENGTH}{name}" for name in targets}
        names = self._given(call, known=bool(lengths or targets & after))
        # A cancelled or failed call leads out of the step too.
        stands = (after - targets - lengths) | raised | names
        # The gate that is asked here is asked: what it looks at is told when it is open.
        own = frozenset(one for one in names if one.startswith(ASKED))
        self._stand(node, stands - (own - after - around.raised), around)
        for keyword in call.keywords:
            if keyword.arg in ("only_if", "within"):
                stands |= _names(keyword.value)
        return stands

    def _given(self, call: ast.Call, *, known: bool) -> Names:
        """What of a call's arguments may matter, while it is under way and after. ``known``: its
        result is relevant."""
        assert isinstance(call.func, ast.Attribute)
        kind, found = call.func.attr, set(_may_raise(call))
        if kind == "effect":
            found |= {f"{CALLED}{site_of(one.value)}" for one in call.keywords if one.arg == "call"}
        if kind in ("read", "notify", "effect", "wait"):
            return frozenset(found)
        if kind == "ask":
            gate = next(site_of(one.value) for one in call.keywords if one.arg == "site")
            gate = gate.split("/")[0]
            found.add(f"{ASKED}{gate}")
            reads = self._asks.gates.get(gate, _NONE)
        elif kind == "run_workflow":
            reads, known = self._asks.children, False
        else:
            return frozenset(found | _names(call))
        for made in call.args:
            if not isinstance(made, ast.Call) or made.args:
                raise Opaque
            for keyword in made.keywords:
                # What an ask gives back is what it was given.
                if known or keyword.arg is None or keyword.arg in reads:
                    found |= _names(keyword.value)
        return frozenset(found)

    def _loop(
        self, node: ast.For | ast.AsyncFor | ast.While, after: Names, around: _Around
    ) -> Names:
        otherwise = self.block(node.orelse, after, around)
        if isinstance(node, ast.While):
            reads, targets, counts = _names(node.test), _NONE, around.counts
        else:
            reads, targets = _names(node.iter), bound(node.target)
            counts = (*around.counts, _count(node))
            changed = {
                name
                for one in ast.walk(node)
                if isinstance(one, (ast.Assign, ast.AnnAssign, ast.AugAssign))
                for name in _targets(one)
            }
            if reads & changed:
                # It goes on over what the name was.
                raise Opaque
        head = otherwise | reads | around.raised
        while True:
            inner = around.within(breaks=after, again=head, counts=counts)
            lengths = {f"{LENGTH}{name}" for name in targets}
            before = head | reads | (self.block(node.body, head, inner) - targets - lengths)
            if before <= head:
                break
            head = before
        if isinstance(node, ast.AsyncFor):
            # Between two rounds it waits: its own line is a step.
            self._stand(node, head, around.within(counts=counts), last=node.iter.end_lineno)
        return head

    def _try(self, node: ast.Try, after: Names, around: _Around) -> Names:
        if node.finalbody:
            raise Opaque
        handled = _NONE
        for handler in node.handlers:
            inside = self.block(handler.body, after, around)
            handled |= inside - ({handler.name} if handler.name else set())
        otherwise = self.block(node.orelse, after, around)
        return self.block(node.body, otherwise, around.within(raised=around.raised | handled))

    def _with(self, node: ast.With | ast.AsyncWith, after: Names, around: _Around) -> Names:
        calls = [one.context_expr for one in node.items]
        if isinstance(node, ast.AsyncWith):
            # Branches at once: no step, whoever stands in it.
            inside = _names(node)
            return after | inside | around.raised
        for call in calls:
            if not (isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "suppress"):
                raise Opaque
        return self.block(node.body, after, around.within(raised=around.raised | after))

    def _stand(
        self, node: ast.stmt, names: Names, around: _Around, last: int | None = None
    ) -> None:
        before = self.steps.get(node.lineno)
        all_of = names | self._always | (before.names if before else _NONE)
        last = last or node.end_lineno or node.lineno
        self.steps[node.lineno] = Step(node.lineno, last, all_of, around.counts)


def _names(tree: ast.AST) -> Names:
    return frozenset(
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    )


def bound(target: ast.AST) -> Names:
    """The names that a target of an assignment or a loop sets."""
    return frozenset(node.id for node in ast.walk(target) if isinstance(node, ast.Name))


def _targets(node: ast.stmt) -> Names:
    targets: Sequence[ast.expr] = ()
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
        targets = (node.target,)
    for one in targets:
        parts = one.elts if isinstance(one, ast.Tuple) else [one]
        if not all(isinstance(part, ast.Name) for part in parts):
            raise Opaque
    return frozenset().union(*(bound(one) for one in targets)) if targets else _NONE


def _may_raise(tree: ast.AST) -> Names:
    """The names whose values may make an expression fail by more than their types."""
    return frozenset(name for node in ast.walk(tree) for name in _failing(node))


def _failing(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Div, ast.FloorDiv, ast.Mod)):
        yield from _names(node)
    elif isinstance(node, ast.Call):
        name = getattr(node.func, "attr", "")
        if name == "within" and all(_called(one) == "ListOf" for one in node.args[1:]):
            yield from _lengths(node.args[0])
        elif name in ("within", "div", "mod", "read_json_"):
            yield from _names(node)


def _lengths(value: ast.expr) -> Names:
    """What the length of a list is made of."""
    if isinstance(value, ast.Name):
        return frozenset({f"{LENGTH}{value.id}"})
    if isinstance(value, ast.Starred):
        return _lengths(value.value)
    if isinstance(value, ast.Tuple):
        parts = [_lengths(one) for one in value.elts if isinstance(one, ast.Starred)]
        return frozenset().union(*parts) if parts else _NONE
    if isinstance(value, ast.Call) and getattr(value.func, "attr", "") == "within":
        return _lengths(value.args[0])
    return _names(value)


def _called(node: ast.expr) -> str:
    return getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""


def _count(node: ast.For | ast.AsyncFor) -> str:
    """The name that counts the rounds of a loop."""
    target = node.target
    call = node.iter
    if isinstance(call, ast.Call):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if name == "enumerate" and isinstance(target, ast.Tuple):
            target = target.elts[0]
        elif name not in ("range", "rounds"):
            raise Opaque
        if isinstance(target, ast.Name):
            return target.id
    raise Opaque


def site_of(value: ast.expr) -> str:
    """The site that an argument of generated code names, without indexes of loops; "" for none."""
    first = value.values[0] if isinstance(value, ast.JoinedStr) else value
    text = str(first.value) if isinstance(first, ast.Constant) else ""
    return statement_of(text)
