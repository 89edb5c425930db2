"""YAML as values that know their places, in the narrow form that can't be misread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_STANDARD = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Place:
    """Where something stands in a file: line and column, from 1."""

    line: int
    column: int


class WrongScenario(Exception):  # noqa: N818 - it is what the author is told
    """Something in a scenario file that can't stand as it is.

    Args:
        place: where. rule: its stable name. message: one sentence. remedy: what to write instead.
    """

    def __init__(self, place: Place, rule: str, message: str, remedy: str) -> None:
        self.place = place
        self.rule = rule
        self.message = message
        self.remedy = remedy
        super().__init__(f"{rule}: {message}")

    def told(self, file: str) -> str:
        """The message as people read it."""
        where = f"{file}:{self.place.line}:{self.place.column}"
        return f"{where}: error[{self.rule}]: {self.message}\n  help: {self.remedy}"


@dataclass(frozen=True)
class Node:
    """A value: text, int, bool, a list of nodes, or a mapping. ``keys``: where each key stands.

    A number with a point stays the text that was written, so that no digit is lost.
    """

    place: Place
    value: Any
    keys: Mapping[str, Place]

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {name: one.plain() for name, one in self.value.items()}
        if isinstance(self.value, list):
            return [one.plain() for one in self.value]
        return self.value


def read_yaml(text: str) -> Node:
    """Read one document.

    Raises:
        WrongScenario: it is no YAML, or uses what can be misread: an anchor, a tag, a key twice, a
            second document.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    top = Place(1, 1)
    try:
        found = list(YAML(typ="safe", pure=True).compose_all(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = top if mark is None else Place(mark.line + 1, mark.column + 1)
        why = error.problem or "it can't be read"
        raise WrongScenario(place, "yaml", f"this is no YAML: {why}", "mend it here") from None
    except (YAMLError, ValueError, RecursionError) as error:
        why = str(error).splitlines()[0]
        raise WrongScenario(top, "yaml", f"this is no YAML: {why}", "mend it") from None
    if not found:
        raise WrongScenario(top, "yaml", "the file is empty", "start with: about, start, expect")
    if len(found) > 1:
        raise WrongScenario(
            _place(found[1]), "yaml", "a second document starts here", "one file is one scenario"
        )
    return _node(found[0], set())


def _node(given: Any, above: set[int]) -> Node:
    from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

    place = _place(given)
    if given.anchor is not None or id(given) in above:
        raise WrongScenario(
            place, "yaml_anchor", "anchors and aliases are not read", "write it out"
        )
    inner = above | {id(given)}
    tag = str(given.tag).removeprefix(_STANDARD)
    if isinstance(given, ScalarNode):
        return Node(place, _scalar(place, tag, given), {})
    if isinstance(given, SequenceNode) and tag == "seq":
        return Node(place, [_node(one, inner) for one in given.value], {})
    if isinstance(given, MappingNode) and tag == "map":
        return _mapping(place, given, inner)
    raise WrongScenario(place, "yaml_tag", f"the tag {given.tag} is not read", "leave it out")


def _mapping(place: Place, given: Any, above: set[int]) -> Node:
    values: dict[str, Node] = {}
    keys: dict[str, Place] = {}
    for key, value in given.value:
        name = _node(key, above)
        if not isinstance(name.value, str):
            raise WrongScenario(name.place, "yaml_key", "a key is a word", "put it in quotes")
        if name.value in values:
            raise WrongScenario(
                name.place, "key_twice", f"{name.value} stands here a second time", "keep one"
            )
        if value.tag == f"{_STANDARD}null":
            # What is not there stands where the next thing does: the key's place says more.
            raise _nothing(name.place)
        values[name.value] = _node(value, above)
        keys[name.value] = name.place
    return Node(place, values, keys)


def _scalar(place: Place, tag: str, given: Any) -> Any:
    text = str(given.value)
    if tag == "bool":
        return text.lower() == "true"
    if tag == "int":
        try:
            return int(text)
        except ValueError:
            return text  # 0x1f and 1_000: the text as written
    if tag == "null":
        raise _nothing(place)
    if tag in ("str", "float", "timestamp"):
        return text
    raise WrongScenario(place, "yaml_tag", f"the tag {given.tag} is not read", "leave it out")


def _nothing(place: Place) -> WrongScenario:
    return WrongScenario(place, "value", "there is nothing here", "write the value, or no key")


def _place(given: Any) -> Place:
    return Place(given.start_mark.line + 1, given.start_mark.column + 1)
