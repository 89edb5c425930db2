"""Makes the TextMate grammar of gantral.lark: `python editors/textmate.py` (`--check` compares).

Colours are for words. Most of Gantral's keywords are also good names (`a`, `time`, `queue`), so a
word that the grammar has only inside a phrase is coloured only there, and none is after a dot or
before a colon, where no word is a keyword (LANGUAGE section 2).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LARK = ROOT / "grammar" / "gantral" / "grammar" / "gantral.lark"
TARGET = Path(__file__).parent / "vscode" / "syntaxes" / "gantral.tmLanguage.json"

PHRASES = (
    "one at a time per", "initiator may decide", "once per", "start by", "on failure", "on queue",
    "for each", "at most", "up to", "deciders of", "points of", "by policy", "run workflow",
)  # fmt: skip
CONSTANTS = ("true", "false", "none", "some")
OPERATORS = ("and", "or", "not", "in", "is")
# What touches authority stands out from what only steers.
AUTHORITY = ("ask", "under", "decide", "needs", "veto", "waived", "guarded", "releases", "apart")
CONTROL = (
    "if", "then", "else", "match", "for each", "for", "repeat", "parallel", "branch", "wait",
    "sleep", "until", "within", "require", "terminate", "complete", "give", "collect", "at most",
)  # fmt: skip
DECLARING = (
    "workflow", "gate", "service", "policy", "role", "assurance", "calendar", "event", "read",
    "notify", "effect",
)  # fmt: skip
BINDING = ("let", "var")


def words(grammar: str) -> tuple[list[str], list[str]]:
    """The grammar's phrases and its words outside of them, each sorted."""
    rules = re.sub(r"//[^\n]*", "", grammar)
    for phrase in PHRASES:
        literal = " ".join(f'"{word}"' for word in phrase.split())
        if literal not in rules:
            raise SystemExit(f"`{phrase}` is no phrase of the grammar: mend PHRASES")
        rules = rules.replace(literal, " ")
    return sorted(PHRASES), sorted(set(re.findall(r'"([a-z]+)"', rules)))


def keyword(scope: str, chosen: Iterable[str]) -> dict[str, Any]:
    """A rule that colours these words and phrases; the longest wins."""
    ordered = sorted(chosen, key=lambda one: (-len(one), one))
    alternatives = "|".join(one.replace(" ", r"\s+") for one in ordered)
    return {"name": f"{scope}.gantral", "match": rf"(?<![.\w])(?:{alternatives})(?!\w|\s*:)"}


def naming(scope: str, chosen: Iterable[str]) -> dict[str, Any]:
    """A rule that colours the name after a word that binds one."""
    return {
        "match": rf"(?<![.\w])({'|'.join(sorted(chosen))})\s+([a-z_][a-z0-9_]*)\b",
        "captures": {"1": {"name": "storage.type.gantral"}, "2": {"name": f"{scope}.gantral"}},
    }


def grammar(text: str) -> dict[str, Any]:
    """The TextMate grammar, as plain data."""
    phrases, single = words(text)
    left = [*phrases, *single]

    def take(chosen: Iterable[str]) -> list[str]:
        taken = [one for one in chosen if one in left]
        for one in taken:
            left.remove(one)
        return taken

    rules = [
        keyword("constant.language", take(CONSTANTS)),
        keyword("keyword.operator.word", take(OPERATORS)),
        keyword("keyword.control", take(CONTROL)),
        keyword("keyword.other.authority", take(AUTHORITY)),
    ]
    # All that no group above has.
    rules.append(keyword("keyword.other", left))
    return {
        "name": "Gantral",
        "scopeName": "source.gantral",
        "fileTypes": ["gantral"],
        "patterns": [{"include": f"#{one}"} for one in ("comments", "texts", "numbers")]
        + [{"include": "#names"}, {"include": "#keywords"}, {"include": "#types"}],
        "repository": {
            "comments": {
                "patterns": [
                    {"name": "comment.line.documentation.gantral", "match": r"##.*$"},
                    {"name": "comment.line.number-sign.gantral", "match": r"#.*$"},
                ]
            },
            "texts": {
                "name": "string.quoted.double.gantral",
                "begin": '"',
                "end": r'"|$',
                "patterns": [
                    {
                        "name": "constant.character.escape.gantral",
                        "match": r"\\(?:u\{[0-9a-fA-F]+\}|.)",
                    },
                    {
                        "name": "meta.embedded.gantral",
                        "begin": r"\{",
                        "end": r"\}|(?=\"|$)",
                        "patterns": [
                            {"include": "#numbers"},
                            {"include": "#keywords"},
                        ],
                    },
                ],
            },
            "numbers": {
                "patterns": [
                    {
                        "name": "constant.numeric.time.gantral",
                        "match": r"\b[0-9]{2}:[0-9]{2}\b",
                    },
                    {
                        "name": "constant.numeric.gantral",
                        "match": r"\b[0-9]+(?:\.[0-9]+|ms|[smhdw])?\b",
                    },
                ]
            },
            "names": {
                "patterns": [
                    naming("entity.name.function", DECLARING),
                    naming("variable.other.constant", BINDING),
                ]
            },
            "keywords": {"patterns": rules},
            "types": {"name": "entity.name.type.gantral", "match": r"\b[A-Z][A-Za-z0-9]*\b"},
        },
    }


def made() -> str:
    """The bytes of the grammar's file, as text."""
    plain = grammar(LARK.read_text(encoding="utf-8"))
    return json.dumps(plain, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """0 when the file is written or fresh, 1 when `--check` finds it stale."""
    if arguments == ["--check"]:
        fresh = TARGET.is_file() and TARGET.read_text(encoding="utf-8") == made()
        print("the TextMate grammar is fresh" if fresh else "stale: run this without --check")
        return 0 if fresh else 1
    TARGET.write_text(made(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
