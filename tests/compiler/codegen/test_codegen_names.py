"""Names of specs as Python names."""

from __future__ import annotations

import ast
import keyword

import pytest
from gantral.compiler import Project, analyse
from gantral.compiler.generate import generate
from gantral.compiler.mangle import MODEL_ATTRIBUTES, RESERVED, RESERVED_CLASSES, ClassNames, mangle
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True) | st.sampled_from(sorted(RESERVED))


@given(st.lists(NAMES, min_size=2, max_size=8, unique=True))
def test_mangling_is_one_to_one(names: list[str]) -> None:
    assert len({mangle(name) for name in names}) == len(names)


@pytest.mark.parametrize("prefix", ["", "_", "__", "private", "private_"])
@pytest.mark.parametrize("suffix", ["", "_", "__", "_0", "_0_", "_0__"])
@pytest.mark.parametrize("name", ["x", "class", "copy"])
def test_names_made_like_escapes_stay_apart(prefix: str, suffix: str, name: str) -> None:
    mine = prefix + name + suffix
    others = {
        one + other + end
        for one in ("", "_", "__", "private", "private_")
        for other in ("x", "class", "copy")
        for end in ("", "_", "__", "_0", "_0_", "_0__")
    } - {mine}
    assert mangle(mine) not in {mangle(other) for other in others}


@given(NAMES)
def test_what_comes_out_is_usable(name: str) -> None:
    python = mangle(name)
    assert python.isidentifier()
    assert not keyword.iskeyword(python)
    assert not keyword.issoftkeyword(python)
    assert not python.startswith("_")


def test_every_attribute_of_a_model_is_reserved() -> None:
    # The compiler can't import pydantic, so it keeps the list: hold it against the real ones.
    from gantral.runtime import Approval, Ask, Call, Record

    seen = {
        name
        for model in (Record, Call, Ask, Approval)
        for name in dir(model)
        if not name.startswith("_") and not name.endswith("_")
    }
    assert seen <= MODEL_ATTRIBUTES


def test_every_name_that_generated_code_imports_is_reserved() -> None:
    from gantral.compiler import generate

    imported = {name for names in generate._STANDARD.values() for name in names}
    imported |= {*generate._RUNTIME, *generate._CLIENT}
    assert imported <= RESERVED | RESERVED_CLASSES | {"Awaitable", "abstractmethod"}


def test_class_names_are_free_and_their_own() -> None:
    names = ClassNames()
    asked = [("a_b", "c"), ("a", "b_c"), ("true",), ("input",), ("record",), ("record",)]
    taken = [names.take(*parts) for parts in asked]
    assert taken == ["ABC", "ABC_", "True_", "Input_", "Record_", "Record_3_"]


def test_a_service_without_operations_is_still_python() -> None:
    text = """
role boss
workflow w version "1.0.0" {
  team t
  start by boss
  service other on queue "x" { }
  run { complete }
}
"""
    (program,) = analyse(Project({"w.gantral": text}.get), "w.gantral").programs
    compile(generate(program, {"w.gantral": text}).files["services.py"], "services.py", "exec")


BRANCHES = ["parallel", "x", "branch_x", "x_1", "branch1_x", "begun1_x", "parallel1", "class"]


@given(st.permutations(BRANCHES))
def test_branches_of_any_name_stay_apart_from_what_begins_them(names: list[str]) -> None:
    branches = "\n".join(
        f"branch {name} {{ let known = shop.price(name: input.name)  give known }}"
        for name in names
    )
    text = f"""
role boss
workflow w version "1.0.0" {{
  team t
  start by boss
  input {{ name: string }}
  output {{ all: int }}
  service shop on queue "x" {{ read price(name: string) -> int {{ timeout 1m }} }}
  run {{
    let found = parallel {{ {branches} }}
    complete {{ all: {" + ".join(f"found.{name}" for name in names)} }}
  }}
}}
"""
    (program,) = analyse(Project({"w.gantral": text}.get), "w.gantral").programs
    tree = ast.parse(generate(program, {"w.gantral": text}).files["workflow.py"])
    (body,) = (one for one in ast.walk(tree) if getattr(one, "name", "") == "body")
    bound = [
        one.name if isinstance(one, ast.AsyncFunctionDef) else one.id
        for one in ast.walk(body)
        if isinstance(one, ast.AsyncFunctionDef)
        or (isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store))
    ]
    assert len(bound) == len(set(bound))
    assert len(bound) > 2 * len(names)
