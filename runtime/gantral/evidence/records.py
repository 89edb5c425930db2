"""The exact members of every statement and record (FORMAT sections 2, 3, 5, 6).

``FORMS`` is published as JSON Schema in docs/evidence/schemas.
"""

from __future__ import annotations

from typing import Any

from gantral.authority import Cause, State
from gantral.evidence.schema import (
    Form,
    either,
    extended,
    items,
    members,
    members_or,
    row,
    table,
    text,
    words,
)

ANY = {"type": "string"}
NONE = words("none")
HASH = text("[0-9a-f]{64}")
HASH_OR_NONE = text("none|[0-9a-f]{64}")
UUID = text("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NAME = text("[a-z][a-z0-9_]{0,62}")
NAME_OR_NONE = NAME  # the word none has the form of a name
ACTOR = text("actor:[0-9a-f]{32}")
ACTOR_OR_NONE = text("none|actor:[0-9a-f]{32}")
NUMBER = text("0|[1-9][0-9]{0,15}")
ROUND = text("none|[1-9][0-9]{0,15}")
INSTANT = text("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z")
INSTANT_OR_NONE = text("none|" + INSTANT["pattern"][4:-2])
POLICY = text("sha256:[0-9a-f]{64}")
POLICY_OR_NONE = text("none|sha256:[0-9a-f]{64}")
POINTER = text("(?:/[^/]*)+")
# operation/ordinal, then one index for each loop around the call site.
CALL = text("[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*/[1-9][0-9]*(?:/(?:0|[1-9][0-9]{0,5}))*")
_CALL = CALL["pattern"][4:-2]
_UUID = UUID["pattern"][4:-2]
# What stands: a call of one's own, or one of a completed child, named by its instance.
STANDING = text(f"(?:{_UUID}/)?{_CALL}")
OPERATION = text("[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*")
WAIT = text("wait/[1-9][0-9]{0,5}")
SLOT = text("(?:undo/)?[1-9][0-9]{0,5}")
TEXT = row(text("[0-9a-f]{32}"), UUID, ANY, ANY)
CONTEXT = items(row(POINTER, HASH))

ENVELOPE = members(payload=ANY, payloadType=ANY, signatures=row(members(keyid=HASH, sig=ANY)))
DATE = text("[0-9]{4}-[0-9]{2}-[0-9]{2}")
PRINCIPAL = either(ANY, table(POINTER))
# Who may not decide: as a principal, or everybody who voted at another gate.
SEPARATION = either(ANY, table(POINTER), members(deciders=NAME))
PRINCIPALS = either(NONE, items(PRINCIPAL))
INSTANTS = items(row(INSTANT, words("remind", "widen", "reject"), PRINCIPALS, PRINCIPALS))
ASSURANCE = members(
    aud=ANY,
    auth_time=INSTANT_OR_NONE,
    identity=HASH,
    iss=ANY,
    level=ANY,
    role_map=HASH,
    token_hash=HASH,
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
    members(
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
_ENDED: dict[str, Any] = {
    "kind": words("child_end"),
    "call": CALL,
    "state": words("COMPLETED", "REJECTED", "TERMINATED"),
    "cause": words(*Cause),
    "gate": NAME_OR_NONE,
    "artifact_hash": HASH,
}
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
    "clock": Form("clock record", members(kind=words("clock"), instants=INSTANTS, **_AT)),
    "calendar": Form(
        "calendar record",
        members(kind=words("calendar"), periods=items(row(DATE, INSTANT, INSTANT)), **_AT),
    ),
    "deciders": Form(
        "deciders record",
        members(kind=words("deciders"), excluded=items(ACTOR), named=table(items(ACTOR)), **_AT),
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
        members_or({"standing": items(text(f"{_UUID}/{_CALL}"))}, **_ENDED),
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

# Trees whose inside is judged where it is read: shapes by context, expressions by expr, formulas
# by formula, plan terms by uses. Each refuses what it does not know.
_TREE = either(
    items({"type": ["string", "array", "object"]}),
    {"type": "object", "additionalProperties": {"type": ["string", "array", "object"]}},
)
_COUNT = text("[1-9][0-9]{0,5}")
_CALLED: dict[str, dict[str, Any]] = {
    "operation": OPERATION,
    "at_most": _COUNT,
    "arguments": table(_TREE),
    "undo": ANY,
}
# Only a call in loops has bounds of its indexes.
_PLANNED = either(members(**_CALLED), members(**_CALLED, loops=items(_COUNT)))
_TIME = text("(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_CALENDAR = members(
    zone=ANY,
    days=items(words("mon", "tue", "wed", "thu", "fri", "sat", "sun")),
    hours=row(_TIME, _TIME),
    **{"except": items(DATE)},
)
_GATE = members(
    parameters=_TREE,
    title=_TREE,
    decide=items(members(when=either(ANY, _TREE), formula=_TREE)),
    veto=items(PRINCIPAL),
    apart=items(SEPARATION),
    amend=table(_TREE),
    prove=members(
        reason_min=text("none|[0-9]{1,9}"),
        reason_max=text("none|[0-9]{1,9}"),
        assurance=ANY,
        login_within=ANY,
    ),
    waived=ANY,
    guarded=ANY,
    clock=items(
        either(
            row(words("on"), _CALENDAR),
            row(ANY, words("remind", "reject")),
            row(ANY, words("widen"), items(PRINCIPAL), items(PRINCIPAL)),
        )
    ),
    lasts=ANY,
    uses=text("[0-9]{1,6}"),
    alike=words("true", "false"),
    releases=items(OPERATION),
    plan=table(_PLANNED),
)
# A gate that is asked ``only if`` says so, by site; one that is asked in every case does not.
_ONLY_IF = extended(_GATE, only_if=table(ANY))
_OPERATION = members(
    kind=words("read", "notify", "effect", "critical effect"),
    queue=ANY,
    wire=ANY,
    arguments=_TREE,
    result=either(NONE, _TREE),
    timeout=ANY,
    heartbeat=ANY,
    retry=either(NONE, _TREE),
    idempotent=words("true", "false"),
    undo=either(NONE, members(operation=OPERATION, arguments=table(_TREE))),
)
# What waits for no event has neither (ADR 0120).
_WAITING = {
    "events": table(members(data=_TREE, **{"from": items(NAME)})),
    "waits": table(members(events=items(NAME), within=text("PT[0-9HMS.]{2,20}"))),
}
# Only a child in loops has bounds of its indexes; one that has a key of its own says so.
_RUN_AS = {"loops": items(_COUNT), "keyed": words("true")}
_RUN: dict[str, Any] = {"workflow_id": NAME, "workflow_version_id": HASH}
MANIFEST = Form(
    "manifest",
    members_or(
        # A program that runs no child, or waits for no event, has no such member.
        {
            "children": table(members_or(_RUN_AS, **_RUN)),
            **_WAITING,
        },
        type=words("gantral.dev/manifest/v1"),
        workflow_id=NAME,
        version=ANY,
        owning_team_id=NAME,
        program_digest=HASH,
        start_by=items(NAME),
        key=either(NONE, _TREE),
        input=_TREE,
        output=_TREE,
        policies=table(members(path=ANY, query=ANY)),
        operations=table(_OPERATION),
        gates=table(either(_GATE, _ONLY_IF)),
        automaton=items(row(ANY, words(*State), items(ANY))),
    ),
)

# contents.json of a bundle. Nobody signs it: it says what was asked for, not what there is.
CONTENTS = Form(
    "bundle",
    members(
        asked_instances=words("all", "named"),
        asked_since=INSTANT_OR_NONE,
        asked_team=NAME_OR_NONE,
        completeness=words("not_shown"),
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
