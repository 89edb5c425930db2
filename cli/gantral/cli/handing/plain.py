"""A story as plain text, and the texts that its evidence names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from gantral.cli.handing.sources import Judged, Population
from gantral.cli.handing.telling import Part, Story
from gantral.cli.handing.texts import is_program
from gantral.evidence import TrustFile
from gantral.evidence.bundle import files_of

_VERDICTS = {
    "VALID": "every rule of evidence holds",
    "INCONCLUSIVE": "nothing is shown to be wrong, and something is missing or unknown",
    "INVALID": "it is not what it claims to be, so nothing is told of it",
}
_NOT_SHOWN = (
    "Completeness is not shown: without a transparency log nothing says that these are all"
    " instances that there were."
)


def printable(text: str) -> str:
    """Without control characters: values are what strangers wrote. Line ends stay."""
    return "".join(one if one.isprintable() or one == "\n" else "\ufffd" for one in text)


def verdict(judged: Judged) -> Part:
    """The verdict on an instance, with what was found."""
    part = Part(f"{judged.verdict}: {_VERDICTS[judged.verdict]}")
    part.rows += [(code, message) for code, message in judged.findings]
    return part


def ground(trust: TrustFile) -> Part:
    """Whose word the verdict takes."""
    part = Part("Judged by the trust file")
    part.rows += [("name", f"{trust.trust_id}, serial {trust.serial}"), ("sha256", trust.digest)]
    part.row("environment", trust.environment)
    return part


def completeness(population: Population) -> str:
    """Whether a log shows that no instance is missing."""
    return _NOT_SHOWN if population.complete is None else str(population.complete)


def summary(population: Population, shown: int) -> Part:
    """How many instances there are, which are absent, and that none is shown to be missing."""
    part = Part(f"Instances: {population.count}, of which {shown} are told")
    for word in ("INVALID", "INCONCLUSIVE"):
        some = [name for name, one in population.others.items() if one.verdict == word]
        part.row(word, ", ".join(some))
    part.rows += [(f"{severity} file", f"[{code}] {text}") for severity, code, text in
                  population.whole]  # fmt: skip
    part.row("completeness", completeness(population))
    return part


def about(story: Story) -> Part:
    """The facts of an instance in a few rows."""
    part = Part("In short")
    part.row("instance", story.instance_id)
    part.row("team", story.team)
    part.row("workflow", f"{story.workflow} {story.version}")
    part.row("program", story.version_id)
    part.row("asked for by", f"{story.started_by}, {story.started_at}")
    for gate, round_, outcome, deciders, at in story.decided:
        by = f" by {', '.join(deciders)}" if deciders else ""
        part.row(f"gate {gate}, round {round_}", f"{outcome}{by}, {at}")
    part.row("now", f"{story.state}{'' if story.cause == 'none' else f' ({story.cause})'}")
    part.row("effects that stand", ", ".join(story.standing))
    part.row("children", ", ".join(f"{call} {child}" for call, child in story.children))
    part.row("gaps", "; ".join(story.gaps))
    return part


def texts(story: Story, beside: Mapping[str, bytes], *, whole: bool) -> list[Part]:
    """The policies, role maps and the spec that the story names, as far as they lie beside it;
    ``whole`` with the text of each file. A spec is told only if it compiles, here and now, to the
    very program that ran."""
    parts = []
    for revision in sorted(story.policies):
        data = beside.get(f"policies/{revision.removeprefix('sha256:')}")
        parts.append(_files(f"Policy of revision {revision}", data, whole))
    for digest in sorted(story.role_maps):
        data = beside.get(f"roles/{digest}")
        part = Part(f"Role map {digest}")
        if data is None:
            part.row("text", "does not lie beside this evidence")
        else:
            part.rows += _role_map(json.loads(data))
        parts.append(part)
    data = beside.get(f"specs/{story.version_id}")
    heading = f"Spec of program {story.version_id}"
    if data is not None and not is_program(story.version_id, data):
        part = Part(heading)
        part.row("text", "lies beside this evidence, and this gantral does not compile it to that"
                 " program: it is not told")  # fmt: skip
        parts.append(part)
    else:
        parts.append(_files(heading, data, whole))
    return parts


def _files(heading: str, data: bytes | None, whole: bool) -> Part:
    part = Part(heading)
    if data is None:
        part.row("text", "does not lie beside this evidence")
    elif whole:
        part.rows += [(path, text) for path, text in files_of(data)]
    else:
        part.row("lies beside this evidence", ", ".join(path for path, _ in files_of(data)))
    return part


def _role_map(told: object) -> Iterator[tuple[str, str]]:
    if not isinstance(told, dict):
        return
    yield "a person is named by", f"the claim {told.get('person')}"
    for role, pair in sorted(dict(told.get("roles", {})).items()):
        yield str(role), f"the claim {pair[0]} is {pair[1]}"
    for level, pair in sorted(dict(told.get("assurances", {})).items()):
        yield str(level), f"the claim {pair[0]} is one of {', '.join(pair[1])}"


def lines(part: Part, depth: int = 0) -> Iterator[str]:
    """A part as indented lines."""
    margin = "  " * depth
    yield f"{margin}{printable(part.heading)}"
    for what, value in part.rows:
        first, *more = printable(value).split("\n")
        yield f"{margin}  {printable(what)}: {first}".rstrip()
        yield from (f"{margin}    {one}".rstrip() for one in more)
    for below in part.below:
        yield from lines(below, depth + 1)
