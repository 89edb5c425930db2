"""The verifier's book of the children that an instance ran (LANGUAGE section 7, FORMAT section 5).

No API stands between a workflow and its child, so the evidence worker seals the child's submission
with its own key, and the parent's chain tells it before the child exists. A child is judged with
its parent: alone nobody can say who started it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gantral.evidence import errors
from gantral.evidence.hashes import child_id
from gantral.evidence.report import Finding, Report, Told, with_findings

PARENT = "parent"
"""The code of the finding that a child has while its parent is not at hand."""


@dataclass(frozen=True)
class Starter:
    """What an instance is when it starts a child. ``artifact``: the hash of its last one."""

    team: str
    instance_id: str
    initiator: str
    artifact: str
    environment: str


class Children:
    """What one chain told of children so far."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        self._planned: Mapping[str, Any] = manifest.get("children", {})
        self.told: dict[str, Told] = {}

    def start(self, call: str, hash: str, said: Mapping[str, Any], by: Starter) -> None:
        """Enter the submission of a child, whose seal and form hold.

        Raises:
            EvidenceError: ``child``, ``child_twice``, ``started_from``.
        """
        planned = self._planned.get(call)
        if planned is None:
            raise errors.EvidenceError("child", f"the program runs no child at {call}")
        if call in self.told:
            errors.refuse("child_twice", f"{call} was run before")
        wanted = {
            "instance_id": child_id(by.instance_id, call),
            "owning_team_id": by.team,
            "workflow_id": planned["workflow_id"],
            "workflow_version_id": planned["workflow_version_id"],
            "human_actor_id": by.initiator,
            "parent_artifact_hash": by.artifact,
            "environment": by.environment,
        }
        for name, value in wanted.items():
            if said[name] != value:
                errors.refuse("child", f"the submission of {call} has another {name}")
        if "started_from" in said:
            errors.refuse("started_from", "a child is started by its parent, from nothing else")
        self.told[call] = Told(call, str(said["instance_id"]), hash, "", "")

    def end(self, record: Mapping[str, Any]) -> None:
        """Enter how a child ended.

        Raises:
            EvidenceError: ``child_end``.
        """
        told = self.told.get(record["call"])
        if told is None or told.state:
            errors.refuse("child_end", f"no child that runs is {record['call']}")
            return
        self.told[told.call] = replace(
            told, state=record["state"], artifact=record["artifact_hash"]
        )

    @property
    def running(self) -> list[str]:
        """The calls whose child is not told to have ended."""
        return [one.call for one in self.told.values() if not one.state]


def link_children(reports: Sequence[Report]) -> list[Report]:
    """The reports of one run, each child's judged with its parent's where that is among them.

    A child whose parent is not given, or is itself not judged to the end, stays INCONCLUSIVE; one
    that its parent tells otherwise is INVALID, as is a parent that tells its child's end otherwise.
    """
    linked = _Linked(list(reports))
    changed = True
    while changed:
        changed = False
        for index, report in enumerate(linked.reports):
            new = linked.ended(linked.started(report))
            if new is not report:
                linked.reports[index] = new
                changed = True
    return linked.reports


class _Linked:
    """Reports, found by what they say of each other."""

    def __init__(self, reports: list[Report]) -> None:
        self.reports = reports
        self._ended: dict[str, list[int]] = {}  # instance -> who tells its end
        self._tellers: dict[str, list[int]] = {}  # child -> who tells of it
        self._running: dict[str, list[int]] = {}  # artifact -> whose
        for index, report in enumerate(reports):
            if report.ended:
                self._ended.setdefault(report.instance_id, []).append(index)
            for told in report.children:
                self._tellers.setdefault(told.instance_id, []).append(index)
            for artifact in report.running:
                self._running.setdefault(artifact, []).append(index)

    def started(self, report: Report) -> Report:
        """A child, judged by who may have started it."""
        if not any(one.code == PARENT for one in report.findings):
            return report
        claimed = self._running.get(report.parent, [])
        right: list[Report] = []
        wrong: list[Report] = []
        none: list[Report] = []
        for index in sorted({*self._tellers.get(report.instance_id, []), *claimed}):
            other = self.reports[index]
            told = next((c for c in other.children if c.instance_id == report.instance_id), None)
            same = told is not None and told.submission == report.submission
            (none if told is None else right if same else wrong).append(other)
        # A shorter copy of the parent tells no start yet: beside the whole one that says nothing.
        for other in wrong or ([] if right else none):
            message = f"its parent {other.instance_id} tells no such start of it"
            return _without(report, Finding("parent_link", "INVALID", "0", message))
        # While it runs its parent has no end yet, which takes nothing from what it told so far.
        if any(all(one.code == "no_end" for one in other.findings) for other in right):
            return _without(report)
        return report

    def ended(self, report: Report) -> Report:
        """A parent, judged by how its children ended."""
        if any(one.code == "child_link" for one in report.findings):
            return report
        for told in report.children:
            for index in self._ended.get(told.instance_id, []):
                other = self.reports[index]
                if told.state and (told.state, told.artifact) != (other.state, other.last):
                    message = f"the child {told.instance_id} did not end as {told.call} says"
                    return with_findings(report, Finding("child_link", "INVALID", "", message))
        return report


def _without(report: Report, *more: Finding) -> Report:
    kept = tuple(one for one in report.findings if one.code != PARENT)
    return with_findings(replace(report, findings=kept), *more)
