"""Immutable records whose classes cost little to make: dataclasses, but for when the work is done.

A spec is checked by a process that makes some 260 such classes first, most of which it never uses.
`dataclasses` looks at the fields of each and compiles six functions for it, which took more than a
half of `gantral check`. Here all classes share all functions but ``__init__``, which is compiled
when the first record is made, and the fields are looked at when somebody asks. They are the
standard library's own: `dataclasses.fields` and `replace`, and `match`, take such a record as any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from functools import cache
from inspect import get_annotations
from operator import attrgetter
from types import SimpleNamespace
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")
_FIELDS = "__dataclass_fields__"


@overload
def frozen(cls: type[T], /) -> type[T]: ...
@overload
def frozen(
    *, eq: bool = True, order: bool = False, kw_only: bool = False
) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(
    cls: type[T] | None = None, /, *, eq: bool = True, order: bool = False, kw_only: bool = False
) -> Any:
    """As ``dataclass(frozen=True, slots=True, …)``. What the class itself defines stays.

    Setting or deleting a field raises dataclasses.FrozenInstanceError.
    """

    def decorate(cls: type[T]) -> type[T]:
        own = [
            name
            for name, one in get_annotations(cls).items()
            if not str(one).startswith("ClassVar")
        ]
        shared = {**_SHARED, **(_EQUAL if eq else {}), **(_ORDER if order else {})}
        body = {
            **shared,
            **{name: one for name, one in cls.__dict__.items() if name not in own},
            "__slots__": tuple(own),
            _FIELDS: _Fields(cls, kw_only),
            "__dataclass_params__": _PARAMS,
        }
        body.pop("__dict__", None)
        body.pop("__weakref__", None)
        if not kw_only:
            body["__match_args__"] = (*getattr(cls, "__match_args__", ()), *own)
        made: Any = type(cls)
        record: type[T] = made(cls.__name__, cls.__bases__, body)
        return record

    return decorate if cls is None else decorate(cls)


# What a record's heir is asked of the classes it is made from.
_PARAMS = SimpleNamespace(frozen=False)


class _Fields:
    """What `dataclasses` makes of a class, made when it is first asked for."""

    def __init__(self, written: type, kw_only: bool) -> None:
        self._written = written
        self._kw_only = kw_only
        self._made: dict[str, Field[Any]] | None = None

    def __get__(self, record: object, cls: type) -> dict[str, Field[Any]]:
        if self._made is None:
            plain = dataclass(init=False, repr=False, eq=False, kw_only=self._kw_only)
            self._made = getattr(plain(self._written), _FIELDS)
        return self._made


def _first_init(self: Any, *given: object, **named: object) -> None:
    cls = self.__class__
    cls.__init__ = made = _init(cls)
    made(self, *given, **named)


def _init(cls: type) -> Callable[..., None]:
    names: dict[str, Any] = {}
    positional: list[str] = ["self"]
    by_name: list[str] = []
    body: list[str] = []
    for number, one in enumerate(_fields(cls)):
        if not one.init:
            continue  # `__post_init__` sets it
        value = one.name
        given = one.name
        if one.default is not MISSING:
            names[f"_default{number}"] = one.default
            given += f"=_default{number}"
        elif one.default_factory is not MISSING:
            names[f"_factory{number}"], names["_missing"] = one.default_factory, MISSING
            given += "=_missing"
            value = f"_factory{number}() if {value} is _missing else {value}"
        (by_name if one.kw_only else positional).append(given)
        # The slot itself: `__setattr__` refuses.
        names[f"_set{number}"] = getattr(cls, one.name).__set__
        body.append(f" _set{number}(self, {value})")
    if hasattr(cls, "__post_init__"):
        body.append(" self.__post_init__()")
    if by_name:
        positional.append("*")
    text = f"def __init__({', '.join(positional + by_name)}):\n" + "\n".join(body or [" pass"])
    exec(text, names)
    made: Callable[..., None] = names["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _fields(cls: Any) -> tuple[Field[Any], ...]:
    return fields(cls)


@cache
def _key(cls: type) -> Callable[[Any], Any]:
    names = [one.name for one in _fields(cls) if one.compare]
    return attrgetter(*names) if names else lambda record: ()


def _equal(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    key = _key(self.__class__)
    return key(self) == key(other)


def _less(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    key = _key(self.__class__)
    return key(self) < key(other)


def _at_most(self: Any, other: Any) -> Any:
    return self == other or self < other


def _hash(self: Any) -> int:
    return hash(_key(self.__class__)(self))


def _repr(self: object) -> str:
    every = _fields(self.__class__)
    told = (f"{one.name}={getattr(self, one.name)!r}" for one in every if one.repr)
    return f"{self.__class__.__qualname__}({', '.join(told)})"


def _refuse_to_set(self: object, name: str, value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: object) -> list[Any]:
    return [getattr(self, one.name) for one in _fields(self.__class__)]


def _setstate(self: object, state: list[Any]) -> None:
    for one, value in zip(_fields(self.__class__), state, strict=True):
        object.__setattr__(self, one.name, value)


_SHARED = {
    "__init__": _first_init,
    "__repr__": _repr,
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
    "__getstate__": _getstate,
    "__setstate__": _setstate,
}
# The other two are these, asked of the other record.
_ORDER = {"__lt__": _less, "__le__": _at_most}
_EQUAL = {"__eq__": _equal, "__hash__": _hash}
