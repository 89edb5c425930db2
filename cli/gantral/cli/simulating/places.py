"""Where in the spec a site of the generated code stands."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Place:
    """A line of a spec; ``text`` is what stands there."""

    file: str
    line: int
    text: str


def places(package: str, code: str, sources: Mapping[str, str]) -> dict[str, Place]:
    """site -> its place. ``sources``: the texts of the specs by their names in the source map."""
    mapped = json.loads(files(package).joinpath("source_map.json").read_bytes())["workflow.py"]
    lines = {row[0]: (row[1], row[2]) for row in mapped}
    found: dict[str, Place] = {}
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call):
            continue
        for keyword in node.keywords:
            site = _site(keyword)
            place = lines.get(node.lineno) or lines.get(keyword.value.lineno)
            if site and place is not None:
                file, line = place
                text = sources.get(file, "").splitlines()[line - 1 : line]
                found[site] = Place(file, line, text[0].strip() if text else "")
    return found


def _site(keyword: ast.keyword) -> str:
    if keyword.arg not in ("call", "site", "at"):
        return ""
    value = keyword.value
    if isinstance(value, ast.JoinedStr):
        value = next((one for one in value.values if isinstance(one, ast.Constant)), value)
    text = str(value.value) if isinstance(value, ast.Constant) else ""
    return "/".join(text.split("/")[:2])
