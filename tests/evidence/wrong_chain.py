"""Wrong bytes, commits, chains, and what lies beside them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import test_beside_commits as beside
from forging import H64, OTHER, _drop, _rebind, order, put, unsorted
from gantral.evidence import canonical, parse, seal
from gantral.evidence.envelope import unwrap, write_envelope
from gantral.evidence.hashes import leaf
from scenes import Forge, build
from vector_manifest import MANIFEST
from vectors import CHAINS, _commit, _end, _outcome, _use, _waiting, inputs
from wrong import NO_DAY, Chain, Wrong, elsewhere, files, moved, statement


def asked_twice() -> tuple[Chain, dict[str, Any]]:
    """The gate is asked again after its yes; an effect is told while it waits."""
    made = copy.deepcopy(MANIFEST)
    made["automaton"][3][2].append("finance/1")
    made["automaton"][3][2].sort()
    again = copy.deepcopy(_waiting())
    for place in (again, *again["records"]):
        place["round"] = "2"
    again["timestamp"] = "2026-11-23T10:50:00.000Z"
    for row, at in zip(again["records"][1]["instants"], ("23T18", "24T10", "26T10"), strict=True):
        row[0] = f"2026-11-{at}:50:00.000Z"
    acted = [_use("2", "2026-11-23T10:50:10.000Z"), _outcome("2", "2026-11-23T10:50:11.000Z")]
    told = _commit([], "2026-11-23T10:51:00.000Z", "same", records=acted)
    end = {**told, "states": ["REJECTED"], "timestamp": "2026-11-23T10:55:00.000Z"}
    end |= {"gate": "finance", "round": "2", "cause": "cancelled"}
    end["records"] = [_end("finance/1", ["payments.refund/1"])]
    return [*CHAINS["approved"][:3], again, told, end], made


def misnamed_vote() -> Forge:
    name, made = beside.late_vote()
    made[f"votes/{H64}.json"] = made.pop(f"votes/{name}.json")
    return files(made, beside.refusal(name))


def misnamed_use() -> Forge:
    scene = build(inputs("approved"), MANIFEST)
    claim = next(one["claim"] for one in scene.commits[3]["records"] if one["kind"] == "use")
    second = {**unwrap(claim, "use").statement, "slot": "2"}
    envelope = write_envelope(seal("use", second, beside.KEYS["effect"]))
    return files({f"uses/{second['grant']}/3.json": envelope})


def another_program(made: dict[str, Any]) -> None:
    for artifact in made["artifacts"]:
        artifact["workflow_id"] = "other"


def of_another_instance() -> Forge:
    """A text of another instance is shown at the gate, as if it were this one's."""
    other = ["0" * 32, OTHER, "/order/customer", "c-78"]

    def edit(made: dict[str, Any]) -> None:
        _rebind(made, "/order/customer", leaf(other))

    def texts(found: dict[str, bytes]) -> None:
        _drop(found, "/order/customer")
        found[f"texts/{leaf(other)}.json"] = canonical(other)

    return Forge(statement={1: edit, 2: edit}, files=texts)


def spoilt(name: str, edit: Callable[[bytes], bytes]) -> Forge:
    return Forge(files=lambda found: found.update({name: edit(found[name])}))


def _submission() -> Any:
    return build(inputs("approved"), MANIFEST).commits[0]["decision"]


