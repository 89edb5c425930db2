"""Which lines workflows run: what coverage is counted from."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any, Final, TypeVar

_T = TypeVar("_T")
LEAVES: Final = -1


@dataclass
class Seen:
    """What ran of a module.

    ``steps``: {(the line before in the same frame, the line)}; the line before the first is the
    function's own, ``LEAVES`` stands where a frame is left, or waits. ``instructions``: code and
    offset.
    """

    steps: set[tuple[int, int]] = field(default_factory=set)
    instructions: set[tuple[CodeType, int]] = field(default_factory=set)

    @property
    def places(self) -> Set[tuple[int, int]]:
        """Where the instructions that ran begin in the text: line, and column from 0."""
        found = set()
        for code in {code for code, _ in self.instructions}:
            for number, (line, _, column, _) in enumerate(code.co_positions()):
                ran = (code, 2 * number) in self.instructions
                if ran and line is not None and column is not None:
                    found.add((line, column))
        return found


class Watch:
    """Sees what runs of some modules: ``seen``, by module."""

    def __init__(self, modules: Iterable[str]) -> None:
        self.seen: dict[str, Seen] = {name: Seen() for name in modules}

    def over(self, step: Callable[[], _T]) -> _T:
        """Run a step of a workflow and see what runs of it."""
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            return step()
        finally:
            sys.settrace(before)

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        seen = self.seen.get(frame.f_globals.get("__name__", ""))
        if seen is None:
            return None
        # Two ways may stand in one line: `a if b else c`.
        frame.f_trace_opcodes = True
        steps, instructions, code = seen.steps, seen.instructions, frame.f_code
        last = frame.f_lineno

        def stepped(frame: FrameType, event: str, argument: Any) -> Any:
            nonlocal last
            if event == "opcode":
                instructions.add((code, frame.f_lasti))
            elif event == "line":
                steps.add((last, frame.f_lineno))
                last = frame.f_lineno
            elif event == "return":
                steps.add((last, LEAVES))
            return stepped

        return stepped
