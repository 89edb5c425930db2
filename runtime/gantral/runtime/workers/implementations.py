"""From an operation's name to the team's method, its arguments and its result, all strict."""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from gantral.runtime.calls import Call, CallContext, Service
from gantral.runtime.returned import Returned
from gantral.runtime.settings_reader import SettingsError
from gantral.runtime.values import Record, problem
from pydantic import ValidationError
from temporalio import activity


class BadArguments(Exception):  # noqa: N818 - what the caller sent, not a fault of ours
    """Arguments outside the operation's types. Nothing was called."""


class BadResult(Exception):  # noqa: N818 - what the service returned, not a fault of ours
    """A result outside the operation's type. The service was called."""


@dataclass(frozen=True)
class Implementation:
    """One operation and the method that does it."""

    operation: str
    model: type[Call[Any]]
    method: Callable[..., Any]

    def arguments(self, data: object, *, service_names: bool = False) -> Call[Any]:
        """Read spec-named wire arguments (names of the wire for an operation with ``as``).

        Raises:
            BadArguments: names the field, never the value.
        """
        try:
            return self.model.from_service(data) if service_names else self.model.from_wire(data)
        except ValidationError as error:
            raise BadArguments(f"{self.operation}: {problem(error)}") from None

    async def call(
        self, context: CallContext, arguments: Call[Any], executor: Executor | None
    ) -> Record | None:
        """Call the method: ``async def`` is awaited here, ``def`` runs in a thread.

        Raises:
            BadResult: it returned a value outside its type.
            Exception: whatever the service raises.
        """
        named = {name: getattr(arguments, name) for name in type(arguments).model_fields}
        if inspect.iscoroutinefunction(self.method):
            returned = await self.method(context, **named)
        else:
            here = contextvars.copy_context()
            returned = await asyncio.get_running_loop().run_in_executor(
                executor, lambda: here.run(self.method, context, **named)
            )
            if inspect.isawaitable(returned):
                returned = await returned
        return self._result(returned)

    def _result(self, returned: object) -> Record | None:
        wanted = self.model.result_
        if wanted is None:
            if returned is not None:
                raise BadResult(f"{self.operation} returns nothing; it returned a value")
            return None
        try:
            if issubclass(wanted, Returned):
                return wanted.holding(returned)
            if not isinstance(returned, Record):
                raise BadResult(f"{self.operation} must return a {wanted.__name__}")
            return wanted.of(returned)
        except (ValidationError, TypeError) as error:
            words = problem(error) if isinstance(error, ValidationError) else str(error)
            raise BadResult(f"{self.operation}: {words}") from None


def implementations(services: Iterable[Service]) -> Mapping[tuple[str, str], Implementation]:
    """(package, operation) -> its implementation, for every operation of these services.

    The generated ``services.py`` says which Python name stands for which operation: a class of the
    service's name whose attributes are the call models.

    Raises:
        SettingsError: one service twice in a package.
    """
    found: dict[tuple[str, str], Implementation] = {}
    for service in services:
        package = type(service).package_
        for name, model in _operations(package, type(service).name_):
            operation = model.operation_.name
            if (package, operation) in found:
                raise SettingsError(
                    "worker.services", f"{operation} is implemented twice", "return one of the two"
                )
            found[package, operation] = Implementation(operation, model, getattr(service, name))
    return found


def call_context(
    *, team: str, workflow_id: str, instance_id: str, call: str, operation: str, undo: bool = False
) -> CallContext:
    """What the operation is told. Its key depends on the instance and the call site alone, so it is
    the same in every attempt, run and process (DESIGN section 5)."""
    source = "\n".join(("gantral.dev/call/v1", team, instance_id, call, "undo" if undo else "do"))
    loop = asyncio.get_running_loop()
    here = contextvars.copy_context()

    def heartbeat() -> None:
        # A service may call from its thread; Temporal wants the activity's loop and context.
        loop.call_soon_threadsafe(activity.heartbeat, context=here)

    return CallContext(
        key=hashlib.sha256(source.encode()).hexdigest(),
        operation=operation,
        call=call,
        instance_id=instance_id,
        workflow_id=workflow_id,
        team=team,
        attempt=activity.info().attempt,
        heartbeat=heartbeat,
    )


def _operations(package: str, service: str) -> Iterable[tuple[str, type[Call[Any]]]]:
    module = import_module(f"{package}.services")
    # A class of calls is bound to two names, `OrdersCalls` and `orders`.
    for value in dict.fromkeys(one for one in vars(module).values() if inspect.isclass(one)):
        if issubclass(value, Call):
            continue
        for name, model in vars(value).items():
            if (
                inspect.isclass(model)
                and issubclass(model, Call)
                and model.operation_.name.partition(".")[0] == service
            ):
                yield name, model
