"""The JSON Schema of the YAML form, for editors: `python -m gantral.dsl.yaml.schema` prints
docs/yaml.schema.json.

It is made of the same table as the reader, and says less than it: what a scalar holds in text form
is a string there. A spec that the reader takes, it takes.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from gantral.dsl.yaml.forms import (
    BINDERS,
    CASE,
    DECLARATIONS,
    DECLARED,
    GROUPS,
    HANDLER,
    LIBRARY,
    OPERATIONS,
    STATEMENTS,
    VALUES,
    WAIT_CASE,
    WORKFLOW_FILE,
    Form,
    Key,
    Kind,
)

Json = dict[str, Any]
_WORD = "^[a-z_][a-z0-9_]*$"


def _ref(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def _map(of: Json) -> Json:
    return {"type": "object", "additionalProperties": of}


def _list(of: Json, least: int = 1) -> Json:
    return {"type": "array", "items": of, "minItems": least}


# A number or `true` is what YAML's other readers make of a scalar that we read as it stands.
_SCALAR: Json = {"type": ["string", "number", "boolean"]}
_BLOCK = _list(_ref("statement"), 0)
_KINDS: dict[Kind, Json] = {
    "name": {"type": "string", "pattern": _WORD},
    "type name": {"type": "string", "pattern": "^[A-Z][A-Za-z0-9]*$"},
    "path": {"type": "string"},
    "paths": {"anyOf": [{"type": "string"}, _list({"type": "string"})]},
    "expression": {"type": ["string", "number", "boolean", "object", "array"]},
    "type": {"anyOf": [{"type": "string"}, _map(_ref("type"))]},
    "fields": _map(_ref("type")),
    "values": {"type": "object"},
    "scalar": _SCALAR,
    "scalars": {"anyOf": [_SCALAR, _list(_SCALAR, 0)]},
    "text": {"type": "string"},
    "doc": {"type": "string"},
    "true": {"const": True},
    "block": _BLOCK,
    "handler": {"anyOf": [_BLOCK, _ref("handler")]},
    "otherwise": {"anyOf": [_BLOCK, _ref("if")]},
    "cases": _list(_ref("case")),
    "waits": _list(_ref("wait case")),
    "branches": {**_map(_BLOCK), "minProperties": 1},
    "operations": _list(_ref("operation"), 0),
    "output": {"type": ["object", "null"]},
    "declarations": _list(_ref("declaration"), 0),
    "imports": _map({"type": "string"}),
}


def schema() -> Json:
    """The schema, as what JSON is made of."""
    statements = [_object(form, [head]) for head, form in STATEMENTS.items() if head not in BINDERS]
    for word, form in BINDERS.items():
        rest = {name: key for name, key in form.items() if name != "be"}
        statements.append(_object(form, [word, "be"]))
        statements += [_object({**rest, **value}, [word, head]) for head, value in VALUES.items()]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A Gantral spec in YAML",
        "description": "Files *.gantral.yaml; docs/yaml.md says more. gantral check says the rest.",
        "anyOf": [_object(WORKFLOW_FILE, ["workflow"]), _object(LIBRARY, [])],
        "$defs": {
            "type": _KINDS["type"],
            "statement": {"anyOf": statements},
            "handler": _object(HANDLER, []),
            "if": _object(STATEMENTS["if"], ["if"]),
            "case": _object(CASE, []),
            "wait case": _object(WAIT_CASE, []),
            "operation": {"anyOf": [_object(form, [kind]) for kind, form in OPERATIONS.items()]},
            "declaration": {"anyOf": [_headed(kind) for kind in DECLARATIONS]},
            **{
                kind: _object(form, [kind]) for kind, form in DECLARATIONS.items() if kind != "type"
            },
            "type declaration": _object(DECLARATIONS["type"], ["type"]),
        },
    }


def _object(form: Form, heads: list[str]) -> Json:
    needed = [name for name, key in form.items() if key.needed and name not in heads]
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [*heads, *needed],
        "properties": {name: _key(name, key) for name, key in form.items()},
    }


def _key(name: str, key: Key) -> Json:
    return {"description": key.says, **(_group(name) if name in GROUPS else _KINDS[key.kind])}


def _group(name: str) -> Json:
    kind = GROUPS[name]
    headed = _headed(kind)
    if kind == "type":
        return {"anyOf": [_map(_ref("type")), _list(headed, 0)]}
    body = _object(DECLARED[kind], [])
    if kind in ("role", "assurance"):
        word = _KINDS["name"]
        body = {**body, "type": ["object", "null"]}
        return {"anyOf": [_map(body), _list({"anyOf": [word, headed]}, 0)]}
    return {"anyOf": [_map(body), _list(headed, 0)]}


def _headed(kind: str) -> Json:
    return _ref("type declaration" if kind == "type" else kind)


def text() -> str:
    """The bytes of docs/yaml.schema.json."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
