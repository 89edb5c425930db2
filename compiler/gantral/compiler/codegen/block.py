"""What a block of generated code is made of."""

from __future__ import annotations

from typing import Literal

from gantral.compiler.program import Type
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span


@frozen
class Line:
    """A line of Python and where in the spec it comes from."""

    text: str
    span: Span


@frozen
class Exit:
    """How a value leaves a block: `before` stands before the value, of `type`, and is empty when
    nobody reads it; after it Python `goes` on, by nothing where it is the last step anyway. `left`
    is a name that is set on the way, where loops inside have to be left first."""

    before: str
    type: Type
    goes: Literal["", "break", "continue"] = ""
    left: str = ""

    @property
    def returns(self) -> bool:
        """Whether the value is what a branch's coroutine returns, out of whatever stands in it."""
        return self.before == "return "

    @property
    def ends(self) -> bool:
        """Whether nothing of the block follows it in Python's own flow."""
        return self.returns or bool(self.goes)


@frozen
class Around:
    """Where a `give` and a `collect` in a block lead; to None where nothing takes it."""

    give: Exit | None = None
    collect: Exit | None = None


NOWHERE = Around()
