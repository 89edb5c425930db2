"""Events as the program knows them (LANGUAGE sections 2 and 7)."""

from __future__ import annotations

from gantral.compiler.program.types import RecordType
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span


@frozen
class Event:
    """`event name { … } from …`: what is sent, and who may send it. `roles` are bare names, sorted;
    `initiator` says that whoever started the instance may."""

    name: str
    data: RecordType
    roles: tuple[str, ...]
    initiator: bool
    doc: str
    span: Span
