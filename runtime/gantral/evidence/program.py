"""The exact members of manifest.json: what a program promises (docs/manifest.md)."""

from __future__ import annotations

from gantral.authority import State
from gantral.evidence.fields import (
    ANY,
    DATE,
    HASH,
    NAME,
    NONE,
    OPERATION,
    PRINCIPAL,
    SEPARATION,
    WAIT,
)
from gantral.evidence.schema import (
    Form,
    Schema,
    either,
    items,
    members,
    members_or,
    row,
    table,
    text,
    words,
)

# Trees whose inside is judged where it is read: shapes by context, expressions by expr, formulas
# by formula, plan terms by uses. Each refuses what it does not know.
_TREE = either(
    items({"type": ["string", "array", "object"]}),
    {"type": "object", "additionalProperties": {"type": ["string", "array", "object"]}},
)
_COUNT = text("[1-9][0-9]{0,5}")
_PLANNED = members_or(
    # Only a call in loops has bounds of its indexes; only in the plan of a gate that is asked both
    # ways a call says that its ask is one that is asked in every case.
    {"loops": items(_COUNT), "asked": words("always")},
    operation=OPERATION,
    at_most=_COUNT,
    arguments=table(_TREE),
    undo=ANY,
)
_TIME = text("(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_CALENDAR = members(
    zone=ANY,
    days=items(words("mon", "tue", "wed", "thu", "fri", "sat", "sun")),
    hours=row(_TIME, _TIME),
    **{"except": items(DATE)},
)
# A gate that is asked ``only if`` says so, by site; one that is asked in every case does not.
_ONLY_IF = {"only_if": table(ANY)}
_CLAUSES = dict[str, Schema](
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
)
_PLAN = table(_PLANNED)
# Where approvals could be mistaken for one another, each ask has a plan of its own (ADR 0152).
_ASKS = table(members_or({"loops": items(_COUNT)}, plan=_PLAN))
_GATE = either(
    members_or(_ONLY_IF, **_CLAUSES, plan=_PLAN), members_or(_ONLY_IF, **_CLAUSES, asks=_ASKS)
)
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
    "waits": table(
        members_or(
            {"beside": items(WAIT)},  # only of a wait that others may be open beside (ADR 0157)
            events=items(NAME),
            within=text("PT[0-9HMS.]{2,20}"),
        )
    ),
}
# Only a child in loops has bounds of its indexes; one that has a key of its own says so.
_RUN_AS = {"loops": items(_COUNT), "keyed": words("true")}
MANIFEST = Form(
    "manifest",
    members_or(
        # A program that runs no child, or waits for no event, has no such member.
        {
            "children": table(members_or(_RUN_AS, workflow_id=NAME, workflow_version_id=HASH)),
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
        gates=table(_GATE),
        automaton=items(row(ANY, words(*State), items(ANY))),
    ),
)
