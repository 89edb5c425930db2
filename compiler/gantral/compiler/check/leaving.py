"""Which ways lead out of a block, told from its words alone: known before the block is checked."""

from __future__ import annotations

from collections.abc import Sequence

from gantral.dsl import syntax as syn
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span


@frozen
class Ways:
    """How the run may go on: off the end (`through`), or by a `give` to what is around (`gives`).
    When by neither, the run ends there."""

    through: bool
    gives: bool

    def __or__(self, other: Ways) -> Ways:
        return Ways(self.through or other.through, self.gives or other.gives)

    def then(self, following: Ways) -> Ways:
        """The ways out when this is followed by something else."""
        return Ways(
            self.through and following.through, self.gives or (self.through and following.gives)
        )

    @property
    def goes_on(self) -> bool:
        """Whether the run may go on at all."""
        return self.through or self.gives


THROUGH = Ways(True, False)
GIVES = Ways(False, True)
_ENDS = Ways(False, False)


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
            case syn.Give() | syn.Collect():
                return GIVES
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
                return Ways(True, self.side(body).gives)
            case syn.Repeat(body=body, otherwise=otherwise):
                # Its body comes round again, until the `else` follows.
                rest = self.side(otherwise)
                return Ways(rest.through, rest.gives or self.side(body).gives)
            case syn.Parallel(branches=branches) | syn.Let(value=syn.Parallel(branches=branches)):
                # All of them have to come to their end.
                return Ways(all(self.side(one.body).goes_on for one in branches), False)
            case _:
                return THROUGH
