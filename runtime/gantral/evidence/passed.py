"""Commits of no artifacts that let a gate be passed: policy waived it, or nobody was asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gantral.evidence import errors, forms
from gantral.evidence.context import covers
from gantral.evidence.gate import Grant, Statement, gate_of, records_of
from gantral.evidence.guard import check_waiver_guard, query_of


def check_waiver(manifest: Mapping[str, Any], statement: Statement, commit_hash: str) -> Grant:
    """Check a commit of no artifacts with a waiver record: the gate's own query said ALLOW, and its
    guard, if it has one, let it go on.

    Raises:
        EvidenceError: ``waiver``, ``waiver_alone``, ``waiver_form``, ``gate``, ``proposal``, or the
            guard's (``check_waiver_guard``).
    """
    record = records_of(statement, "waiver")[0]
    gate = gate_of(manifest, record["gate"])
    if len(statement["records"]) != 1 + (gate["guarded"] != "none"):
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
        EvidenceError: ``unasked``, ``gate`` or ``proposal``.
    """
    record = records_of(statement, "unasked")[0]
    gate = gate_of(manifest, record["gate"])
    if len(statement["records"]) != 1:
        errors.refuse("unasked_alone", "that nobody is asked is the one record of its commit")
    if gate.get("only_if", {}).get(record["statement"]) != record["condition"]:
        errors.refuse("unasked", f"the program asks {record['gate']} whatever the case")
    if wrong := covers(gate["parameters"], [pair[0] for pair in statement["context"]]):
        errors.refuse("proposal", f"the context is not the gate's proposal: {wrong}")
    return Grant(
        name=commit_hash,
        gate=record["gate"],
        round=record["round"],
        manifest_gate=gate,
        context=dict(statement["context"]),
        decided_at=statement["timestamp"],
        by="nobody",
    )
