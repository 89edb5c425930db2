"""What a comparison says: findings with both places, and the verdict that follows from them."""

from __future__ import annotations

from typing import Literal, TypeAlias

from gantral.compiler.check.canonical import written
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span

Effect: TypeAlias = Literal["version", "weaker", "stricter", "note"]
"""`version`: the rule of versions is broken; `note`: it differs, and is no matter of authority."""

Verdict: TypeAlias = Literal["same", "new version", "weaker", "new", "gone"]

EFFECTS: tuple[Effect, ...] = ("version", "weaker", "stricter", "note")


@frozen
class Finding:
    """One difference. `says` is a plain sentence in which what an author wrote stands only as
    names, numbers and paths; `old` and `new` are the places, None where there is none."""

    effect: Effect
    about: str
    says: str
    old: Span | None
    new: Span | None


@frozen
class Comparison:
    """A workflow in two versions; a version that is not there is ""."""

    workflow: str
    verdict: Verdict
    old_version: str
    new_version: str
    findings: tuple[Finding, ...] = ()

    @property
    def fails(self) -> bool:
        """Whether a reviewer must look: authority is weaker, or the version does not tell of it."""
        return any(one.effect in ("version", "weaker") for one in self.findings)


@frozen
class Sides:
    """What is compared: its owner, its places, and how each version writes it."""

    about: str
    what: str
    was: str
    now: str
    old: Span | None
    new: Span | None

    def judged(
        self,
        forward: bool,
        backward: bool,
        less: str = "asks for less",
        more: str = "asks for more",
        unclear: str = "can't be shown to be no weaker",
    ) -> tuple[Finding, ...]:
        """The finding, from both directions of one question, so that no change can be told as
        stricter whose reverse is not weaker.

        Args:
            forward: the new one allows nothing that the old one didn't.
            backward: the old one allows nothing that the new one doesn't.
            less: what is said when only `backward` holds.
            more: what is said when only `forward` holds.
            unclear: what is said when neither does; it counts as weaker.
        """
        if forward and backward:
            return ()
        if forward:
            return (self._finding("stricter", more),)
        if backward:
            return (self._finding("weaker", less),)
        return (self._finding("weaker", unclear),)

    def note(self) -> tuple[Finding, ...]:
        """That it differs."""
        return (self._finding("note", "differs"),)

    def _finding(self, effect: Effect, how: str) -> Finding:
        change = f": {self.now}, it was {self.was}" if self.now or self.was else ""
        return Finding(effect, self.about, f"{self.what} {how}{change}", self.old, self.new)


def time(milliseconds: int | None) -> str:
    """A duration as one writes it in a spec; `none` when absent."""
    return "none" if milliseconds is None else written(milliseconds)
