"""Commits of no artifacts that let a gate be passed: policy waived it, or nobody was asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gantral.evidence import errors, forms
from gantral.evidence.context import covers
from gantral.evidence.gate import Grant, Statement, check_ask, gate_of, records_of
from gantral.evidence.guard import check_waiver_guard, query_of
from gantral.evidence.planned import statement_of


def check_waiver(manifest: Mapping[str, Any], statement: Statement, commit_hash: str) -> Grant:
    """Check a commit of no artifacts with a waiver record: the gate's own query said ALLOW, and its
    guard, if it has one, let it go on.

    Raises:
        EvidenceError: ``waiver``, ``waiver_alone``, ``waiver_form``, ``gate``, ``proposal``,
            ``record``, ``ask``, or the guard's (``check_waiver_guard``).
    """
    record = records_of(statement, "waiver")[0]
    gate = gate_of(manifest, record["gate"])
    ask = check_ask(gate, statement, record)
    if len(statement["records"]) != 1 + (gate["guarded"] != "none") + bool(ask):
        errors.refuse("waiver_alone", "a waiver is the one record of its commit, but for a guard's")
    check_waiver_guard(manifest, gate, statement, record)
    if gate["waived"] == "none" or record["query"] != query_of(manifest, gate, "waived"):
        errors.refuse("waiver", f"the program lets no such query waive the gate {record['gate']}")
    if not forms.is_policy(record["policy_version_id"]) or not forms.is_hex64(record["input_hash"]):
        errors.refuse("waiver_form", "a waiver names the policy's revision and its input")
    if wrong := covers(gate["parameters"], [pair[0] for pair in statement["context"]]):
        errors.refuse("proposal", f"the context is not the gate's proposal: {wrong}")
    return Grant(
        name=commit_hash,
        gate=record["gate"],
        round=record["round"],
        ask=ask,
        manifest_gate=gate,
        context=dict(statement["context"]),
        decided_at=statement["timestamp"],
        by="policy",
    )


def check_unasked(manifest: Mapping[str, Any], statement: Statement, commit_hash: str) -> Grant:
    """Check a commit of no artifacts with an unasked record: the condition of an ``only if`` was
    false, so nobody was asked (ADR 0116). It carries an effect beside other approvals alone, which
    the manifest is held to.

    Raises:
        EvidenceError: ``unasked``, ``unasked_alone``, ``gate``, ``proposal``, ``record``, ``ask``.
    """
    record = records_of(statement, "unasked")[0]
    gate = gate_of(manifest, record["gate"])
    ask = check_ask(gate, statement, record)
    if len(statement["records"]) != 1 + bool(ask):
        errors.refuse("unasked_alone", "that nobody is asked is the one record of its commit")
    if ask and statement_of(ask) != record["statement"]:
        errors.refuse("ask", f"nobody was asked at {record['statement']}, and {ask} is another")
    if gate.get("only_if", {}).get(record["statement"]) != record["condition"]:
        errors.refuse("unasked", f"the program asks {record['gate']} whatever the case")
    if wrong := covers(gate["parameters"], [pair[0] for pair in statement["context"]]):
        errors.refuse("proposal", f"the context is not the gate's proposal: {wrong}")
    return Grant(
        name=commit_hash,
        gate=record["gate"],
        round=record["round"],
        ask=ask,
        manifest_gate=gate,
        context=dict(statement["context"]),
        decided_at=statement["timestamp"],
        by="nobody",
    )
