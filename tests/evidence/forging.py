"""What the verifier's forgeries are made of: edits, and chains that no vector holds."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from gantral.evidence import canonical, parse
from gantral.evidence.hashes import context_hash, leaf
from scenes import Forge, salt
from vectors import (
    CHAINS,
    INSTANCE,
    REVISION,
    _commit,
    _completed,
    _created,
    _end,
    _outcome,
    _policy,
    _use,
    _waiting,
    inputs,
    vote,
)

Edit = Callable[[dict[str, Any]], None]
OTHER = "0f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b11"
H64 = "ab" * 32


def put(path: str, value: Any) -> Edit:
    """An edit that sets the member at a dotted path."""

    def edit(tree: dict[str, Any]) -> None:
        *steps, last = path.split(".")
        node: Any = tree
        for step in steps:
            node = node[int(step)] if isinstance(node, list) else node[step]
        if isinstance(node, list):
            node[int(last)] = value
        else:
            node[last] = value

    return edit


def sealed(kind: str, path: str, value: Any) -> Forge:
    def edit(found: str, statement: dict[str, Any]) -> None:
        if found == kind:
            put(path, value)(statement)

    return Forge(sealed=edit)


def order(number: int, path: str, value: Any) -> Forge:
    return Forge(order={number: put(path, value)})


def trust(use: str, member: str, value: Any) -> Forge:
    def edit(statement: dict[str, Any]) -> None:
        for key in statement["keys"].values():
            if key["use"] == use:
                key[member] = value

    return Forge(trust=edit)


def votes(edit: Callable[[list[Any]], Any], human: str = "") -> Forge:
    def change(made: dict[str, Any]) -> None:
        edit(made["votes"])
        if human:
            made["human"] = human

    return Forge(order={2: change})


def text(edit: Callable[[list[str]], None]) -> Forge:
    def change(files: dict[str, bytes]) -> None:
        name = max(name for name in files if name.startswith("texts/"))
        found: Any = parse(files[name])
        edit(found)
        files[f"texts/{leaf(found)}.json"] = canonical(found)

    return Forge(files=change)


def unsorted(tree: dict[str, Any]) -> None:
    tree["context"].reverse()
    for artifact in tree["artifacts"]:
        artifact["context_hash"] = context_hash(tree["context"])


LATE = "2026-11-26T10:00:01.004Z"
COMPLETE: list[Any] = copy.deepcopy(CHAINS["approved"][3]["records"])
_UNDO = {"call": "payments.refund/1", "operation": "payments.reverse", "slot": "undo/1"}
_RECEIPT = leaf([salt("r", 1), INSTANCE, "/result/payments.refund/1/receipt_id", "r-9"])


def _ended(cause: str, at: str, records: list[Any], **more: Any) -> dict[str, Any]:
    return _commit(["TERMINATED"], at, "same", cause=cause, records=records, **more)


def _undoing() -> list[Any]:
    source = ["receipt_id", "result:payments.refund/1.receipt_id", _RECEIPT]
    at = "2026-11-23T10:45:0"
    use = {**_use("2", at + "1.000Z"), **_UNDO, "arguments": [source]}
    return [use, {**_outcome("2", at + "2.000Z"), **_UNDO, "results": []}]


# Chains that no vector holds, VALID but for those whose name is that of a rule.
EXTRA: dict[str, list[dict[str, Any]]] = {
    "empty": [
        _created(),
        _commit([], "2026-11-23T10:00:00.000Z", "same"),
        _waiting(),
        CHAINS["approved"][2],
        _completed("3"),
    ],
    "denied": [
        _created(),
        _ended(
            "policy_deny",
            "2026-11-23T10:00:00.000Z",
            [_policy("DENY"), _end("finance/1", [])],
            policy_version_id=REVISION,
        ),
    ],
    "undone": [
        *CHAINS["approved"][:3],
        _commit([], "2026-11-23T10:44:12.480Z", "same", records=COMPLETE),
        _ended(
            "terminated_by_spec",
            "2026-11-23T10:45:03.000Z",
            [*_undoing(), _end("terminate/1", [])],
        ),
    ],
}


def given(name: str) -> dict[str, Any]:
    return {**inputs("approved"), "commits": CHAINS.get(name) or EXTRA[name]}


def _rebind(statement: dict[str, Any], pointer: str, to: str) -> None:
    for pair in statement["context"]:
        if pair[0] == pointer:
            pair[1] = to
    for artifact in statement["artifacts"]:
        artifact["context_hash"] = context_hash(statement["context"])


def _drop(files: dict[str, bytes], *paths: str) -> None:
    for name in [name for name in files if name.startswith("texts/")]:
        found: Any = parse(files[name])
        if found[2] in paths:
            del files[name]


def one_leaf_twice() -> Forge:
    """The deciders are shown the refund's amount where the order's total should stand."""

    def edit(statement: dict[str, Any]) -> None:
        _rebind(statement, "/order/total/amount", dict(statement["context"])["/refund/amount"])

    return Forge(statement={1: edit, 2: edit}, files=lambda f: _drop(f, "/order/total/amount"))


def bound_anew() -> Forge:
    """A leaf of another path is shown, and later named as a result, which may have any path."""
    other = ["0" * 32, INSTANCE, "/elsewhere", "c-78"]

    def edit(statement: dict[str, Any]) -> None:
        _rebind(statement, "/order/customer", leaf(other))

    def result(kind: str, statement: dict[str, Any]) -> None:
        if kind == "outcome":
            statement["results"] = [["/receipt_id", leaf(other)]]

    def files(made: dict[str, bytes]) -> None:
        _drop(made, "/order/customer", "/result/payments.refund/1/receipt_id")
        made[f"texts/{leaf(other)}.json"] = canonical(other)

    return Forge(statement={1: edit, 2: edit}, sealed=result, files=files)


def unmade(made: dict[str, Any]) -> None:
    """Two managers approved; then both take it back, and the clock seems to end it."""
    made["votes"] = [
        vote("alice", "APPROVE", "2026-11-23T10:21:40.551Z"),
        vote("bob", "APPROVE", "2026-11-23T10:44:09.870Z"),
        vote("alice", "RETRACT", "2026-11-23T10:45:00.000Z", supersedes="0"),
        vote("bob", "RETRACT", "2026-11-23T10:46:00.000Z", supersedes="1"),
    ]


def all_at(made: dict[str, Any], at: str) -> None:
    for place in (made, *made["records"]):
        place["timestamp"] = at


def critical(manifest: dict[str, Any]) -> None:
    manifest["operations"]["payments.refund"]["kind"] = "critical effect"
