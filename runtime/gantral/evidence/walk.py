"""The verifier's walk along one chain, commit by commit (FORMAT section 8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gantral.authority import State
from gantral.evidence import ends, errors, steps
from gantral.evidence.artifacts import check_artifacts
from gantral.evidence.children import Starter
from gantral.evidence.envelope import Sealed
from gantral.evidence.progress import COMMIT, EFFECT, Progress
from gantral.evidence.waits import KINDS

# kind of record -> the member that holds its envelope, and what that is
SEALED_UNDOS = {"child_undo": ("claim", "use"), "child_undone": ("outcome", "outcome")}
COMMITTERS = frozenset({"commit", "closer"})
_NOTED = frozenset({"use", "outcome", "child_end", "child_undo", "child_undone"})
# Which kinds of records go with which first state; "" is a commit of no artifacts.
_KINDS = {
    "CREATED": frozenset[str](),
    "WAITING_FOR_HUMAN": frozenset(
        {"policy", "guard", "ask", "clock", "calendar", "deciders", "directory", *_NOTED}
    ),
    "APPROVED": frozenset({"guard"}),
    "OVERRIDDEN": frozenset({"guard"}),
    "REJECTED": frozenset({"guard", "end"}),
    "COMPLETED": _NOTED,
    "TERMINATED": frozenset({"policy", "guard", "end", *_NOTED}),
    "": frozenset({"use", "outcome", "waiver", "guard", "unasked", "ask", "child", *KINDS}),
}


class Walk(Progress):
    """One instance's chain: ``step`` judges its next commit by all that came before."""

    def step(self, sealed: Sealed) -> list[bytes]:
        """Judge the next commit; its artifacts' bytes.

        Raises:
            EvidenceError: the first broken rule.
        """
        statement = sealed.statement
        lines = check_artifacts(statement, sealed.payload)
        self.place(statement)
        use = self.signed(sealed, COMMITTERS, statement["timestamp"])
        artifacts = statement["artifacts"]
        first = artifacts[0]["authority_state"] if artifacts else ""
        if use == "closer" and (
            first not in ("REJECTED", "TERMINATED")
            or artifacts[0]["cause"] not in ("execution_lost", "deadline")
        ):
            errors.refuse("closer", "a closer key may only end what is lost or out of time")
        for artifact in artifacts:
            self.advance(artifact)
        if not artifacts and self.state is not State.RUNNING:
            errors.refuse("group", "records alone are committed only while RUNNING")
        for kind in {record["kind"] for record in statement["records"]} - _KINDS[first]:
            errors.refuse("record_place", f"a record of kind {kind} does not go with {first}")
        self._uses(statement)
        self._judge(first, statement, sealed.hash)
        for told in (*artifacts, *statement["records"]):
            if (revision := told.get("policy_version_id", "none")) != "none":
                self.named.add(f"policies/{revision.removeprefix('sha256:')}")
        for pointer, leaf in statement["context"]:
            # A leaf says its own path: bound at another one, it would show one thing as another.
            if self.bound.setdefault(leaf, pointer) not in ("", pointer):
                errors.refuse("bound_twice", f"one leaf at {pointer:.80} and at another place")
            self.bound[leaf] = pointer
        self.context = statement["context"]
        self.number += 1
        self.prev_commit = sealed.hash
        self.timestamp = statement["timestamp"]
        return lines

    def _uses(self, statement: Mapping[str, Any]) -> None:
        now = statement["timestamp"]
        ended = []
        for record in statement["records"]:
            if record["kind"] == "use":
                claim = self.own(record["claim"], "use", EFFECT).statement
                self.ledger.claim(self.manifest, claim, now)
            elif record["kind"] == "outcome":
                outcome = self.own(record["outcome"], "outcome", EFFECT).statement
                self.ledger.outcome(outcome, now)
                ended.append(outcome)
                for _, leaf in outcome["results"]:
                    self.bound.setdefault(leaf, "")
            elif record["kind"] == "child":
                self._child(record)
            elif record["kind"] == "child_end":
                self.children.end(record)
            elif record["kind"] in SEALED_UNDOS:
                member, kind = SEALED_UNDOS[record["kind"]]
                undo = self.sealed(record[member], kind, EFFECT)
                if undo.statement["owning_team_id"] != self.team:
                    errors.refuse("other_team", f"a {kind} of another team")
                self.children.undo(undo, now)
        for outcome in ended:
            self.ledger.whole(self.manifest, outcome)

    def _child(self, record: Mapping[str, Any]) -> None:
        sealed = self.sealed(record["submission"], "submission", COMMIT)
        environment = self.trust.environment
        by = Starter(self.team, self.instance_id, self.initiator, self.prev_artifact, environment)
        self.children.start(record["call"], sealed.hash, sealed.statement, by)

    def _judge(self, first: str, statement: Mapping[str, Any], commit_hash: str) -> None:
        if first or not steps.of_wait(statement):
            self.waits.ended(first)
        if first == "CREATED":
            steps.created(self, statement)
        elif first == "WAITING_FOR_HUMAN":
            steps.waiting(self, statement)
        elif first in ("APPROVED", "OVERRIDDEN"):
            steps.decided(self, statement, first)
        elif first == "REJECTED":
            ends.rejected(self, statement)
        elif first == "COMPLETED":
            ends.completed(self, statement)
        elif first == "TERMINATED":
            ends.terminated(self, statement)
        else:
            steps.recorded(self, statement, commit_hash)
