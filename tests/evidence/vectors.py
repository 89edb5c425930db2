"""The inputs of the golden vectors, and the script that writes them and the schemas to
docs/evidence.

python tests/evidence/vectors.py
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from gantral.evidence.records import FORMS
from scenes import USES, build, salt
from vector_manifest import MANIFEST

HERE = Path(__file__).parent
VECTORS = HERE.parents[1] / "docs" / "evidence" / "vectors"
SECOND = HERE.parents[1] / "verify-go" / "schemas"
INSTANCE = "5f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b11"
REVISION = "sha256:" + "1e6e" * 16
INPUT_HASH = hashlib.sha256(b"policy input of the vectors").hexdigest()
REASON = "The parcel came broken."
AT_GATE = {"gate": "finance", "round": "1"}
INPUT = [
    [salt("i", 1), "/input/order_id", "o-1001"],
    [salt("i", 2), "/input/reason", REASON],
    [salt("i", 3), "/input/refund/amount", "40.00"],
    [salt("i", 4), "/input/refund/currency", "EUR"],
]
PROPOSAL = [
    [salt("p", 1), "/order/customer", "c-77"],
    [salt("p", 2), "/order/id", "o-1001"],
    [salt("p", 3), "/order/total/amount", "55.00"],
    [salt("p", 4), "/order/total/currency", "EUR"],
    [salt("p", 5), "/reason", REASON],
    [salt("p", 6), "/refund/amount", "40.00"],
    [salt("p", 7), "/refund/currency", "EUR"],
]
AMENDED = [[salt("a", 1), "/refund/amount", "25.00"]]
CALL = {"call": "payments.refund/1", "operation": "payments.refund", "slot": "1"}


def _commit(states: list[str], timestamp: str, context: Any, **more: Any) -> dict[str, Any]:
    plain = {"key": "commit", "gate": "none", "round": "none", "cause": "none", "human": "none"}
    return {
        **plain,
        "policy_version_id": "none",
        "records": [],
        "states": states,
        "timestamp": timestamp,
        "context": context,
        **more,
    }


def _created() -> dict[str, Any]:
    submission = {
        "who": "carol",
        "timestamp": "2026-11-23T09:59:58.120Z",
        "retain_until": "2033-11-23T00:00:00.000Z",
        "business_key": [salt("key"), "o-1001"],
        "auth_time": "2026-11-23T08:02:11.000Z",
        "level": "none",
        "identity_salt": salt("identity", "carol"),
        "token_hash": hashlib.sha256(b"carol's token").hexdigest(),
    }
    return _commit(
        ["CREATED", "RUNNING"],
        "2026-11-23T09:59:58.300Z",
        INPUT,
        human="carol",
        submission=submission,
    )


def _policy(answer: str, kind: str = "policy") -> dict[str, Any]:
    return {
        "kind": kind,
        **AT_GATE,
        "query": "data.refund.decision",
        "policy_version_id": REVISION,
        "input_hash": INPUT_HASH,
        "answer": answer,
    }


def _waiting() -> dict[str, Any]:
    instants = [
        ["2026-11-23T18:00:01.004Z", "remind", "none", "none"],
        ["2026-11-24T10:00:01.004Z", "widen", ["finance_manager"], ["finance_director"]],
        ["2026-11-26T10:00:01.004Z", "reject", "none", "none"],
    ]
    return _commit(
        ["WAITING_FOR_HUMAN"],
        "2026-11-23T10:00:01.004Z",
        PROPOSAL,
        **AT_GATE,
        policy_version_id=REVISION,
        records=[
            _policy("REQUIRE_HUMAN"),
            {"kind": "clock", **AT_GATE, "instants": instants},
            {"kind": "deciders", **AT_GATE, "excluded": ["carol"], "named": {}},
        ],
    )


def vote(who: str, kind: str, at: str, amendment: Any = (), **more: Any) -> dict[str, Any]:
    return {
        "who": who,
        "type": kind,
        "role": ["finance_manager"],
        "timestamp": at,
        "amendment": [list(pair) for pair in amendment],
        "justification": [salt("why", who, at), "Only one of two items was broken."],
        "auth_time": "2026-11-23T09:20:00.000Z",
        "level": "mfa",
        "identity_salt": salt("identity", who),
        "token_hash": hashlib.sha256(f"{who}'s token".encode()).hexdigest(),
        "decision_id": "e650de78-0cd7-5569-8efc-19e81e87ca0" + str(len(who)),
        "supersedes": "none",
        **more,
    }


def _decided(state: str, cause: str, context: Any, votes: Any, opened: list[str]) -> Any:
    return _commit(
        [state, "RESUMED", "RUNNING"],
        "2026-11-23T10:44:10.002Z",
        context,
        **AT_GATE,
        cause=cause,
        human=votes[-1]["who"],
        votes=votes,
        opened_before=opened,
    )


def _use(grant: str, at: str) -> dict[str, Any]:
    return {
        "kind": "use",
        **CALL,
        "grant": grant,
        "attempt": "1",
        "queue": "payments",
        "run": "4f9c2b0e-8f3b-4a55-9a39-0c0f1d1f7a10",
        "timestamp": at,
        "arguments": [
            ["amount.amount", "/refund/amount"],
            ["amount.currency", "/refund/currency"],
            ["order", "/order/id"],
        ],
    }


def _outcome(grant: str, at: str) -> dict[str, Any]:
    results = [[salt("r", 1), "/receipt_id", "r-9"]]
    return {
        "kind": "outcome",
        **CALL,
        "grant": grant,
        "status": "done",
        "results": results,
        "timestamp": at,
    }


def _completed(grant: str, day: str = "2026-11-23T10:44:") -> dict[str, Any]:
    return _commit(
        ["COMPLETED"],
        day + "12.480Z",
        [[salt("o", 1), "/output/receipt_id", "r-9"]],
        cause="completed",
        records=[_use(grant, day + "10.300Z"), _outcome(grant, day + "11.700Z")],
    )


def _end(statement: str, standing: list[str], message: Any = "none") -> dict[str, Any]:
    return {"kind": "end", "message": message, "statement": statement, "standing": standing}


_TWO = ("2026-11-23T10:21:40.551Z", "2026-11-23T10:44:09.870Z")
_LESS = [("/refund/amount", "25.00")]
CHAINS: dict[str, list[dict[str, Any]]] = {
    "approved": [
        _created(),
        _waiting(),
        _decided(
            "APPROVED",
            "approved",
            "same",
            [vote("alice", "APPROVE", _TWO[0]), vote("bob", "APPROVE", _TWO[1])],
            [],
        ),
        _completed("2"),
    ],
    "amended": [
        _created(),
        _waiting(),
        _decided(
            "OVERRIDDEN",
            "amended",
            {"amended": AMENDED},
            [vote("alice", "OVERRIDE", _TWO[0], _LESS), vote("bob", "OVERRIDE", _TWO[1], _LESS)],
            ["/refund/amount"],
        ),
        _completed("2"),
    ],
    "waived": [
        _created(),
        _commit(
            [],
            "2026-11-23T10:00:01.004Z",
            PROPOSAL,
            records=[_policy("ALLOW", "waiver")],
        ),
        _completed("1", "2026-11-23T10:00:"),
    ],
    "rejected": [
        _created(),
        _waiting(),
        _commit(
            ["REJECTED"],
            "2026-11-23T10:44:10.002Z",
            "same",
            **AT_GATE,
            cause="rejected",
            human="bob",
            votes=[vote("alice", "APPROVE", _TWO[0]), vote("bob", "REJECT", _TWO[1])],
            opened_before=[],
            records=[_end("finance/1", [], [salt("end"), "The second item was never sent."])],
        ),
    ],
    "timed_out": [
        _created(),
        _waiting(),
        _commit(
            ["REJECTED"],
            "2026-11-26T10:00:01.004Z",
            "same",
            **AT_GATE,
            cause="deadline",
            votes=[vote("alice", "APPROVE", _TWO[0])],
            opened_before=[],
            records=[_end("finance/1", [])],
        ),
    ],
    "execution_lost": [
        _created(),
        _waiting(),
        _decided(
            "APPROVED",
            "approved",
            "same",
            [
                vote(
                    "dan",
                    "APPROVE",
                    _TWO[1],
                    role=["finance_director"],
                )
            ],
            [],
        ),
        _commit(
            ["TERMINATED"],
            "2026-11-23T11:30:00.000Z",
            "same",
            key="closer",
            cause="execution_lost",
            records=[
                _use("2", "2026-11-23T10:44:10.300Z"),
                _outcome("2", "2026-11-23T10:44:11.700Z"),
                _end("none", ["payments.refund/1"]),
            ],
        ),
    ],
}


def inputs(name: str) -> dict[str, Any]:
    """Everything a stranger needs to make the vector's bytes, beside its manifest.json."""
    return {
        "instance_id": INSTANCE,
        "owning_team_id": "payments",
        "environment": "production",
        "issuer": "https://idp.example",
        "audience": "gantral",
        "claim": "oid",
        "role_map": hashlib.sha256(b"the role map").hexdigest(),
        "pepper": hashlib.sha256(b"the pepper of payments").hexdigest(),
        "people": {who: f"{who}@example" for who in ("carol", "alice", "bob", "dan")},
        "seeds": {use: hashlib.sha256(f"seed {use}".encode()).hexdigest() for use in USES},
        "trust": {
            "trust_id": "payments-production",
            "serial": "7",
            "previous": "none",
            "issued": "2026-11-20T09:00:00.000Z",
            "environment": "production",
            "max_skew": "PT5S",
            "actor_claim": "oid",
            "log": "none",
            "not_before": "2026-01-01T00:00:00.000Z",
            "not_after": "2027-06-30T23:59:59.999Z",
        },
        "commits": CHAINS[name],
    }


def main() -> None:
    for name in CHAINS:
        scene = build(inputs(name), MANIFEST)
        folder = VECTORS / name
        if folder.exists():
            shutil.rmtree(folder)
        for path, data in scene.files.items():
            target = folder / "instance" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        (folder / "trust.json").write_bytes(scene.trust)
        text = json.dumps(inputs(name), ensure_ascii=False, indent=1, sort_keys=True)
        (folder / "inputs.json").write_text(text + "\n", encoding="utf-8")
    # Not at the top: what makes them imports this module.
    import invalid

    invalid.write()
    schemas = VECTORS.parent / "schemas"
    schemas.mkdir(exist_ok=True)
    for name, form in FORMS.items():
        head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": form.name}
        text = json.dumps({**head, **form.schema}, indent=1)
        # The second verifier reads its forms from a copy, which it carries.
        for folder in (schemas, SECOND):
            (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
