"""The one exception of this package: a rule's name, what is wrong, and how grave it is."""

from __future__ import annotations


class EvidenceError(Exception):
    """Evidence, a key or a trust file breaks a rule (FORMAT section 8).

    Args:
        code: the rule's short name, stable, e.g. ``"signature"``.
        message: what is wrong and where, in one sentence.
        inconclusive: True when something is missing or unknown, False when something is wrong.
    """

    def __init__(self, code: str, message: str, *, inconclusive: bool = False) -> None:
        self.code = code
        self.message = message
        self.inconclusive = inconclusive
        super().__init__(f"{code}: {message}")


def refuse(code: str, message: str, *, inconclusive: bool = False) -> None:
    """Raise EvidenceError. Called as ``errors.refuse`` for every rule of the verifier, so that a
    test can switch one rule off and show that its forgery would then pass.

    Raises:
        EvidenceError: always.
    """
    raise EvidenceError(code, message, inconclusive=inconclusive)
