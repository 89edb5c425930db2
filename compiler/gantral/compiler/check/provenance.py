"""Who approved a piece of data (LANGUAGE section 8, rule 3), read off the typed expression.

This is the typed form of the rule; proof P8 finds the same on the flow graph, independently.
"""

from __future__ import annotations

from typing import TypeAlias

from gantral.compiler.program import expressions as ex
from gantral.compiler.program import statements as st
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span

Approved: TypeAlias = frozenset[tuple[Span, str | None]]
"""Approvals by where they are bound; with an effect (its operation's key): that one's result, which
goes on in its service, and in others where the gate says so."""

NONE: Approved = frozenset()


@frozen
class Origin:
    """Where data comes from. `approved` is None when nobody approved some of it; `given` says that
    it carries data of `input`; `odd` is the first part that a plan can't say."""

    approved: Approved | None = NONE
    given: bool = False
    odd: Span | None = None

    def __or__(self, other: Origin) -> Origin:
        both = None
        if self.approved is not None and other.approved is not None:
            both = self.approved | other.approved
        return Origin(both, self.given or other.given, self.odd or other.odd)


CONSTANT = Origin()
NOBODY = Origin(None)
OUTCOME = Origin(None, given=True)
"""What a child left: nobody here approved it, and it may be what `input` gave the child."""


class Origins:
    """What is known of each name bound so far."""

    def __init__(self) -> None:
        self._known: dict[Span, Origin] = {}
        self._asks: dict[Span, st.Ask] = {}
        self._ended: set[Span] = set()

    def bind_value(self, binding: Span, value: ex.Expr) -> None:
        """`let x = expression`."""
        self._known[binding] = self.of(value)

    def also(self, binding: Span, origin: Origin) -> None:
        """`set x = …`: from here on the variable may hold this too."""
        self._known[binding] = self._known.get(binding, NOBODY) | origin

    def ended(self, binding: Span) -> None:
        """The block that binds an approval has ended: nobody approved what still carries it."""
        self._ended.add(binding)

    def bind(self, binding: Span, origin: Origin) -> None:
        """`let x = call`."""
        self._known[binding] = origin

    def bind_ask(self, binding: Span, ask: st.Ask) -> None:
        """`let x = ask …`."""
        self._asks[binding] = ask

    def ask(self, binding: Span) -> st.Ask | None:
        """What an approval is the answer to."""
        return self._asks.get(binding)

    def uncertain(self, binding: Span) -> bool:
        """Whether nobody may have been asked: then nobody approved the fields."""
        return isinstance(self._asks.get(binding), st.AskOnlyIf)

    def of(self, one: ex.Expr, path: tuple[str, ...] = ()) -> Origin:
        """The origin of an expression, or of the part of it that `path` names."""
        match one:
            case ex.Literal() | ex.Absent():
                return CONSTANT
            case ex.LetRef():
                # A name has the union of its expression: a part of it no less than the whole.
                return self._known.get(one.binding, NOBODY)
            case ex.FailureRef(binding=Span() as binding):
                return self._known.get(binding, NOBODY)
            case ex.VarRef():
                return self._variable(one)
            case ex.ElementRef():
                # What its list carries; a name that no comprehension around binds, nobody's.
                return self._known.get(one.binding, NOBODY)
            case ex.Comprehension():
                return self._comprehension(one)
            case ex.InputRef():
                return Origin(None, given=True)
            case ex.ApprovalRef():
                given = self._proposed(one.binding, path).given
                if self.uncertain(one.binding):
                    return Origin(None, given)
                return Origin(frozenset({(one.binding, None)}), given)
            case ex.ProposedRef():
                return Origin(None, self._proposed(one.binding, path).given)
            case ex.Member():
                return self.of(one.base, (one.name, *path))
            case ex.Narrowed() | ex.Widen() | ex.Within():
                return self.of(one.base, path)
            case ex.RecordExpr():
                if path:
                    fields = dict(one.fields)
                    inner = fields.get(path[0])
                    return CONSTANT if inner is None else self.of(inner, path[1:])
                return self._union(one)
            case ex.Binary() | ex.Negate():
                return self._union(one)
            case ex.Conditional():
                sides = self.of(one.then, path) | self.of(one.otherwise, path)
                return self._odd(self.of(one.condition) | sides, one.span)
            case ex.Coalesce():
                return self._odd(self.of(one.left, path) | self.of(one.right, path), one.span)
            case _ if ex.children(one):
                return self._odd(self._union(one), one.span)
            case ex.ListExpr():
                return Origin(odd=one.span)
            case _:
                return NOBODY

    def _variable(self, one: ex.VarRef) -> Origin:
        """What any `set` before here may have put there. A plan can't say which one did."""
        known = self._known.get(one.binding, NOBODY)
        if known.approved is not None and any(each in self._ended for each, _ in known.approved):
            known = known | NOBODY
        return self._odd(known, one.span)

    def _comprehension(self, one: ex.Comprehension) -> Origin:
        """Its list, what is made of each element, and the choice of which."""
        items = self.of(one.items)
        self._known[one.binding] = items
        found = items | self.of(one.element)
        if one.condition is not None:
            found = found | self.of(one.condition)
        del self._known[one.binding]
        return self._odd(found, one.span)

    def _odd(self, origin: Origin, span: Span) -> Origin:
        return Origin(origin.approved, origin.given, origin.odd or span)

    def _union(self, one: ex.Expr) -> Origin:
        found = CONSTANT
        for part in ex.children(one):
            found = found | self.of(part)
        return found

    def _proposed(self, binding: Span, path: tuple[str, ...]) -> Origin:
        ask = self._asks.get(binding)
        if ask is None:
            return NOBODY
        found = CONSTANT
        for name, value in ask.arguments:
            if not path or name == path[0]:
                found = found | self.of(value, path[1:])
        return found
