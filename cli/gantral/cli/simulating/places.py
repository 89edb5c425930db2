"""Where in the spec a site of the generated code stands."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from gantral.simulation.exploring import relevant


@dataclass(frozen=True)
class Place:
    """A line of a spec; ``text`` is what stands there."""

    file: str
    line: int
    text: str


def lines_of(source_map: bytes) -> dict[int, tuple[str, int]]:
    """A line of the generated code -> file and line of the spec."""
    mapped = json.loads(source_map)["workflow.py"]
    return {row[0]: (row[1], row[2]) for row in mapped}


def places(package: str, code: str, sources: Mapping[str, str]) -> dict[str, Place]:
    """site -> its place. ``sources``: the texts of the specs by their names in the source map."""
    return placed(files(package).joinpath("source_map.json").read_bytes(), code, sources)


def placed(source_map: bytes, code: str, sources: Mapping[str, str]) -> dict[str, Place]:
    """``places``, of a package that is not imported."""
    lines = lines_of(source_map)
    found: dict[str, Place] = {}
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call):
            continue
        for keyword in node.keywords:
            site = site_of(keyword)
            place = lines.get(node.lineno) or lines.get(keyword.value.lineno)
            if site and place is not None:
                file, line = place
                text = sources.get(file, "").splitlines()[line - 1 : line]
                found[site] = Place(file, line, text[0].strip() if text else "")
    return found


def site_of(keyword: ast.keyword) -> str:
    """The site that a keyword of a call in the generated code names, without loop indices; ""."""
    if keyword.arg not in ("call", "site", "at"):
        return ""
    return relevant.site_of(keyword.value)
