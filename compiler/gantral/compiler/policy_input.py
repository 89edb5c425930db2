"""What a gate's policy is asked, as a JSON Schema that OPA's type checker reads (proof P10)."""

from __future__ import annotations

from gantral.compiler.digest import Tree
from gantral.compiler.program import Gate, Program
from gantral.compiler.shapes import shape

_TEXT: Tree = {"type": "string"}
_SCALARS: dict[str, Tree] = {
    "int": {"type": "integer"},
    # Numbers there, written exactly from their text (LANGUAGE section 6).
    "decimal": {"type": "number"},
    "bool": {"type": "boolean"},
    # Any value: OPA knows nothing of what is in it.
    "json": {},
}


def input_schema(program: Program, gate: Gate) -> dict[str, object]:
    """The schema of the policy input, v1: {version, workflow, gate, round, initiator, proposal}.
    Closed: a field that is not there is one that no policy may read."""
    given: dict[str, object] = {
        "version": {"type": "integer"},
        "workflow": _TEXT,
        "gate": _TEXT,
        "round": {"type": "integer"},
        "initiator": _TEXT,
        "proposal": _schema(shape(gate.parameters)),
    }
    return _closed(given)


def _schema(one: Tree) -> object:
    assert isinstance(one, list)
    match one:
        case ["optional", inner]:
            return _schema(inner)
        case ["record", [*fields]]:
            found: dict[str, object] = {}
            for field in fields:
                assert isinstance(field, list)
                found[str(field[0])] = _schema(field[1])
            return _closed(found)
        case ["list", _, element]:
            return {"type": "array", "items": _schema(element)}
        case [str(word), *_]:
            return _SCALARS.get(word, _TEXT)
    raise ValueError(one)


def _closed(fields: dict[str, object]) -> dict[str, object]:
    return {"type": "object", "properties": fields, "additionalProperties": False}
