"""Comparisons as text: `full` for people, `json` for tools, `markdown` for a pull request."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from gantral.cli.specs import Checked
from gantral.compiler.compare import Comparison, Finding
from gantral.dsl.diagnostics import render
from gantral.dsl.positions import Lines, shown
from gantral.dsl.span import Span

# More of one place is its whole declaration, whose head tells enough.
MAX_LINES = 3


@dataclass(frozen=True, slots=True)
class Difference:
    """A comparison with the files of both versions."""

    comparison: Comparison
    old: Checked | None
    new: Checked | None

    @property
    def file(self) -> str:
        """The file as the user sees it: the new one, where there is one."""
        seen = self.new or self.old
        return "" if seen is None else seen.name

    @property
    def title(self) -> str:
        """The workflow and its versions."""
        versions = [
            one for one in (self.comparison.old_version, self.comparison.new_version) if one
        ]
        return f"{self.comparison.workflow} {' -> '.join(dict.fromkeys(versions))}"


@dataclass(frozen=True, slots=True)
class _Place:
    side: str
    file: str
    line: int
    end: int
    text: tuple[str, ...]


def told(found: Sequence[Difference], format: str) -> str:
    """All of it, in one of the formats; ends with a newline."""
    if format == "json":
        tree = [_plain(one) for one in found]
        return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"
    if format == "markdown":
        return _markdown(found)
    return "".join(_full(one) for one in found) or "no workflow in these files\n"


def refused(files: Sequence[Checked]) -> str:
    """The errors of versions that can't be compared, for a pull request."""
    found = list(dict.fromkeys(one for file in files for one in file.shown))
    sources = {name: text for file in files for name, text in file.shown_sources.items()}
    return "Not compared: a version does not check clean.\n\n" + _fence(render(found, sources))


def _full(one: Difference) -> str:
    lines = [f"{one.comparison.verdict}: {shown(one.title)} ({shown(one.file)})"]
    if one.comparison.verdict == "new":
        lines.append("  there is nothing to compare it with")
    for finding in one.comparison.findings:
        lines.append(f"  {finding.effect}: {finding.about}: {shown(finding.says)}")
        for place in _places(one, finding):
            lines.append(f"    {place.side} {shown(place.file)}:{place.line}")
            lines += [f"      | {text}" for text in place.text]
    return "\n".join(lines) + "\n"


def _plain(one: Difference) -> dict[str, object]:
    return {
        "workflow": one.comparison.workflow,
        "file": shown(one.file),
        "verdict": one.comparison.verdict,
        "fails": one.comparison.fails,
        "old_version": one.comparison.old_version or None,
        "new_version": one.comparison.new_version or None,
        "findings": [_plain_finding(one, each) for each in one.comparison.findings],
    }


def _plain_finding(one: Difference, finding: Finding) -> dict[str, object]:
    places = {place.side: place for place in _places(one, finding)}

    def where(side: str) -> dict[str, object] | None:
        place = places.get(side)
        if place is None:
            return None
        return {"file": shown(place.file), "line": place.line, "end_line": place.end}

    return {
        "effect": finding.effect,
        "about": finding.about,
        "says": finding.says,
        "old": where("old"),
        "new": where("new"),
    }


def _markdown(found: Sequence[Difference]) -> str:
    if not found:
        return "No workflow in these files.\n"
    rows = ["| workflow | authority | findings |", "|-|-|-|"]
    for one in found:
        verdict = one.comparison.verdict
        weighed = f"**{verdict}**" if one.comparison.fails else verdict
        rows.append(f"| {_cell(one.title)} | {weighed} | {_counted(one.comparison)} |")
    parts = ["\n".join(rows) + "\n"]
    for one in found:
        if not one.comparison.findings:
            continue
        parts.append(f"<details><summary>{_cell(one.title)}</summary>\n")
        for finding in one.comparison.findings:
            parts.append(f"**{finding.effect}** {_cell(finding.about)}: {_cell(finding.says)}\n")
            parts += [_fenced(place) for place in _places(one, finding)]
        parts.append("</details>\n")
    return "\n".join(parts)


def _counted(one: Comparison) -> str:
    effects = [each.effect for each in one.findings]
    return ", ".join(f"{effects.count(each)} {each}" for each in dict.fromkeys(effects))


def _cell(text: str) -> str:
    """Text in a table or a line: names, numbers and paths, in which nothing is a command of
    Markdown or HTML, nor the name of a person to be told."""
    plain = shown(text).replace("`", "'").replace("->", "→")
    return re.sub(
        r"[^\w .,:;'/→…-]",
        lambda match: f"&#{ord(match[0])};",
        plain,
    ).replace("_", "\\_")


def _fenced(place: _Place) -> str:
    return _fence("\n".join((f"{place.side} {shown(place.file)}:{place.line}", *place.text)))


def _fence(text: str) -> str:
    """An author's lines: the fence is longer than any in them, so that none of them ends it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text.rstrip()}\n{fence}\n"


def _places(one: Difference, finding: Finding) -> list[_Place]:
    found = []
    for side, file, span in (("old", one.old, finding.old), ("new", one.new, finding.new)):
        if file is not None and span is not None:
            found.append(_place(side, file, span))
    return found


def _place(side: str, file: Checked, span: Span) -> _Place:
    lines = Lines(file.sources.get(span.source, ""))
    first, _ = lines.place(span.start)
    last, _ = lines.place(max(span.start, span.end - 1))
    ends = last if last - first < MAX_LINES else first
    texts = [shown(lines.line(number)) for number in range(first, ends + 1)]
    margin = min((len(text) - len(text.lstrip()) for text in texts if text.strip()), default=0)
    return _Place(side, file.seen(span.source), first, last, tuple(text[margin:] for text in texts))
