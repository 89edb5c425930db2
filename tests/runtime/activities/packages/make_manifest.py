"""Writes manifest.json. A test holds the file to be what this writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NONE = {"min": "none", "max": "none"}
TEXT = ["string", {**NONE, "pattern": "none"}]
AMOUNT = ["decimal", {"scale": "2", "min": "0.00", "max": "none"}]


def field(name: str, shape: Any, personal: str = "false") -> list[Any]:
    return [name, shape, {"personal": personal, "wire": name}]


MONEY = ["record", [field("amount", AMOUNT), field("currency", ["enum", ["EUR", "USD"]])]]
ORDER = ["record", [field("id", TEXT), field("customer", TEXT, "true"), field("total", MONEY)]]
PAID = ["record", [field("order", TEXT), field("amount", MONEY)]]
RECEIPT = ["record", [field("receipt_id", ["string", {**NONE, "max": "20", "pattern": "none"}])]]
RECEIPT_ID = ["record", [field("receipt_id", TEXT)]]
UNDO = {
    "operation": "payments.reverse",
    "arguments": {"receipt_id": {"result": ["payments.refund/1", ".receipt_id"]}},
}
RETRY = {"count": "5", "every": "PT1S", "up_to": "PT1M"}


def operation(
    name: str,
    kind: str,
    arguments: Any,
    result: Any,
    *,
    idempotent: str = "true",
    undo: Any = "none",
) -> dict[str, Any]:
    return {
        "kind": kind,
        "queue": name.split(".")[0],
        "wire": f"gantral/{kind}/{name}/0123456789abcdef",
        "arguments": arguments,
        "result": result,
        "timeout": "PT2M",
        "heartbeat": "none",
        "retry": RETRY if idempotent == "true" else "none",
        "idempotent": idempotent,
        "undo": undo,
    }


def gate(
    waived: str,
    uses: str,
    releases: str,
    apart: list[Any],
    guarded: str = "none",
    first: int = 1,
) -> dict[str, Any]:
    return {
        "parameters": [
            "record",
            [
                field("order", ORDER),
                field("refund", MONEY),
                field("reason", TEXT),
                field("owner", ["optional", ["person"]]),
            ],
        ],
        "title": ["computed"],
        "decide": [
            {
                "when": "always",
                "formula": {
                    "any": [
                        {"quorum": ["2", ["finance_manager"]]},
                        {"quorum": ["1", ["finance_director"]]},
                    ]
                },
            }
        ],
        "veto": ["security"],
        "apart": apart,
        "amend": {
            "/refund/amount": {
                "and": [
                    {">": [{"new": ["decimal", "/refund/amount"]}, {"const": ["decimal", "0.00"]}]},
                    {
                        "<=": [
                            {"new": ["decimal", "/refund/amount"]},
                            {"old": ["decimal", "/refund/amount"]},
                        ]
                    },
                ]
            }
        },
        "prove": {
            "reason_min": "20",
            "reason_max": "none",
            "assurance": "mfa",
            "login_within": "none",
        },
        "waived": waived,
        "guarded": guarded,
        "clock": [
            ["PT8H", "remind"],
            ["PT24H", "widen", ["finance_manager"], ["finance_director"]],
            ["PT72H", "reject"],
        ],
        "lasts": "PT30M",
        "uses": uses,
        "alike": "false",
        "releases": [releases],
        "plan": {
            f"{releases}/{n}": {
                "operation": releases,
                "at_most": "1",
                "arguments": {"order": {"path": "/order/id"}, "amount": {"path": "/refund"}},
                "undo": "payments.reverse" if releases == "payments.refund" else "none",
            }
            for n in range(first, first + int(uses))
        },
    }


INPUT = ["record", [field("order_id", TEXT), field("refund", MONEY), field("reason", TEXT, "true")]]
MANIFEST: dict[str, Any] = {
    "type": "gantral.dev/manifest/v1",
    "workflow_id": "activity_refund",
    "version": "1.4.0",
    "owning_team_id": "payments",
    "program_digest": "1310ca2c8932dbd118668bd97442558a3e1f546b5e15c69699dfbd6024f548d8",
    "start_by": ["support_agent"],
    "key": {"mode": "once", "paths": ["/input/order_id"]},
    "input": INPUT,
    "output": RECEIPT_ID,
    "policies": {
        "refund_limits": {"path": "policies/refund.rego", "query": "data.refund.decision"},
        "watch": {"path": "policies/refund.rego", "query": "data.refund.watch"},
    },
    "operations": {
        "orders.fetch": operation("orders.fetch", "read", ["record", [field("id", TEXT)]], ORDER),
        "payments.refund": operation("payments.refund", "effect", PAID, RECEIPT, undo=UNDO),
        "payments.pay": operation("payments.pay", "effect", PAID, RECEIPT, idempotent="false"),
        "payments.reverse": operation("payments.reverse", "effect", RECEIPT_ID, "none"),
    },
    "gates": {
        "finance": gate("refund_limits", "1", "payments.refund", ["initiator"]),
        "paying": gate("none", "2", "payments.pay", ["initiator"]),
        # A call stands in the plan of each gate under which it acts: these are other calls.
        "owned": gate("none", "1", "payments.refund", ["initiator", {"actor": "/owner"}], first=2),
        "office": {
            **gate("none", "1", "payments.refund", ["initiator"], first=3),
            "clock": [
                [
                    "on",
                    {
                        "zone": "Europe/Berlin",
                        "days": ["mon", "tue", "wed", "thu", "fri"],
                        "hours": ["09:00", "17:30"],
                        "except": ["2026-12-25"],
                    },
                ],
                ["PT1H", "remind"],
                ["PT8H30M", "reject"],
            ],
        },
        "watched": gate("refund_limits", "1", "payments.refund", ["initiator"], "watch", 4),
    },
    "events": {
        "found": {
            "data": ["record", [field("what", TEXT), field("by", ["person"])]],
            "from": ["initiator", "finance_manager"],
        }
    },
    "waits": {"wait/1": {"events": ["found"], "within": "PT1H"}},
    "automaton": [
        ["complete/1", "COMPLETED", []],
        ["finance/1", "WAITING_FOR_HUMAN", ["finance/1:rejected", "finance/1:resumed"]],
        ["finance/1:rejected", "REJECTED", []],
        ["finance/1:resumed", "RUNNING", ["complete/1", "paying/1", "terminated"]],
        ["finance/1:waived", "RUNNING", ["complete/1", "terminated"]],
        ["office/1", "WAITING_FOR_HUMAN", ["office/1:rejected", "office/1:resumed"]],
        ["office/1:rejected", "REJECTED", []],
        ["office/1:resumed", "RUNNING", ["complete/1", "terminated"]],
        ["owned/1", "WAITING_FOR_HUMAN", ["owned/1:rejected", "owned/1:resumed"]],
        ["owned/1:rejected", "REJECTED", []],
        ["owned/1:resumed", "RUNNING", ["complete/1", "terminated"]],
        ["paying/1", "WAITING_FOR_HUMAN", ["paying/1:rejected", "paying/1:resumed"]],
        ["paying/1:rejected", "REJECTED", []],
        ["paying/1:resumed", "RUNNING", ["complete/1", "terminated"]],
        [
            "start",
            "RUNNING",
            [
                *("complete/1", "finance/1", "finance/1:waived", "office/1", "owned/1", "paying/1"),
                *("terminated", "watched/1", "watched/1:waived"),
            ],
        ],
        ["terminated", "TERMINATED", []],
        ["watched/1", "WAITING_FOR_HUMAN", ["watched/1:rejected", "watched/1:resumed"]],
        ["watched/1:rejected", "REJECTED", []],
        ["watched/1:resumed", "RUNNING", ["complete/1", "terminated"]],
        ["watched/1:waived", "RUNNING", ["complete/1", "terminated"]],
    ],
}


def written() -> str:
    return json.dumps(MANIFEST, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


if __name__ == "__main__":
    Path(__file__).with_name("activity_refund").joinpath("manifest.json").write_text(
        written(), "utf-8"
    )
