"""What the world outside answers in one play, and all that happens in it, in order."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from gantral.cli.scenarios.model import Answer, Cancel

_ACTS = ("effect", "critical effect")


@dataclass(frozen=True)
class Happened:
    """One thing that happened. ``what``: in words; of a commit the instance. ``site``: the place in
    the generated code, where that is known, "service.operation" or a gate where only that is."""

    at: datetime
    kind: Literal["act", "call", "failed call", "policy", "commit"]
    what: str
    site: str = ""


def _now() -> datetime:
    return datetime.now(UTC)


class Script:
    """The answers of one play, each given once. Services and policy ask from their threads.

    Args:
        given: operation -> its answers, in order.
        policy: gate -> the words of its policy, in order.
        cancels: who is to be asked to cancel during a call or before a gate.
        now: the driver's time.

    ``site`` is that of the call which is made next, for a driver that knows it.
    """

    def __init__(
        self,
        given: Mapping[str, Sequence[Answer]],
        policy: Mapping[str, Sequence[str]],
        cancels: Iterable[Cancel] = (),
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._answers = {name: list(listed) for name, listed in given.items()}
        self._policy = {gate: list(words) for gate, words in policy.items()}
        self._cancels = list(cancels)
        self._lock = threading.Lock()
        self._now = now
        self.effects: list[tuple[str, Any]] = []
        self.unforeseen: list[str] = []
        self.happened: list[Happened] = []
        self.site = ""

    def answer(self, operation: str, kind: str, arguments: Mapping[str, Any]) -> Answer | None:
        """The next answer of an operation; None when the scenario gives no more."""
        with self._lock:
            if kind in _ACTS:
                self.effects.append((operation, dict(arguments)))
            listed = self._answers.get(operation)
            answer = listed.pop(0) if listed else None
            if answer is None:
                said = "and given says no further answer of it"
                self.unforeseen.append(f"{operation} is called, {said}")
            elif answer.failure:
                said = f"{answer.failure.replace('_', ' ')}: {answer.reason}"
            else:
                said = "answered" if answer.result is None else _short(answer.result)
            failed = answer is None or bool(answer.failure)
            self.happened.append(
                Happened(
                    self._now(),
                    "failed call" if failed else "call",
                    f"{operation}({_short(arguments)}) → {said}",
                    self.site or operation,
                )
            )
            return answer

    def policy(self, gate: str) -> str:
        """The next word of the gate's policy, FAILURE when the scenario gives no more."""
        with self._lock:
            listed = self._policy.get(gate)
            if listed:
                word = listed.pop(0)
            else:
                word = "FAILURE"
                self.unforeseen.append(
                    f"gate {gate} asks its policy, and policy says no word for it"
                )
            self.happened.append(
                Happened(self._now(), "policy", f"the policy of {gate} says {word}", gate)
            )
            return word

    def act(self, what: str) -> None:
        """Tell what somebody did."""
        with self._lock:
            self.happened.append(Happened(self._now(), "act", what))

    @property
    def cancelling(self) -> bool:
        """Whether anybody is still to be asked to cancel, during a call or before a gate."""
        with self._lock:
            return bool(self._cancels)

    def cancels(self, *, during: str = "", before: str = "") -> list[Cancel]:
        """Who is to be asked to cancel now, while this operation is called for the first time, or
        before this gate is open."""
        with self._lock:
            due = [
                one
                for one in self._cancels
                if (during and one.during == during) or (before and one.before == before)
            ]
            self._cancels = [one for one in self._cancels if one not in due]
        for one in due:
            self.act(one.told)
        return due

    def none_to_cancel(self, one: Cancel) -> None:
        """Tell that no run was there to be asked."""
        with self._lock:
            why = f"no run of {one.workflow} could be cancelled"
            self.unforeseen.append(f"line {one.place.line}: {why}")

    def commit(self, instance_id: str) -> None:
        """Tell that an instance committed."""
        with self._lock:
            self.happened.append(Happened(self._now(), "commit", instance_id))

    def left_over(self) -> list[str]:
        """What was given and never asked for: a story that does not happen as it is told."""
        with self._lock:
            left = [f"given.{name}" for name, listed in self._answers.items() if listed]
            left += [f"policy.{gate}" for gate, words in self._policy.items() if words]
            waits = [(one.place.line, one.during, one.before) for one in self._cancels]
        told = [f"{name} has more answers than were asked for" for name in left]
        for line, called, asked in waits:
            what = f"{called} is never called" if called else f"{asked} is never asked"
            told.append(f"line {line}: nobody is cancelled: {what}")
        return told


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:99]}…"
