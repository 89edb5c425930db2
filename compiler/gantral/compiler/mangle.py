"""Names of a spec as Python names: one to one, and never one that Python or a model needs.

Spec names are ASCII `[a-z_][a-z0-9_]*`; what ends in `_` after mangling belongs to the runtime or
is the escape of a reserved name.
"""

from __future__ import annotations

import keyword


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Attributes of a pydantic model and of the runtime's models: a field of that name would hide them.
MODEL_ATTRIBUTES = _words(
    "construct copy dict from_orm from_service from_wire json leaves model_computed_fields "
    "model_config model_construct model_copy model_dump model_dump_json model_extra model_fields "
    "model_fields_set model_json_schema model_parametrized_name model_post_init model_rebuild "
    "model_validate model_validate_json model_validate_strings of parse_file parse_obj parse_raw "
    "persons schema schema_json to_service to_wire update_forward_refs validate"
)

# Lower-case names that a generated module imports, annotates with, calls or has as a parameter.
MODULE_NAMES = _words(
    "abstractmethod annotations bool call cast cls contextlib date datetime expressions gates "
    "governed int isinstance property self str text timedelta tuple type"
)

RESERVED = (
    frozenset(keyword.kwlist) | frozenset({"_", "case", "match"}) | MODEL_ATTRIBUTES | MODULE_NAMES
)

# Upper-case names that a generated module imports or that Python has.
RESERVED_CLASSES = _words(
    "ActionFailed Annotated Any Approval Ask Awaitable Call CallContext Child ChildCompleted "
    "ChildRejected ChildTerminated ClassVar Client DateOf Document "
    "Decimal DecimalOf Decision DurationOf Event Failure False Governed Input Instance InstantOf "
    "IntOf Json JsonOf ListOf Literal None Operation Output Person PersonOf Record Returned Self "
    "Service StringOf True Vote Waiting Zone"
)


def mangle(name: str) -> str:
    """The Python name of a spec name; injective.

    Reserved names and names that end in `_` get another `_`. A leading `_`, which pydantic keeps
    for itself, is written out; no other name can come to end in `_0_`.
    """
    if name.startswith("_"):
        return f"private{name}_0_"
    if name in RESERVED or name.endswith("_"):
        return f"{name}_"
    return name


def camel(name: str) -> str:
    """`refund_limit` as `RefundLimit`, `payments.refund` as `PaymentsRefund`: not injective."""
    words = [word for word in name.replace(".", "_").split("_") if word]
    return "".join(word[0].upper() + word[1:] for word in words) or "X"


class ClassNames:
    """The class names of one package. The first that asks gets the name, the next a `_` more, and
    those after it a number."""

    def __init__(self) -> None:
        self._taken = set(RESERVED_CLASSES)
        self._numbers: dict[str, int] = {}

    def take(self, *parts: str) -> str:
        """A free name made of spec names or of names that were taken before."""
        name = "".join(camel(part) for part in parts)
        if name[0].isdigit():
            name = f"X{name}"
        base, number = name, self._numbers.get(name, 1)
        while name in self._taken:
            number += 1
            name = f"{base}_" if number == 2 else f"{base}_{number}_"
        self._numbers[base] = number
        self._taken.add(name)
        return name
