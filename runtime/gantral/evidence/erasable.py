"""Which texts of an instance there are to erase: what each is, whose, and whether it is personal.

Personal is what the program marks so (``personal`` in a shape of the manifest), and what people are
and say: names, reasons, the business key. What no shape tells is taken for personal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gantral.evidence.envelope import read_envelope, unwrap
from gantral.evidence.hashes import read_text
from gantral.evidence.manifest import check_manifest

NONE = "none"


@dataclass(frozen=True)
class Erasable:
    """A bound text that is there. ``actor``: whose name or reason it is, or who its value is."""

    leaf: str
    path: str
    value: str
    personal: bool
    actor: str

    def at(self, pointer: str) -> bool:
        """Whether it stands at the pointer or below."""
        return self.path == pointer or self.path.startswith(f"{pointer.rstrip('/')}/")


def erasable(files: Mapping[str, bytes]) -> list[Erasable]:
    """The texts of an exported instance, sorted by path. Raises EvidenceError."""
    told: dict[str, tuple[bool, str]] = {}
    for leaf, personal, actor in _bound(files):
        before = told.get(leaf, (False, NONE))
        told[leaf] = (before[0] or personal, actor if actor != NONE else before[1])
    found = []
    for name, data in files.items():
        leaf = name.removeprefix("texts/").removesuffix(".json")
        text = read_text(data) if name.startswith("texts/") else None
        if text is not None:
            personal, actor = told.get(leaf, (True, NONE))
            one = Erasable(leaf, text[2], text[3], personal, actor)
            found.append(replace(one, actor=text[3]) if text[3].startswith("actor:") else one)
    return sorted(found, key=lambda one: (one.path, one.leaf))


def _bound(files: Mapping[str, bytes]) -> Iterator[tuple[str, bool, str]]:
    """(leaf, whether it is personal, whose) of everything that evidence binds."""
    manifest = check_manifest(files["manifest.json"])
    for name in sorted(files):
        if name.startswith("commits/"):
            commit = read_envelope(files[name], "commit").statement
            yield from _of_commit(manifest, commit)
        elif name.startswith("votes/") and not name.endswith(".refusal.json"):
            yield from _of_person(read_envelope(files[name], "authority-decision").statement)


def _of_commit(
    manifest: Mapping[str, Any], commit: Mapping[str, Any]
) -> Iterator[tuple[str, bool, str]]:
    shown = _shown(manifest, commit)
    # Without a shape it is about what came before, which was told there.
    for pointer, leaf in commit["context"] if shown else ():
        prefix, shape = shown or ("", [])
        yield leaf, is_personal(shape, pointer.removeprefix(prefix)), NONE
    decision = commit["decision"]
    if decision != NONE and "submission" in decision:
        submission = unwrap(decision["submission"], "submission").statement
        yield from _of_person(submission)
        yield submission["business_key"], True, NONE
    elif decision != NONE:
        for envelope in decision["votes"]:
            yield from _of_person(unwrap(envelope, "authority-decision").statement)
    for record in commit["records"]:
        if record["kind"] == "event":
            yield from _of_person(unwrap(record["event"], "event").statement)
        elif record["kind"] == "end":
            # The compiler lets no personal data into a message.
            yield record["message"], False, NONE
        elif record["kind"] == "outcome":
            ended = unwrap(record["outcome"], "outcome").statement
            result = manifest["operations"].get(ended["operation"], {}).get("result", NONE)
            for pointer, leaf in ended["results"]:
                # What is no record is kept in one of one member (docs/adr/0148).
                below = (
                    pointer
                    if result[0] == "record"
                    else "".join(f"/{part}" for part in pointer.split("/")[2:])
                )
                yield leaf, result == NONE or is_personal(result, below), NONE


def _of_person(statement: Mapping[str, Any]) -> Iterator[tuple[str, bool, str]]:
    actor = statement["human_actor_id"]
    yield statement["assurance"]["identity"], True, actor
    yield statement.get("justification", NONE).removeprefix("leaf:"), True, actor


def _shown(manifest: Mapping[str, Any], commit: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Below which prefix the context lies, and its shape."""
    first = commit["artifacts"][0] if commit["artifacts"] else None
    state = first["authority_state"] if first else ""
    if state == "CREATED":
        return "/input", manifest["input"]
    if state == "COMPLETED":
        return "/output", manifest["output"]
    if first is not None:
        gate = manifest["gates"].get(first["gate"])
        return ("", gate["parameters"]) if gate else None
    for record in commit["records"]:
        if record["kind"] in ("waiver", "unasked"):
            gate = manifest["gates"].get(record["gate"])
            return ("", gate["parameters"]) if gate else None
        if record["kind"] == "event":
            event = unwrap(record["event"], "event").statement["event"]
            return "/event", manifest.get("events", {}).get(event, {"data": NONE})["data"]
    return None


def is_personal(shape: Any, pointer: str) -> bool:
    """Whether a field on the way to the pointer is marked personal; so is what no shape tells."""
    for part in pointer.split("/")[1:]:
        while shape[0] == "optional":
            shape = shape[1]
        if shape[0] == "record":
            field = next((one for one in shape[1] if one[0] == part), None)
            if field is None or field[2]["personal"] == "true":
                return True
            shape = field[1]
        elif shape[0] == "list":
            shape = shape[2]
        else:
            return True
    return False
