"""The TextMate grammar has the language's keywords and no others."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from gantral.grammar.lexer import lex
from gantral.grammar.machine import load

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "editors" / "textmate.py"
FILE = ROOT / "editors" / "vscode" / "syntaxes" / "gantral.tmLanguage.json"
GRAMMAR: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
KEYWORDS: list[str] = [one["match"] for one in GRAMMAR["repository"]["keywords"]["patterns"]]
NAMES: list[str] = [one["match"] for one in GRAMMAR["repository"]["names"]["patterns"]]


def script() -> Any:
    where = importlib.util.spec_from_file_location("textmate", SCRIPT)
    assert where is not None
    assert where.loader is not None
    module = importlib.util.module_from_spec(where)
    where.loader.exec_module(module)
    return module


def words(pattern: str) -> set[str]:
    """The words that a pattern spells out."""
    return set(re.findall(r"[a-z]+", re.sub(r"\[[^]]*\]|\\[a-zA-Z]", " ", pattern)))


def coloured(text: str) -> set[tuple[int, str]]:
    """The words of a text that some keyword rule colours, by their place."""
    found: set[tuple[int, str]] = set()
    for pattern in KEYWORDS:
        for one in re.finditer(pattern, text):
            for word in re.finditer(r"\w+", one.group()):
                found.add((one.start() + word.start(), word.group()))
    return found


def test_the_file_is_fresh() -> None:
    said = subprocess.run(
        [sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stdout) == (0, "the TextMate grammar is fresh\n")


def test_a_stale_file_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = script()
    stale = tmp_path / "stale.json"
    stale.write_text(FILE.read_text(encoding="utf-8").replace("veto", "vote"), encoding="utf-8")
    monkeypatch.setattr(module, "TARGET", stale)
    assert module.main(["--check"]) == 1
    assert module.main([]) == 0
    assert stale.read_bytes() == FILE.read_bytes()


def test_its_keywords_are_those_of_the_parser() -> None:
    # The parser's table is one way from gantral.lark, the script another.
    assert set().union(*(words(one) for one in KEYWORDS)) == load().keywords
    assert set().union(*(words(one) for one in NAMES)) < load().keywords


def test_a_phrase_that_the_grammar_lacks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    module = script()
    monkeypatch.setattr(module, "PHRASES", (*module.PHRASES, "at least"))
    with pytest.raises(SystemExit):
        module.made()


@pytest.mark.parametrize("word", ["decide", "under", "input", "true", "not", "timeout"])
def test_a_keyword_is_coloured_only_where_it_can_be_one(word: str) -> None:
    assert coloured(f"({word})") == {(1, word)}
    assert coloured(f"a.{word}") == set()
    assert coloured(f"{word}: 1, {word} : 2") == set()
    assert coloured(f"{word}s x{word} {word}_") == set()


def test_a_word_of_a_phrase_is_a_name_outside_of_it() -> None:
    assert coloured("one at a time per queue") == {
        (0, "one"), (4, "at"), (7, "a"), (9, "time"), (14, "per")
    }  # fmt: skip
    assert coloured("let a = time + one + queue") == {(0, "let")}


def test_the_example_is_coloured_as_it_is_read() -> None:
    text = (ROOT / "examples" / "refund" / "refund.gantral").read_text(encoding="utf-8")
    found = {word for _, word in coloured(text)}
    told = {one.text for one in lex(text).tokens if one.kind == "WORD"}
    assert {"workflow", "gate", "decide", "ask", "under", "clock", "once", "per"} <= found & told
    assert found.isdisjoint({"finance", "payments", "approved", "done", "id", "amount", "total"})
