"""The shipped parser table."""

from __future__ import annotations

import os
import subprocess
import sys

from gantral.grammar import build
from gantral.grammar.machine import load


def test_the_table_is_fresh_on_every_hash_seed() -> None:
    for seed in ("0", "4"):
        done = subprocess.run(
            [sys.executable, "-m", "gantral.grammar.build", "--check"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stdout) == (0, "table.json is fresh\n")


def test_another_grammar_gives_another_table() -> None:
    grammar = (build.FOLDER / "gantral.lark").read_text(encoding="utf-8")
    shipped = (build.FOLDER / "table.json").read_bytes()
    assert build.table(grammar) == shipped
    assert build.table(grammar.replace('"heartbeat"', '"pulse"')) != shipped


def test_parsing_imports_neither_lark_nor_anything_heavy() -> None:
    code = (
        "import sys; from gantral.dsl.parse import parse; parse('x', 'role r');"
        "print(sorted({'lark', 'jinja2', 'cryptography', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_each_rule_of_the_table_is_built() -> None:
    assert len(load().states) > 500
    assert "workflow" in load().keywords
