"""A population as a table (RFC 4180): one row an instance, its deciders and its gaps."""

from __future__ import annotations

import csv
from typing import TextIO

from gantral.cli.handing.plain import printable
from gantral.cli.handing.sources import Judged
from gantral.cli.handing.telling import Story

COLUMNS = (
    "instance_id", "verdict", "findings", "owning_team_id", "workflow_id", "version",
    "workflow_version_id", "started_at", "started_by", "state", "cause", "at", "decisions",
    "deciders", "policies", "role_maps", "effects", "standing", "children", "gaps",
)  # fmt: skip


class Table:
    """Writes rows as they come."""

    def __init__(self, out: TextIO) -> None:
        self._rows = csv.writer(out, lineterminator="\r\n")
        self._rows.writerow(COLUMNS)

    def instance(self, instance_id: str, judged: Judged, story: Story | None) -> None:
        """One that is there; nothing is told of one that is INVALID."""
        row = {
            "instance_id": instance_id,
            "verdict": judged.verdict,
            "findings": " ".join(dict.fromkeys(code for code, _ in judged.findings)),
        }
        if story is not None:
            decided = story.decided
            row |= {
                "owning_team_id": story.team,
                "workflow_id": story.workflow,
                "version": story.version,
                "workflow_version_id": story.version_id,
                "started_at": story.started_at,
                "started_by": story.started_by,
                "state": story.state,
                "cause": story.cause,
                "at": story.at,
                "decisions": "; ".join(f"{gate} {n}: {said}" for gate, n, said, _, _ in decided),
                "deciders": "; ".join(
                    f"{gate} {n}: {', '.join(who)}" for gate, n, _, who, _ in decided if who
                ),
                "policies": " ".join(sorted(story.policies)),
                "role_maps": " ".join(sorted(story.role_maps)),
                "effects": "; ".join(f"{call}: {status}" for call, status in story.done),
                "standing": " ".join(story.standing),
                "children": " ".join(child for _, child in story.children),
            }
        gaps = [*(story.gaps if story else []), *(text for _, text in judged.findings)]
        row["gaps"] = "; ".join(dict.fromkeys(gaps))
        self._write(row)

    def absent(self, instance_id: str, parent: str) -> None:
        """A child that an instance tells of and that is not there."""
        gap = f"{parent} ran it as its child, and it is not here"
        self._write({"instance_id": instance_id, "verdict": "absent", "gaps": gap})

    def _write(self, row: dict[str, str]) -> None:
        self._rows.writerow([_cell(row.get(name, "")) for name in COLUMNS])


def _cell(text: str) -> str:
    """Nothing that a spreadsheet would compute: what strangers wrote could begin a formula."""
    said = printable(text).replace("\n", " ")
    return f"'{said}" if said[:1] in ("=", "+", "-", "@") else said
