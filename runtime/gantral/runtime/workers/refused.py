"""What a command that may not be signed is refused with."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - the commit is refused; that is no fault
    """A rule that the command breaks: its name, and why in words."""

    def __init__(self, rule: str, why: str) -> None:
        self.rule = rule
        super().__init__(why)
