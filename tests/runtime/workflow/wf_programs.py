"""Generated packages written by hand: `refund_hand`, the sample of the contract, and `desk_hand`,
which has what refund lacks (named persons, `and`, veto, handlers, on failure, notify, several
effects). They are written to a folder with their manifest's hash in place."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from gantral.evidence import H

HERE = Path(__file__).parent / "packages"

_NONE: dict[str, str] = {}
TEXT: list[Any] = ["string", {"min": "none", "max": "none", "pattern": "none"}]
AMOUNT: list[Any] = ["decimal", {"scale": "2", "min": "0", "max": "none"}]


def field(name: str, shape: list[Any], personal: str = "false") -> list[Any]:
    return [name, shape, {"personal": personal, "wire": name}]


def record(*fields: list[Any]) -> list[Any]:
    return ["record", list(fields)]


MONEY = record(field("amount", AMOUNT), field("currency", ["enum", ["EUR", "USD"]]))
ORDER = record(field("id", TEXT), field("customer", TEXT, "true"), field("total", MONEY))


def operation(kind: str, queue: str, arguments: list[Any], result: Any, **rest: Any) -> Any:
    return {
        "kind": kind,
        "queue": queue,
        "wire": rest.pop("wire"),
        "arguments": arguments,
        "result": result,
        "timeout": rest.pop("timeout", "PT2M"),
        "heartbeat": "none",
        "retry": rest.pop("retry", "none"),
        "idempotent": rest.pop("idempotent", "false"),
        "undo": rest.pop("undo", "none"),
    }


FINANCE = {
    "parameters": record(field("order", ORDER), field("refund", MONEY), field("reason", TEXT)),
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
    "veto": [],
    "apart": ["initiator"],
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
    "waived": "refund_limits",
    "guarded": "none",
    "clock": [
        ["PT8H", "remind"],
        ["PT24H", "widen", ["finance_manager"], ["finance_officer"]],
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

REFUND: dict[str, Any] = {
    "type": "gantral.dev/manifest/v1",
    "workflow_id": "refund",
    "version": "1.4.0",
    "owning_team_id": "payments",
    "program_digest": "0" * 64,
    "start_by": ["support_agent"],
    "key": {"mode": "once", "paths": ["/input/order_id"]},
    "input": record(field("order_id", TEXT), field("refund", MONEY), field("reason", TEXT, "true")),
    "output": record(field("receipt_id", TEXT)),
    "policies": {
        "refund_limits": {"path": "policies/refund.rego", "query": "data.refund.decision"}
    },
    "operations": {
        "orders.fetch": operation(
            "read",
            "orders",
            record(field("id", TEXT)),
            ORDER,
            wire="gantral/read/orders.fetch/0000000000000001",
            timeout="PT10S",
            retry={"count": "3", "every": "PT1S", "up_to": "PT1M"},
        ),
        "payments.refund": operation(
            "effect",
            "payments",
            record(field("order", TEXT), field("amount", MONEY)),
            record(field("receipt_id", TEXT)),
            wire="gantral/effect/payments.refund/0000000000000002",
            retry={"count": "5", "every": "PT1S", "up_to": "PT1M"},
            idempotent="true",
            undo={
                "operation": "payments.reverse",
                "arguments": {"receipt_id": {"result": ["payments.refund/1", ".receipt_id"]}},
            },
        ),
        "payments.reverse": operation(
            "effect",
            "payments",
            record(field("receipt_id", TEXT)),
            "none",
            wire="gantral/effect/payments.reverse/0000000000000003",
            idempotent="true",
        ),
    },
    "gates": {"finance": FINANCE},
    "automaton": [],
}

DESK_GATE = {
    "parameters": record(field("owner", ["person"]), field("what", TEXT)),
    "title": ["computed"],
    "decide": [
        {
            "when": "always",
            "formula": {
                "all": [
                    {"quorum": ["1", [{"actor": "/owner"}]]},
                    {"quorum": ["1", ["security"]]},
                ]
            },
        }
    ],
    "veto": ["officer"],
    "apart": ["initiator"],
    "amend": {},
    "prove": {
        "reason_min": "none",
        "reason_max": "none",
        "assurance": "none",
        "login_within": "none",
    },
    "waived": "none",
    "guarded": "none",
    "clock": [["PT72H", "reject"]],
    "lasts": "PT30M",
    "uses": "3",
    "alike": "false",
    "releases": ["keys.grant", "keys.paint"],
    "plan": {},
}

_GRANT_UNDO = {
    "operation": "keys.revoke",
    "arguments": {
        "what": {"path": "/what"},
        "serial": {"result": ["", ".serial"]},
    },
}

DESK: dict[str, Any] = {
    **REFUND,
    "workflow_id": "desk",
    "key": "none",
    "policies": {},
    "input": record(
        field("owner", ["person"]),
        field("what", TEXT),
        field("script", ["list", {"min": "none", "max": "20"}, TEXT]),
    ),
    "output": record(field("log", ["list", {"min": "none", "max": "20"}, TEXT])),
    "operations": {
        "keys.look": operation(
            "read",
            "keys",
            record(field("what", TEXT)),
            record(field("state", ["enum", ["free", "taken"]])),
            wire="LookUp",
            timeout="PT10S",
            retry={"count": "1", "every": "PT1S", "up_to": "none"},
        ),
        "keys.tell": operation(
            "notify",
            "keys",
            record(field("what", TEXT)),
            "none",
            wire="gantral/notify/keys.tell/0000000000000004",
            timeout="PT10S",
        ),
        "keys.grant": operation(
            "effect",
            "keys",
            record(field("what", TEXT)),
            record(field("serial", TEXT)),
            wire="gantral/effect/keys.grant/0000000000000005",
            undo=_GRANT_UNDO,
        ),
        "keys.paint": operation(
            "effect",
            "keys",
            record(field("what", TEXT)),
            record(field("serial", TEXT)),
            wire="gantral/effect/keys.paint/0000000000000006",
            undo=_GRANT_UNDO,
        ),
        "keys.revoke": operation(
            "effect",
            "keys",
            record(field("what", TEXT), field("serial", TEXT)),
            "none",
            wire="gantral/effect/keys.revoke/0000000000000007",
            idempotent="true",
        ),
    },
    "gates": {"access": DESK_GATE},
    "events": {
        "brought": {
            "data": record(
                field("what", TEXT), field("by", ["person"]), field("note", ["optional", TEXT])
            ),
            "from": ["initiator", "security"],
        },
        "stop": {"data": record(), "from": ["officer"]},
    },
    "waits": {
        "wait/1": {"events": ["brought", "stop"], "within": "PT1H"},
        "wait/2": {"events": ["brought"], "within": "PT1H", "beside": ["wait/3"]},
        "wait/3": {"events": ["stop"], "within": "PT1H", "beside": ["wait/2"]},
    },
}

# The desk again, with times that really pass while a test runs.
BRIEF: dict[str, Any] = {
    **DESK,
    "workflow_id": "brief",
    "operations": {
        **DESK["operations"],
        "keys.grant": {
            **DESK["operations"]["keys.grant"],
            "idempotent": "true",
            "retry": {"count": "3", "every": "PT1S", "up_to": "none"},
        },
    },
    "gates": {"access": {**DESK_GATE, "clock": [["PT3S", "reject"]], "lasts": "PT1S"}},
}

# The desk once more, its gate waived by a policy.
WAIVING: dict[str, Any] = {
    **DESK,
    "workflow_id": "waiving",
    "policies": REFUND["policies"],
    "gates": {"access": {**DESK_GATE, "waived": "refund_limits"}},
}

# The refund, its gate waived by one policy and guarded by another.
WATCHED: dict[str, Any] = {
    **REFUND,
    "workflow_id": "watched",
    "policies": {
        **REFUND["policies"],
        "watch": {"path": "policies/watch.rego", "query": "data.refund.watch"},
    },
    "gates": {"finance": {**FINANCE, "guarded": "watch"}},
}

MANIFESTS = {
    "refund_hand": REFUND,
    "desk_hand": DESK,
    "brief_hand": BRIEF,
    "waiving_hand": WAIVING,
    "watched_hand": WATCHED,
}
# Whose workflow serves a program that has none of its own.
BASES = {"brief": "desk", "waiving": "desk", "watched": "refund"}


def write(folder: Path, suffix: str = "") -> None:
    """Write the packages below ``folder`` and make them importable."""
    for name, manifest in MANIFESTS.items():
        package = folder / (name + suffix)
        package.mkdir()
        data = json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()
        (package / "manifest.json").write_bytes(data)
        own = name.removesuffix("_hand")
        base = BASES.get(own, own)
        for source in (HERE / f"{base}_hand").glob("*.py"):
            code = source.read_text().replace("@PROGRAM@", H("manifest", data))
            code = code.replace(f'workflow="{base}"', f'workflow="{manifest["workflow_id"]}"')
            (package / source.name).write_text(code)
    sys.path.insert(0, str(folder))
