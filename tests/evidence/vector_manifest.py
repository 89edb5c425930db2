"""The manifest of the golden vectors: a refund behind one gate."""

from __future__ import annotations

import hashlib
from typing import Any


def _field(name: str, shape: Any, personal: str = "false") -> Any:
    return [name, shape, {"personal": personal, "wire": name}]


_STRING = ["string", {"min": "none", "max": "none", "pattern": "none"}]
_AMOUNT = ["decimal", {"scale": "2", "min": "0.00", "max": "none"}]
_MONEY = ["record", [_field("amount", _AMOUNT), _field("currency", ["enum", ["EUR", "USD"]])]]
_ORDER = [
    "record",
    [_field("id", _STRING), _field("customer", _STRING, "true"), _field("total", _MONEY)],
]
_RECEIPT = ["record", [_field("receipt_id", _STRING)]]


def _operation(kind: str, arguments: Any, result: Any, undo: Any = "none") -> dict[str, Any]:
    return {
        "kind": kind,
        "queue": "payments",
        "wire": f"gantral/{kind}/vector",
        "arguments": arguments,
        "result": result,
        "timeout": "PT2M",
        "heartbeat": "none",
        "retry": {"count": "5", "every": "PT1S", "up_to": "PT1M"},
        "idempotent": "true",
        "undo": undo,
    }


_NEW = {"new": ["decimal", "/refund/amount"]}
GATE: dict[str, Any] = {
    "parameters": [
        "record",
        [_field("order", _ORDER), _field("refund", _MONEY), _field("reason", _STRING)],
    ],
    "title": [["text", "Refund "], ["path", "/refund/amount"]],
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
    "apart": ["initiator"],
    "amend": {
        "/refund/amount": {
            "and": [
                {">": [_NEW, {"const": ["decimal", "0.00"]}]},
                {"<=": [_NEW, {"old": ["decimal", "/refund/amount"]}]},
            ]
        }
    },
    "prove": {
        "reason_min": "20",
        "reason_max": "none",
        "assurance": "mfa",
        "login_within": "PT12H",
    },
    "waived": "refund_limits",
    "guarded": "none",
    "clock": [
        ["PT8H", "remind"],
        ["PT24H", "widen", ["finance_manager"], ["finance_director"]],
        ["PT72H", "reject"],
    ],
    "lasts": "PT30M",
    "uses": "1",
    "alike": "false",
    "releases": ["payments.refund"],
    "plan": {
        "payments.refund/1": {
            "operation": "payments.refund",
            "at_most": "1",
            "arguments": {"order": {"path": "/order/id"}, "amount": {"path": "/refund"}},
            "undo": "payments.reverse",
        }
    },
}
MANIFEST: dict[str, Any] = {
    "type": "gantral.dev/manifest/v1",
    "workflow_id": "refund",
    "version": "1.4.0",
    "owning_team_id": "payments",
    "program_digest": hashlib.sha256(b"the program of the vectors").hexdigest(),
    "start_by": ["support_agent"],
    "key": {"mode": "once", "paths": ["/input/order_id"]},
    "input": [
        "record",
        [
            _field("order_id", _STRING),
            _field("refund", _MONEY),
            _field("reason", _STRING, "true"),
        ],
    ],
    "output": _RECEIPT,
    "policies": {
        "refund_limits": {"path": "policies/refund.rego", "query": "data.refund.decision"}
    },
    "operations": {
        "payments.refund": _operation(
            "effect",
            ["record", [_field("order", _STRING), _field("amount", _MONEY)]],
            _RECEIPT,
            {
                "operation": "payments.reverse",
                "arguments": {"receipt_id": {"result": ["self", ".receipt_id"]}},
            },
        ),
        "payments.reverse": _operation("effect", _RECEIPT, "none"),
    },
    "gates": {"finance": GATE},
    "automaton": [
        ["complete/1", "COMPLETED", []],
        ["finance/1", "WAITING_FOR_HUMAN", ["finance/1:rejected", "finance/1:resumed"]],
        ["finance/1:rejected", "REJECTED", []],
        ["finance/1:resumed", "RUNNING", ["complete/1", "terminated"]],
        ["finance/1:waived", "RUNNING", ["complete/1", "terminated"]],
        ["start", "RUNNING", ["finance/1", "finance/1:waived", "terminated"]],
        ["terminated", "TERMINATED", []],
    ],
}
