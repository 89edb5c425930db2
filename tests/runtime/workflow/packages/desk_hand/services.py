from __future__ import annotations

from typing import ClassVar

from gantral.runtime import Call, Operation

from .types import KeyState, Serial


class KeysLook(Call[KeyState]):
    operation_: ClassVar[Operation] = Operation("keys.look")
    result_: ClassVar[type[KeyState]] = KeyState
    what: str


class KeysTell(Call[None]):
    operation_: ClassVar[Operation] = Operation("keys.tell")
    result_: ClassVar[None] = None
    what: str


class KeysGrant(Call[Serial]):
    operation_: ClassVar[Operation] = Operation("keys.grant")
    result_: ClassVar[type[Serial]] = Serial
    what: str


class KeysPaint(Call[Serial]):
    operation_: ClassVar[Operation] = Operation("keys.paint")
    result_: ClassVar[type[Serial]] = Serial
    what: str


class keys:  # noqa: N801
    look = KeysLook
    tell = KeysTell
    grant = KeysGrant
    paint = KeysPaint
