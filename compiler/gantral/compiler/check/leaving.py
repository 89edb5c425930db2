"""Which ways lead out of a block, told from its words alone: known before the block is checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from gantral.dsl import syntax as syn
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span

Making: TypeAlias = Literal["give", "collect"]
"""By which word a value leaves a block."""


@frozen
class Ways:
    """How the run may go on: off the end (`through`), or `out` to what is around, by a `give` or a
    `collect`. When by neither, the run ends there."""

    through: bool
    out: frozenset[Making] = frozenset()

    def __or__(self, other: Ways) -> Ways:
        return Ways(self.through or other.through, self.out | other.out)

    def then(self, following: Ways) -> Ways:
        """The ways out when this is followed by something else."""
        return Ways(following.through, self.out | following.out) if self.through else self

    def taken(self, makes: Iterable[Making]) -> Ways:
        """The ways out of what takes the values of these words: with one the run goes on."""
        taken = frozenset(makes)
        return Ways(self.through or bool(self.out & taken), self.out - taken)

    @property
    def goes_on(self) -> bool:
        """Whether the run may go on at all."""
        return self.through or bool(self.out)


THROUGH = Ways(True)
GIVES = Ways(False, frozenset(("give",)))
_COLLECTS = Ways(False, frozenset(("collect",)))
_ENDS = Ways(False)

_GIVEN_TO = (syn.ServiceCall, syn.Repeat, syn.Wait)


class Leaving:
    """Answers for the blocks of one workflow; each statement is looked at once."""

    def __init__(self) -> None:
        self._known: dict[Span, Ways] = {}

    def side(self, side: syn.Block | syn.If | None) -> Ways:
        """The ways out of a side of an `if`; one that is not there is gone through."""
        match side:
            case None:
                return THROUGH
            case syn.If():
                return self._statement(side)
            case _:
                return self.rest(side.statements)[0]

    def rest(self, statements: Sequence[syn.Statement]) -> tuple[Ways, ...]:
        """For each statement the ways out from before it, and last those from the end."""
        found = [THROUGH]
        for one in reversed(statements):
            found.append(self._statement(one).then(found[-1]))
        return tuple(reversed(found))

    def _statement(self, one: syn.Statement) -> Ways:
        known = self._known.get(one.span)
        if known is None:
            known = self._known[one.span] = self._find(one)
        return known

    def _find(self, one: syn.Statement) -> Ways:
        match one:
            case syn.Complete() | syn.Terminate():
                return _ENDS
            case syn.Give():
                return GIVES
            case syn.Collect():
                return _COLLECTS
            case syn.Let(value=syn.ForEach() as made) | syn.Set(value=syn.ForEach() as made):
                return Ways(True, self._statement(made).out - {"collect"})
            case syn.Let(value=made) | syn.Set(value=made) if isinstance(made, _GIVEN_TO):
                # Some way has to give: with none there is nothing to bind.
                return Ways(True, self._statement(made).out - {"give"})
            case syn.If(then=then, otherwise=otherwise):
                return self.side(then) | self.side(otherwise)
            case syn.Match(cases=cases):
                found = self.side(cases[0].body)
                for case in cases[1:]:
                    found |= self.side(case.body)
                return found
            case syn.ServiceCall(handler=syn.Handler(body=body)):
                # Where the call is done the block goes on.
                return THROUGH | self.side(body)
            case syn.Wait(cases=arrivals, otherwise=otherwise):
                found = self.side(otherwise)
                for arrival in arrivals:
                    found |= self.side(arrival.body)
                return found
            case syn.ForEach(body=body):
                return Ways(True, self.side(body).out)
            case syn.Repeat(body=body, otherwise=otherwise):
                # Its body comes round again, until the `else` follows.
                rest = self.side(otherwise)
                return Ways(rest.through, rest.out | self.side(body).out)
            case (
                syn.Parallel(branches=branches)
                | syn.Let(value=syn.Parallel(branches=branches))
                | syn.Set(value=syn.Parallel(branches=branches))
            ):
                # All of them have to come to their end.
                return Ways(all(self.side(one.body).goes_on for one in branches))
            case _:
                return THROUGH
