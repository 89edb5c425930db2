"""What a new instance takes from one that ended: its input, with changes (docs/adr/0181).

The input is read from the texts that the old instance's evidence binds, and from nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gantral.api.deployment import Deployment
from gantral.api.problems import FieldError, Problem, not_found
from gantral.api.sealing import NONE
from gantral.api.story import Story
from gantral.api.views import require_sight
from gantral.evidence import EvidenceError
from gantral.evidence.context import ABSENT, EMPTY
from gantral.evidence.opaque import read_json_text
from gantral.identity import Person

_INPUT: Final = "/input"


@dataclass(frozen=True)
class Origin:
    """The instance that a start is from, and the artifact that ended it."""

    instance_id: str
    artifact_hash: str

    def statement(self) -> dict[str, str]:
        """Member ``started_from`` of the submission."""
        return {"instance_id": self.instance_id, "artifact_hash": self.artifact_hash}


class _Nobody:
    """Stands for a person of whom evidence holds the actor id and no name."""


_NOBODY: Final = _Nobody()


async def taken(
    deployment: Deployment, person: Person, instance_id: Any, changes: Any
) -> tuple[Story, Any]:
    """The story of an ended instance that this person may see, and its input with the changes.

    Args:
        changes: a merge patch (RFC 7396) on the spec-named input.

    Raises:
        Problem: no_such_instance, not_yours_to_see, from_open, from_child, from_erased,
            from_person. StoreError, Untold.
    """
    story = await deployment.story(instance_id) if isinstance(instance_id, str) else None
    if story is None:
        raise not_found(str(instance_id)[:40])
    require_sight(deployment, person, story)
    if not story.ended:
        raise Problem(
            409,
            "from_open",
            f"it has not ended: it is {story.state.value}",
            "wait for its end, or withdraw it first",
        )
    if story.submission["parent_artifact_hash"] != NONE:
        raise Problem(
            409,
            "from_child",
            "another instance ran it as its child, and what it was given is its parent's",
            "start again from the parent",
        )
    value = merged(_value(deployment, person, story), changes)
    if lost := list(_unnamed(value, _INPUT)):
        raise Problem(
            422,
            "from_person",
            "evidence holds who a person of the input is, and not the name",
            "say them in --input",
            errors=[FieldError(path, "say who this is") for path in lost],
        )
    return story, value


def origin_of(story: Story) -> Origin:
    """What the new submission names."""
    return Origin(story.instance_id, str(story.artifacts[-1]["artifact_hash"]))


def merged(value: Any, changes: Any) -> Any:
    """``value`` with a merge patch (RFC 7396): records member by member, null takes one away, and
    all else stands in the place of what was there."""
    if not isinstance(changes, dict):
        return changes
    found = dict(value) if isinstance(value, dict) else {}
    for name, change in changes.items():
        if change is None:
            found.pop(name, None)
        else:
            found[name] = merged(found.get(name), change)
    return found


def _value(deployment: Deployment, person: Person, story: Story) -> Any:
    first = story.commits[0]
    gone = [path for path, name in first["context"] if name not in story.texts]
    if gone:
        raise Problem(
            409,
            "from_erased",
            f"{len(gone)} texts of its input are gone, {gone[0]} among them",
            "start anew, with an input of your own",
        )
    leaves = {path: str(story.texts[name]) for path, name in first["context"]}
    names = {**story.names, deployment.seal.actor(person): person.value}
    try:
        return _wire(story.manifest["input"], _INPUT, leaves, names)
    except (EvidenceError, KeyError, ValueError):
        raise Problem(
            409,
            "from_erased",
            "the texts of its input are not what its program takes",
            "start anew, with an input of your own",
        ) from None


def _wire(
    shape: Sequence[Any], path: str, leaves: Mapping[str, str], names: Mapping[str, str]
) -> Any:
    """The spec-named wire value that these leaves are of: ``flatten`` backwards."""
    kind = shape[0]
    if kind == "optional":
        return _wire(shape[1], path, leaves, names)
    if kind == "record":
        return {
            name: _wire(field, f"{path}/{name}", leaves, names)
            for name, field, _ in shape[1]
            if field[0] != "optional" or leaves.get(f"{path}/{name}") != ABSENT
        }
    if kind == "list":
        if leaves.get(path) == EMPTY:
            return []
        below = [one.removeprefix(f"{path}/") for one in leaves if one.startswith(f"{path}/")]
        size = len({one.partition("/")[0] for one in below})
        return [_wire(shape[2], f"{path}/{index}", leaves, names) for index in range(size)]
    text = leaves[path]
    if kind == "int":
        return int(text)
    if kind == "bool":
        return text == "true"
    if kind == "json":
        return read_json_text(text)
    return names.get(text, _NOBODY) if kind == "person" else text


def _unnamed(value: Any, path: str) -> list[str]:
    if value is _NOBODY:
        return [path]
    if isinstance(value, dict):
        return [one for name, inner in value.items() for one in _unnamed(inner, f"{path}/{name}")]
    if isinstance(value, list):
        return [
            one for index, inner in enumerate(value) for one in _unnamed(inner, f"{path}/{index}")
        ]
    return []
