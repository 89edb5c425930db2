"""Work that depends on a piece of a manifest alone is done once for each piece in memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

T = TypeVar("T")
# An auditor's run meets few programs; the rest of the house one.
_MOST = 512


def once(function: Callable[[Any], T]) -> Callable[[Any], T]:
    """``function``, remembering its results by the identity of its argument, which nobody may
    change: a parsed manifest's part (``check_manifest`` parses each manifest once).

    Not by value: a manifest's parts have no hash. The argument is kept, so that no other object
    can take its identity. An argument for which ``function`` raises is not remembered.
    """
    known: dict[int, tuple[Any, T]] = {}

    @wraps(function)
    def remembered(argument: Any) -> T:
        found = known.get(id(argument))
        if found is not None:
            return found[1]
        result = function(argument)
        if len(known) >= _MOST:
            known.clear()
        known[id(argument)] = (argument, result)
        return result

    return remembered
