"""What the world outside answers in one scenario, and what was asked of it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from gantral.cli.scenarios.model import Answer, Scenario

_ACTS = ("effect", "critical effect")


class Script:
    """The answers of one scenario, each given once. Services and policy ask from their threads."""

    def __init__(self, scenario: Scenario) -> None:
        self._answers = {name: list(listed) for name, listed in scenario.given.items()}
        self._policy = {gate: list(words) for gate, words in scenario.policy.items()}
        self._lock = threading.Lock()
        self.effects: list[tuple[str, Any]] = []
        self.unforeseen: list[str] = []

    def answer(self, operation: str, kind: str, arguments: Mapping[str, Any]) -> Answer | None:
        """The next answer of an operation; None when the scenario gives no more."""
        with self._lock:
            if kind in _ACTS:
                self.effects.append((operation, dict(arguments)))
            listed = self._answers.get(operation)
            if listed:
                return listed.pop(0)
            self.unforeseen.append(f"{operation} is called, and given says no further answer of it")
            return None

    def policy(self, gate: str) -> str:
        """The next word of the gate's policy, FAILURE when the scenario gives no more."""
        with self._lock:
            listed = self._policy.get(gate)
            if listed:
                return listed.pop(0)
            self.unforeseen.append(f"gate {gate} asks its policy, and policy says no word for it")
            return "FAILURE"

    def left_over(self) -> list[str]:
        """What was given and never asked for: a story that does not happen as it is told."""
        with self._lock:
            left = [f"given.{name}" for name, listed in self._answers.items() if listed]
            left += [f"policy.{gate}" for gate, words in self._policy.items() if words]
        return [f"{name} has more answers than were asked for" for name in left]
