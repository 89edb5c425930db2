"""Specs made to break out of the generated code: what comes in as text comes out as that text."""

from __future__ import annotations

import importlib
import json
import string
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

from gantral.compiler import Project, analyse
from gantral.compiler.generate import generate
from gantral.compiler.mangle import MODEL_ATTRIBUTES, mangle
from hypothesis import assume, given, settings
from hypothesis import strategies as st

MARKS = [
    '"', "'", '"""', "\\", "\\n", "{", "}", "{{", "}}", "{{ x }}", "{% x %}", "{# x #}", "<< x >>",
    "<% x %>", "<# x #>", "\n", "\t", "#", "__import__('os')", "é", "ß", "日本", "👋", "Ω",
    "\\N{BULLET}", "%s", "${x}", "f'", "# noqa", " ", "end", "Decimal", "\\x00",
]  # fmt: skip
TEXTS = (
    st.lists(st.sampled_from(MARKS) | st.text(string.printable, max_size=4), max_size=6)
    .map("".join)
    .map(lambda text: unicodedata.normalize("NFC", text))
    .filter(lambda text: not any(sign in text for sign in "\r\x0b\x0c"))
)
# Words of the language can't name a value; everything else may.
LANGUAGE = set(
    "let var set undo collect give ask if match for repeat parallel wait sleep require terminate "
    "complete run else then and or not in is true false none some under only old new "
    "decision".split()
)
PYTHON = "class def import from lambda print self cls type id async await with try pass None_ "
NAMES = st.sampled_from(
    [
        *sorted((MODEL_ATTRIBUTES | set(PYTHON.lower().split())) - LANGUAGE),
        *("_", "__", "_x", "__init__", "__class__", "__dict__", "x_", "input_", "private_x", "x__"),
    ]
) | st.from_regex(r"[a-z_][a-z0-9_]{0,6}", fullmatch=True).filter(lambda name: name not in LANGUAGE)


def quoted(text: str) -> str:
    """A text as the language writes it."""
    for sign, written in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t"), ("{", "\\{")):
        text = text.replace(sign, written)
    return f'"{text}"'


def spec(fields: list[str], words: list[str], text: str, title: str) -> str:
    record = ", ".join(f"{name}: string" for name in fields)
    copied = ", ".join(f"{name}: seen.{name}" for name in fields)
    return f"""
role agent
role boss
workflow hostile version "1.0.0" {{
  team payments
  start by agent
  input {{ word: {" | ".join(quoted(word) for word in words)}, {record} }}
  output {{ answer: string, {record} }}
  service s on queue {quoted("q" + words[0]) if words[0].strip() else '"q"'} {{
    read look({record}) -> {{ {record} }} {{ timeout 1s }}
    effect act({record}) {{ timeout 1s }}
  }}
  gate g({record}) {{
    title {quoted(title)}
    releases s.act
    decide 1 of boss
    clock {{ after 1h reject }}
    lasts 5m
  }}
  run {{
    let seen = s.look({", ".join(f"{name}: input.{name}" for name in fields)})
    require input.word == {quoted(words[0])} else {quoted(text)}
    let ok = ask g({copied})
    s.act({", ".join(f"{name}: ok.{name}" for name in fields)}) under ok
    complete {{ answer: {quoted(text)}, {copied} }}
  }}
}}
"""


@contextmanager
def packaged(files: dict[str, bytes]) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        name = f"hostile_{Path(folder).name.replace('-', '_')}"
        home = Path(folder) / name
        home.mkdir()
        for file, data in files.items():
            (home / file).write_bytes(data)
        sys.path.insert(0, folder)
        try:
            yield name
        finally:
            sys.path.remove(folder)
            for module in [one for one in sys.modules if one.split(".")[0] == name]:
                del sys.modules[module]


def made(text: str) -> dict[str, bytes] | None:
    analysis = analyse(Project({"x.gantral": text}.get), "x.gantral")
    errors = [one for one in analysis.diagnostics if one.severity == "error"]
    if errors:
        return None
    return dict(generate(analysis.programs[0], {"x.gantral": text}).files)


def module(package: str, name: str) -> ModuleType:
    return importlib.import_module(f"{package}.{name}")


@settings(max_examples=settings.default.max_examples // 2)
@given(
    st.lists(NAMES, min_size=1, max_size=5, unique=True).filter(
        lambda names: not {"word", "answer"} & set(names)
    ),
    st.lists(TEXTS, min_size=1, max_size=4, unique=True),
    TEXTS,
    TEXTS,
)
def test_names_and_texts_come_out_as_they_went_in(
    fields: list[str], words: list[str], text: str, title: str
) -> None:
    files = made(spec(fields, words, text, title))
    assume(files is not None)
    assert files is not None
    values = {name: f"value of {name}" for name in fields}
    with packaged(files) as package:
        types, services = module(package, "types"), module(package, "services")
        annotation: Any = types.Input.model_fields["word"].annotation
        assert list(get_args(annotation)) == words
        given = types.Input.from_wire({"word": words[0], **values})
        assert given.to_wire() == {"word": words[0], **values}
        for name, value in values.items():
            assert getattr(given, mangle(name)) == value
        call = services.s.look.from_service(values)
        assert call.to_service() == values
        workflow = files["workflow.py"].decode()
        assert text in _constants(workflow)
        ask = module(package, "workflow").gates.g.from_wire(values)
        assert ask.title_() == title
    manifest = json.loads(files["manifest.json"])
    assert [name for name, *_ in manifest["output"][1][1:]] == fields
    assert manifest["gates"]["g"]["title"] == [["text", title]]


def _constants(code: str) -> set[str]:
    import ast

    return {
        node.value
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_the_property_is_not_empty() -> None:
    assert (
        made(spec(["copy", "class", "_x"], ['"{{ x }}"', "b"], "{% x %}\n'\\", "{# #}")) is not None
    )
