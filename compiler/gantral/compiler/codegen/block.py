"""What a block of generated code is made of."""

from __future__ import annotations

from gantral.compiler.program import Type
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span


@frozen
class Line:
    """A line of Python and where in the spec it comes from."""

    text: str
    span: Span


@frozen
class Around:
    """What a `give` does: it fills `target` of `type`, and leaves the loop when `leave`; or it
    `returns` the value from the coroutine of a branch. What a `collect` does: it adds to
    `collected`, whose elements have the type `element`, and goes on to the next round when `skip`.
    """

    target: str
    type: Type
    leave: bool
    collected: str = ""
    element: Type | None = None
    skip: bool = False
    returns: bool = False

    @property
    def gives_to(self) -> str:
        """What stands before the value that is given; empty when nobody reads it."""
        return "return " if self.returns else f"{self.target} = " if self.target else ""
