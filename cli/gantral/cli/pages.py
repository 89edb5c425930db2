"""The pages of the codes: read, and shown on a terminal."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

from gantral.cli.bundled import code_pages

# LANGUAGE section 11. A test holds that every page is of one of these.
FAMILIES = {
    "G00": "reading",
    "G01": "syntax",
    "G02": "names and types",
    "G03": "authority",
    "G04": "flow",
    "G05": "time and size",
    "G06": "policy",
    "G07": "roster",
}

_WIDEST = 100
_BOLD, _CYAN, _RED, _GREEN = "1", "36", "31", "32"
# What stands above an example, by the word of its fence.
_SAYS = {
    "error": (_RED, "refused"),
    "ok": (_GREEN, "accepted"),
    "beside": (_CYAN, "the file beside it"),
}


@dataclass(frozen=True, slots=True)
class Page:
    """One code's page: `body` is its Markdown below the title."""

    code: str
    title: str
    body: str


def codes() -> list[str]:
    """Every code that has a page, in order.

    Raises:
        Failure: the pages are missing from the installation.
    """
    return sorted(path.stem for path in code_pages().glob("G[0-9][0-9][0-9][0-9].md"))


def page(code: str) -> Page:
    """The page of a code of :func:`codes`.

    Raises:
        Failure: the pages are missing from the installation.
    """
    text = (code_pages() / f"{code}.md").read_text(encoding="utf-8")
    head, _, body = text.partition("\n")
    return Page(code, head.removeprefix(f"# {code}: "), body.strip() + "\n")


def as_text(one: Page, width: int, color: bool) -> str:
    """The page for a terminal: paragraphs filled to `width`, examples indented under a word that
    says what becomes of them."""
    width = max(40, min(width, _WIDEST))
    out = [_paint(f"{one.code}: {one.title}", _BOLD, color)]
    paragraph: list[str] = []
    lines = iter(one.body.splitlines())

    def fill() -> None:
        if paragraph:
            text = " ".join(paragraph)
            paragraph.clear()
            out.extend(["", *textwrap.wrap(text, width, break_on_hyphens=False)])

    for line in lines:
        if line.startswith("```"):
            fill()
            out += ["", *_example(line.removeprefix("```").split(), color)]
            for code in lines:
                if code == "```":
                    break
                out.append(_paint(f"    {code}", _CYAN, color) if code else "")
        elif not line:
            fill()
        else:
            paragraph.append(line.strip())
    fill()
    return "\n".join(out) + "\n"


def _example(fence: list[str], color: bool) -> list[str]:
    """What is said above an example; its fence is `gantral error escaped times=9` and the like
    (tests/dsl/test_codes.py reads the same words)."""
    language, kind, *options = fence
    paint, word = _SAYS[kind]
    notes = ["a flow graph"] if language == "flow" else []
    for option in options:
        times = re.fullmatch(r"times=(\d+)", option)
        notes.append(f"{times[1]} times over" if times else "with escapes for what can't be seen")
    said = f"{word} ({', '.join(notes)}):" if notes else f"{word}:"
    return [_paint(said, paint, color)]


def _paint(text: str, how: str, color: bool) -> str:
    return f"\x1b[{how}m{text}\x1b[0m" if color else text
