"""The exact members of every statement and record (FORMAT sections 2, 3, 5, 6).

``FORMS`` is published as JSON Schema in docs/evidence/schemas.
"""

from __future__ import annotations

from gantral.authority import Cause, State
from gantral.evidence.fields import (
    ACTOR,
    ACTOR_OR_NONE,
    ANY,
    ASK,
    ASSURANCE,
    CALL,
    CONTEXT,
    DATE,
    ENVELOPE,
    HASH,
    HASH_OR_NONE,
    INSTANT,
    INSTANT_OR_NONE,
    INSTANTS,
    NAME,
    NAME_OR_NONE,
    NONE,
    NUMBER,
    OPERATION,
    OTHERS_CALL,
    POINTER,
    POLICY_OR_NONE,
    ROUND,
    SLOT,
    STANDING,
    TEXT,
    UUID,
    WAIT,
)
from gantral.evidence.program import MANIFEST
from gantral.evidence.schema import (
    Form,
    either,
    items,
    members,
    members_or,
    row,
    table,
    text,
    words,
)

ARTIFACT = Form(
    "artifact",
    members(
        artifact_hash=HASH,
        artifact_id=UUID,
        artifact_version=words("1.0.0"),
        authority_state=words(*State),
        cause=words(*Cause),
        context_hash=HASH,
        decision_hash=HASH_OR_NONE,
        gate=NAME_OR_NONE,
        human_actor_id=ACTOR_OR_NONE,
        instance_id=UUID,
        owning_team_id=NAME,
        policy_version_id=POLICY_OR_NONE,
        prev_artifact_hash=HASH,
        records_hash=HASH_OR_NONE,
        round=ROUND,
        sequence=NUMBER,
        timestamp=INSTANT,
        workflow_id=NAME,
        workflow_version_id=HASH,
    ),
)
SUBMISSION = Form(
    "submission",
    members_or(
        # What was started from no ended instance has no such member (ADR 0181).
        {"started_from": members(artifact_hash=HASH, instance_id=UUID)},
        assurance=ASSURANCE,
        business_key=HASH_OR_NONE,
        context_hash=HASH,
        environment=words("development", "production"),
        human_actor_id=ACTOR_OR_NONE,
        instance_id=UUID,
        owning_team_id=NAME,
        parent_artifact_hash=HASH_OR_NONE,
        retain_until=INSTANT_OR_NONE,
        timestamp=INSTANT,
        type=words("gantral.dev/submission/v1"),
        workflow_id=NAME,
        workflow_version_id=HASH,
    ),
)
VOTE = Form(
    "vote",
    members(
        amendment=items(row(POINTER, ANY)),
        assurance=ASSURANCE,
        context_snapshot_hash=HASH,
        decision_id=UUID,
        decision_type=words("APPROVE", "OVERRIDE", "REJECT", "RETRACT", "WITHDRAW"),
        human_actor_id=ACTOR,
        instance_id=UUID,
        justification=text("none|leaf:[0-9a-f]{64}"),
        justification_length=NUMBER,
        role=items(NAME),
        supersedes=HASH_OR_NONE,
        timestamp=INSTANT,
        type=words("gantral.dev/authority-decision/v1"),
        waiting_artifact_hash=HASH,
    ),
)
EVENT = Form(
    "event",
    members(
        assurance=ASSURANCE,
        context_hash=HASH,
        event=NAME,
        human_actor_id=ACTOR,
        instance_id=UUID,
        owning_team_id=NAME,
        role=items(NAME),
        timestamp=INSTANT,
        type=words("gantral.dev/event/v1"),
        wait_commit_hash=HASH,
    ),
)
REFUSAL = Form(
    "refusal",
    members(
        instance_id=UUID,
        owning_team_id=NAME,
        reason=ANY,
        timestamp=INSTANT,
        type=words("gantral.dev/refusal/v1"),
        vote=HASH,
    ),
)
CLAIM = Form(
    "use",
    members(
        arguments=items(row(ANY, ANY, HASH_OR_NONE)),
        attempt=NUMBER,
        call=CALL,
        grant=HASH,
        instance_id=UUID,
        operation=OPERATION,
        owning_team_id=NAME,
        queue=ANY,
        run=ANY,
        slot=SLOT,
        timestamp=INSTANT,
        type=words("gantral.dev/use/v1"),
    ),
)
OUTCOME = Form(
    "outcome",
    members(
        call=CALL,
        grant=HASH,
        instance_id=UUID,
        operation=OPERATION,
        owning_team_id=NAME,
        results=items(row(POINTER, HASH)),
        slot=SLOT,
        status=words("done", "not_done", "unknown"),
        timestamp=INSTANT,
        type=words("gantral.dev/outcome/v1"),
    ),
)
ERASURE = Form(
    "erasure",
    members(
        instance_id=UUID,
        leaves=items(HASH),
        owning_team_id=NAME,
        reason=ANY,
        timestamp=INSTANT,
        type=words("gantral.dev/erasure/v1"),
    ),
)
HOLD = Form(
    "hold",
    members(
        instance_id=UUID,
        number=NUMBER,
        owning_team_id=NAME,
        previous=HASH,
        reason=ANY,
        standing=words("held", "released"),
        timestamp=INSTANT,
        type=words("gantral.dev/hold/v1"),
    ),
)
SUBMITTED = Form("decision (submission)", members(submission=ENVELOPE))
DECISION = Form(
    "decision",
    members(
        eligible=items(ACTOR),
        excluded=items(ACTOR),
        opened_after=items(TEXT),
        opened_before=items(TEXT),
        type=words("gantral.dev/decision/v1"),
        votes=items(ENVELOPE),
        waiting_artifact_hash=HASH,
    ),
)
_AT = {"gate": NAME, "round": text("[1-9][0-9]{0,15}")}
_POLICY = {**_AT, "query": ANY, "policy_version_id": POLICY_OR_NONE, "input_hash": HASH_OR_NONE}
RECORDS: dict[str, Form] = {
    "policy": Form(
        "policy record",
        members(
            kind=words("policy"),
            answer=words("ALLOW", "REQUIRE_HUMAN", "DENY", "FAILURE"),
            **_POLICY,
        ),
    ),
    "guard": Form(
        "guard record",
        members(
            kind=words("guard"),
            answer=words("ALLOW", "REQUIRE_HUMAN", "DENY", "FAILURE"),
            **_POLICY,
        ),
    ),
    "waiver": Form(
        "waiver record", members(kind=words("waiver"), answer=words("ALLOW"), **_POLICY)
    ),
    "unasked": Form(
        "unasked record", members(kind=words("unasked"), statement=ANY, condition=ANY, **_AT)
    ),
    # Which ask it is, of a gate whose asks are told apart (ADR 0152).
    "ask": Form("ask record", members(kind=words("ask"), ask=ASK, **_AT)),
    "clock": Form("clock record", members(kind=words("clock"), instants=INSTANTS, **_AT)),
    "calendar": Form(
        "calendar record",
        members(kind=words("calendar"), periods=items(row(DATE, INSTANT, INSTANT)), **_AT),
    ),
    "deciders": Form(
        "deciders record",
        members(kind=words("deciders"), excluded=items(ACTOR), named=table(items(ACTOR)), **_AT),
    ),
    # Everybody of the directory who could decide, where they together can't (ADR 0182).
    "directory": Form(
        "directory record",
        members(kind=words("directory"), holders=items(row(ACTOR, items(NAME))), **_AT),
    ),
    "use": Form("use record", members(kind=words("use"), claim=ENVELOPE)),
    "outcome": Form("outcome record", members(kind=words("outcome"), outcome=ENVELOPE)),
    "wait": Form(
        "wait record",
        members(
            kind=words("wait"),
            deadline=INSTANT,
            events=items(NAME),
            round=text("[1-9][0-9]{0,15}"),
            site=WAIT,
        ),
    ),
    "event": Form("event record", members(kind=words("event"), event=ENVELOPE)),
    "timeout": Form("timeout record", members(kind=words("timeout"), site=WAIT)),
    # A child that is about to be started, and how one ended.
    "child": Form("child record", members(kind=words("child"), call=CALL, submission=ENVELOPE)),
    "child_end": Form(
        "child_end record",
        # Before what children did could be undone, nothing was said of what they left.
        members_or(
            {"standing": items(OTHERS_CALL)},
            kind=words("child_end"),
            call=CALL,
            state=words("COMPLETED", "REJECTED", "TERMINATED"),
            cause=words(*Cause),
            gate=NAME_OR_NONE,
            artifact_hash=HASH,
        ),
    ),
    # The undo of what a completed child did, as its instance's folder holds it.
    "child_undo": Form("child_undo record", members(kind=words("child_undo"), claim=ENVELOPE)),
    "child_undone": Form(
        "child_undone record", members(kind=words("child_undone"), outcome=ENVELOPE)
    ),
    "end": Form(
        "end record",
        members(kind=words("end"), message=HASH_OR_NONE, statement=ANY, standing=items(STANDING)),
    ),
}
COMMIT = Form(
    "commit",
    members(
        artifacts=items(ARTIFACT.schema),
        commit=NUMBER,
        context=CONTEXT,
        decision=either(NONE, SUBMITTED.schema, DECISION.schema),
        instance_id=UUID,
        owning_team_id=NAME,
        prev_commit_hash=HASH,
        records=items(either(*(form.schema for form in RECORDS.values()))),
        timestamp=INSTANT,
        type=words("gantral.dev/commit/v1"),
    ),
)

