"""How a generated class becomes a Temporal workflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, get_args

from gantral.runtime import programs
from gantral.runtime.execution import Governed
from gantral.runtime.keyring import NoKey
from gantral.runtime.values import Record
from temporalio import workflow
from temporalio.common import VersioningBehavior

ClassT = TypeVar("ClassT", bound="type[Governed[Any, Any]]")


class _AllButNoKey(type):
    def __instancecheck__(cls, error: object) -> bool:
        return cls.__subclasscheck__(type(error))

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, Exception) and not issubclass(kind, NoKey)


class FailsRun(Exception, metaclass=_AllButNoKey):  # noqa: N818 - it is never raised
    """Every exception fails the run, save that the instance's key can't be had: that fails the
    task, which Temporal gives out again. Nothing is done meanwhile, and a worker that looks for
    keys in the wrong place ends nobody's instances."""


def governed(*, workflow: str, program: str, codegen: int) -> Callable[[ClassT], ClassT]:
    """Make a generated class a Temporal workflow (PINNED, type = the spec's name).

    Raises:
        ImportError: if the code was generated for another runtime.
    """
    if codegen != programs.CODEGEN:
        raise ImportError(
            f"this package was generated for runtime {codegen}, this is {programs.CODEGEN}: run "
            "`gantral compile` with the installed version"
        )

    def decorate(cls: ClassT) -> ClassT:
        cls.program_ = program
        cls.workflow_ = workflow
        cls.input_ = _input(cls)
        _define(cls, workflow)
        return cls

    return decorate


def _input(cls: type[Governed[Any, Any]]) -> type[Record]:
    for base in getattr(cls, "__orig_bases__", ()):
        for argument in get_args(base)[:1]:
            if isinstance(argument, type) and issubclass(argument, Record):
                return argument
    raise TypeError(f"{cls.__name__} does not say what its input is: Governed[Input, Output]")


def _define(cls: type[Governed[Any, Any]], name: str) -> None:
    async def run(self: Governed[Any, Any], start: dict[str, Any]) -> dict[str, Any]:
        return await self.execute_(start)

    # Temporal wants the run method on the very class that it registers.
    run.__qualname__ = f"{cls.__qualname__}.run"
    run.__module__ = cls.__module__
    cls.run = workflow.run(run)  # type: ignore[attr-defined]
    workflow.defn(
        name=name,
        failure_exception_types=[FailsRun],
        versioning_behavior=VersioningBehavior.PINNED,
    )(cls)
