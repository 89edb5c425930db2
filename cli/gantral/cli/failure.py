"""The one exception that a command raises to say something to its user."""

from __future__ import annotations

CLEAN = 0
FINDINGS = 1
MISUSE = 64
CRASH = 70


class Failure(Exception):  # noqa: N818 - it is what the user is told, not a fault of ours
    """Something the user can mend: printed as a message, never as a traceback.

    Args:
        message: what is wrong and where; may span lines.
        remedy: what to do about it, or "" when the message already says so.
        code: the exit status (DESIGN section 9).
    """

    def __init__(self, message: str, remedy: str = "", code: int = FINDINGS) -> None:
        self.message = message
        self.remedy = remedy
        self.code = code
        super().__init__(message)

    def __str__(self) -> str:
        return f"{self.message}\n  help: {self.remedy}" if self.remedy else self.message
