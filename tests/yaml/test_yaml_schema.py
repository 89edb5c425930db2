"""The published schema takes what the reader takes, and no key that it does not know."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from gantral.dsl.convert import UnwritableError, other_form
from gantral.dsl.front import read
from gantral.dsl.yaml.schema import text
from growing import program
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "yaml.schema.json"
REFUND = ROOT / "examples" / "refund_yaml" / "refund.gantral.yaml"


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(FILE.read_text("utf-8")))


def loaded(yaml: str) -> Any:
    return YAML(typ="safe", pure=True).load(yaml)


@pytest.mark.parametrize(
    "file", sorted((ROOT / "examples").rglob("*.gantral.yaml")), ids=lambda path: path.name
)
def test_an_example_keeps_to_it(validator: Draft202012Validator, file: Path) -> None:
    validator.validate(loaded(file.read_text("utf-8")))


def test_it_is_current_and_a_schema() -> None:
    assert FILE.read_text("utf-8") == text(), (
        "python -m gantral.dsl.yaml.schema > docs/yaml.schema.json"
    )
    Draft202012Validator.check_schema(json.loads(text()))


def test_the_examples_are_valid(validator: Draft202012Validator) -> None:
    for path in sorted((ROOT / "examples").rglob("*.gantral.yaml")):
        validator.validate(loaded(path.read_text("utf-8")))
    for path in sorted((ROOT / "tests" / "dsl" / "examples").rglob("*.gantral")):
        spec = path.read_text("utf-8")
        validator.validate(loaded(other_form(path.name, spec, read(path.name, spec))))


def test_what_grows_is_valid(validator: Draft202012Validator) -> None:
    valid = 0
    for seed in range(80):
        spec = " ".join(program(Random(seed)))
        result = read("a.gantral", spec)
        try:
            yaml = other_form("a.gantral", spec, result) if result.file else None
        except UnwritableError:
            continue
        if yaml is not None:
            validator.validate(loaded(yaml))
            valid += 1
    assert valid > 20


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("team: payments", "taem: payments"),
        ("releases: payments.refund", "release: payments.refund"),
        ("under: approved", "undr: approved"),
        ("ask: finance", "aks: finance"),
        ("timeout: 10s", "timout: 10s"),
        ("idempotent: true", "idempotent: yes please"),
        ("start by: people.support_agent", "# nobody starts it"),
        ("order: approved.order.id", "- approved.order.id"),
        ('on queue: "orders"', 'queue: "orders"'),
        ('rego: "policies/refund.rego"', "rego: [a]"),
    ],
)
def test_a_slip_is_not(validator: Draft202012Validator, right: str, wrong: str) -> None:
    spec = REFUND.read_text("utf-8")
    assert right in spec
    validator.validate(loaded(spec))
    mistaken = spec.replace(right, wrong, 1)
    if wrong.startswith("- "):
        mistaken = mistaken.replace("      amount: approved.refund\n", "")
    assert not validator.is_valid(loaded(mistaken))
    assert read("a.gantral.yaml", mistaken).file is None