# contents.json of a bundle. Nobody signs it: it says what was asked for, not what there is.
CONTENTS = Form(
    "bundle",
    members(
        asked_instances=words("all", "named"),
        asked_since=INSTANT_OR_NONE,
        asked_team=NAME_OR_NONE,
        completeness=words("logged", "not_shown"),
        instances=NUMBER,
        instances_hash=HASH,
        type=words("gantral.dev/bundle/v1"),
    ),
)
# One field with its proof. What is signed is the commit inside.
DISCLOSURE = Form(
    "disclosure",
    members(
        commit=ENVELOPE,
        text=TEXT,
        type=words("gantral.dev/disclosure/v1"),
    ),
)

FORMS: dict[str, Form] = {
    "artifact": ARTIFACT,
    "bundle": CONTENTS,
    "commit": COMMIT,
    "decision": DECISION,
    "decision_submission": SUBMITTED,
    "disclosure": DISCLOSURE,
    "erasure": ERASURE,
    "event": EVENT,
    "hold": HOLD,
    "manifest": MANIFEST,
    "outcome": OUTCOME,
    "refusal": REFUSAL,
    "submission": SUBMISSION,
    "use": CLAIM,
    "vote": VOTE,
    **{f"record_{kind}": form for kind, form in RECORDS.items()},
}