LAST = "commits/00000003.json"
TWICE, AGAIN_PROGRAM = asked_twice()
CHAIN: dict[str, Wrong] = {
    # bytes and envelopes
    "bytes": Wrong(
        "approved",
        "a line end stands behind a commit's envelope",
        spoilt(LAST, lambda data: data + b"\n"),
    ),
    "bytes:order": Wrong(
        "approved",
        "the members of an envelope stand in another order than RFC 8785's",
        spoilt(
            LAST,
            lambda data: (
                b"{"
                + data[data.index(b'"payloadType"') : -1]
                + b","
                + data[1 : data.index(b',"payloadType"')]
                + b"}"
            ),
        ),
    ),
    "envelope": Wrong(
        "approved",
        "an envelope has its signature twice",
        spoilt(
            LAST,
            lambda data: (lambda one: canonical({**one, "signatures": one["signatures"] * 2}))(
                parse(data, 2**21)
            ),
        ),
    ),
    # inside one commit
    "group:alone": Wrong(
        "approved",
        "CREATED stands alone in its commit",
        order(0, "states", ["CREATED"]),
        chain=CHAINS["approved"][:1],
    ),
    "context_order": Wrong(
        "approved",
        "the context of WAITING_FOR_HUMAN is not sorted by pointer",
        statement(1, unsorted),
    ),
    "identity:instance": Wrong(
        "approved",
        "an artifact names another instance than its commit",
        statement(3, lambda made: moved(made["artifacts"][0], instance_id=OTHER)),
    ),
    "identity:program": Wrong(
        "approved",
        "the second artifact of a commit is of another workflow than the first",
        statement(0, put("artifacts.1.workflow_id", "other")),
        shown=("/input/order_id", 0),
    ),
    "link": Wrong(
        "approved",
        "the second artifact of a commit does not follow the first",
        statement(0, put("artifacts.1.prev_artifact_hash", H64)),
        shown=("/input/order_id", 0),
    ),
    "sequence": Wrong(
        "approved",
        "the second artifact of a commit has not the next sequence",
        statement(0, lambda made: moved(made["artifacts"][1], sequence="5")),
        shown=("/input/order_id", 0),
    ),
    "gate_member:two": Wrong(
        "approved",
        "APPROVED and RESUMED of one decision name two gates",
        statement(2, put("artifacts.1.gate", "other")),
    ),
    "actor:nobody": Wrong(
        "approved", "APPROVED names nobody", order(2, "human", "none"), shown=("/order/id", 2)
    ),
    "decision_member:records": Wrong(
        "undone",
        "a commit of records alone has a decision",
        statement(3, lambda made: made.update(decision=_submission())),
    ),
    "decision_member:state": Wrong(
        "approved",
        "COMPLETED has a decision",
        statement(3, lambda made: made.update(decision=_submission())),
    ),
    # along the chain
    "group:waiting": Wrong(
        "approved",
        "records alone are committed while a gate waits",
        chain=TWICE,
        manifest=AGAIN_PROGRAM,
    ),
    "instance": Wrong(
        "approved", "a commit is of another instance than the first", statement(3, elsewhere)
    ),
    "instant:commit": Wrong(
        "denied", "a commit's time is the 31st of November", order(1, "timestamp", NO_DAY)
    ),
    "instant:sealed": Wrong(
        "approved",
        "a vote's time is the 31st of November",
        order(2, "votes.0.timestamp", NO_DAY),
        then=("form",),
    ),
    "transition": Wrong(
        "approved",
        "an instance is COMPLETED twice",
        chain=[*CHAINS["approved"], {**copy.deepcopy(CHAINS["approved"][3]), "records": []}],
        forge=Forge(manifest=put("automaton.0.2", ["complete/1"])),
    ),
    "next_sequence": Wrong(
        "approved",
        "the sequence has a gap between two commits",
        statement(3, lambda made: moved(made["artifacts"][0], sequence="9")),
    ),
    "program_name": Wrong(
        "approved",
        "the program of manifest.json is another workflow's than the artifacts say",
        Forge(
            statement={0: another_program},
            sealed=lambda kind, made: (
                made.update(workflow_id="other") if kind == "submission" else None
            ),
            trust=lambda made: made["programs"][0].update(workflow_id="other"),
        ),
        chain=CHAINS["approved"][:1],
    ),
    # beside the commits
    "layout": Wrong("approved", "a file lies there that does not belong", files({"readme": b""})),
    "jsonl": Wrong(
        "approved",
        "a line of artifacts.jsonl is not what was sealed",
        spoilt("artifacts.jsonl", lambda data: data.replace(b"none", b"nono", 1)),
    ),
    "jsonl_more": Wrong(
        "approved",
        "artifacts.jsonl has a line more than was sealed",
        spoilt("artifacts.jsonl", lambda data: data + data.splitlines(keepends=True)[-1]),
    ),
    "instant:beside": Wrong(
        "approved",
        "a refusal's time is the 31st of November",
        files(beside.late_vote()[1], beside.refusal(beside.late_vote()[0], timestamp=NO_DAY)),
    ),
    "vote_name": Wrong(
        "approved", "a refused vote lies under another name than its hash", misnamed_vote()
    ),
    "use_name": Wrong(
        "approved",
        "a claim lies under another slot than its own",
        misnamed_use(),
    ),
    "text_instance": Wrong(
        "approved", "a text of another instance is shown at the gate", of_another_instance()
    ),
    "text_instance:disclosed": Wrong(
        "approved",
        "a disclosure shows a text of another instance",
        of_another_instance(),
        shown=("/order/customer", 1),
    ),
}
