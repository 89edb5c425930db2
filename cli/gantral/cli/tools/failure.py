"""A tool that cannot be had, said in full: what was tried, how each try ended, what to install."""

from __future__ import annotations

from collections.abc import Sequence

from gantral.cli.failure import Failure


class ToolMissing(Failure):
    """No way of getting a tool worked.

    Args:
        tool: its name with the pinned version, for instance ``OPA 1.22.2``.
        attempts: (what was tried, how it ended) in the order tried.
        remedy: what a person can install so that the next run works.
    """

    def __init__(self, tool: str, attempts: Sequence[tuple[str, str]], remedy: str) -> None:
        self.tool = tool
        self.attempts = tuple(attempts)
        tried = "".join(f"\n  tried {what}: {error}" for what, error in self.attempts)
        super().__init__(f"{tool} could not be had{tried}", remedy)
