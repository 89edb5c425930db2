"""What OPA is asked: the policy input, v1 (LANGUAGE section 6).

``{version, workflow, gate, round, initiator, proposal}``. Integers and decimals are JSON numbers
written exactly from their text: OPA compares the text "1000.00" as less than "50.00", and compares
number literals exactly, so neither a float nor a text would do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gantral.policy.shapes import Shape, check

INPUT_VERSION = "1"


@dataclass(frozen=True)
class Question:
    """One question. ``body`` is the request's bytes; ``as_text`` the same input with every number
    as text, whose hash the policy record carries (``H("policy-input", canonical(as_text))``)."""

    query: str
    body: bytes
    as_text: dict[str, Any]


def question(
    *,
    query: str,
    workflow: str,
    gate: str,
    round: int,
    initiator: str,
    parameters: Shape,
    proposal: Mapping[str, Any],
) -> Question:
    """Build the question for a proposal of shape ``parameters``, spec-named wire values.

    ``initiator`` is the identity claim's value, as persons in the proposal are.

    Raises:
        ShapeError: the proposal does not have its shape. OPA says that null is under 100, so
            nothing unchecked is ever asked.
    """
    check(parameters, proposal)
    written = "".join(
        [
            f'{{"version":{INPUT_VERSION},"workflow":{_quoted(workflow)},"gate":{_quoted(gate)},',
            f'"round":{round},"initiator":{_quoted(initiator)},',
            f'"proposal":{_written(parameters, proposal)}}}',
        ]
    )
    as_text = {
        "version": INPUT_VERSION,
        "workflow": workflow,
        "gate": gate,
        "round": str(round),
        "initiator": initiator,
        "proposal": _texts(parameters, proposal),
    }
    return Question(query, f'{{"input":{written}}}'.encode(), as_text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _written(shape: Shape, value: Any) -> str:
    kind = shape[0]
    if kind == "optional":
        return _written(shape[1], value)
    if kind == "record":
        fields = (
            f"{_quoted(name)}:{_written(inner, value[name])}"
            for name, inner, _ in shape[1]
            if name in value
        )
        return "{" + ",".join(fields) + "}"
    if kind == "list":
        return "[" + ",".join(_written(shape[2], item) for item in value) + "]"
    if kind == "int":
        return str(value)
    if kind == "decimal":
        return str(value)  # its text is a JSON number already: the shape said so
    if kind == "bool":
        return "true" if value else "false"
    if kind == "json":
        return str(value)  # canonical text is JSON: policy sees the value itself
    return _quoted(value)


def _texts(shape: Shape, value: Any) -> Any:
    kind = shape[0]
    if kind == "optional":
        return _texts(shape[1], value)
    if kind == "record":
        return {name: _texts(inner, value[name]) for name, inner, _ in shape[1] if name in value}
    if kind == "list":
        return [_texts(shape[2], item) for item in value]
    if kind == "bool":
        return "true" if value else "false"
    return str(value)
