"""Wrong questions, votes, ends and uses."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date
from typing import Any

import test_asks_told_apart as asks
import test_equal_calls as equal
import test_several_approvals as several
from forging import EXTRA, H64, _drop, order, put, sealed
from gantral.evidence.hashes import context_hash, leaf
from scenes import Forge, salt
from vector_manifest import MANIFEST
from vectors import CHAINS, _commit, _end, _outcome, vote
from wrong import ALICE, CAROL, Chain, Wrong, orders, program, statement, text_of


def undone(status: str = "done", **more: Any) -> Chain:
    made = copy.deepcopy(EXTRA["undone"])
    if status != "done":
        made[3]["records"][1] |= {"status": status, "results": []}
        made[4]["records"][0]["arguments"] = [
            ["order", "argument:order", leaf(text_of("p", 2, "/order/id", "o-1001"))]
        ]
    for record in made[4]["records"][:2]:
        record.update(more)
    return made


def named(actors: list[str]) -> dict[int, Any]:
    return {1: lambda made: made["records"][2].update(named={"/order/customer": actors})}


def no_reason() -> Forge:
    at = "2026-11-23T10:21:40.551Z"

    def edit(kind: str, made: dict[str, Any]) -> None:
        if kind == "authority-decision" and made["timestamp"] == at:
            made["justification"] = "none"

    return Forge(sealed=edit, files=lambda found: _drop(found, f"/justification/{at}"))


def opened(edit: Callable[[list[Any]], list[Any]]) -> Forge:
    return statement(
        2,
        lambda made: made["decision"].update(opened_before=edit(made["decision"]["opened_before"])),
    )


def backwards() -> Forge:
    days = [(23, "08:00", "09:00"), (24, "09:00", "08:30"), (25, "08:00", "09:00"),
            (26, "08:00", "09:00")]  # fmt: skip
    instants = [("25", "remind"), ("26", "reject")]

    def edit(made: dict[str, Any]) -> None:
        made["records"][3]["periods"] = [
            [f"2026-11-{day}", *(f"2026-11-{day}T{one}:00.000Z" for one in hours)]
            for day, *hours in days
        ]
        made["records"][1]["instants"] = [
            [f"2026-11-{day}T09:00:00.000Z", word, "none", "none"] for day, word in instants
        ]

    return orders(1, edit)


def endless() -> Forge:
    """A clock of 1,001 open days."""
    days = [
        f"{y}-{m:02}-{d:02}" for y in range(2026, 2030) for m in range(1, 13) for d in range(1, 29)
    ]
    days = [day for day in days if day >= "2026-11-22"][:1001]

    def edit(made: dict[str, Any]) -> None:
        made["records"][3]["periods"] = [
            [day, f"{day}T00:00:00.000Z", f"{day}T01:00:00.000Z"] for day in days
        ]
        made["records"][1]["instants"] = [[f"{days[-1]}T01:00:00.000Z", "reject", "none", "none"]]

    return orders(1, edit)


def every_day() -> dict[str, Any]:
    """A calendar that is open an hour on each of the first 28 days of a month."""
    first, last = date(2026, 1, 1).toordinal(), date(2030, 1, 1).toordinal()
    all_days = (date.fromordinal(day) for day in range(first, last))
    off = [str(day) for day in all_days if day.day > 28]
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    on = {"zone": "Etc/UTC", "days": days, "hours": ["00:00", "01:00"], "except": off}
    return program(clock=[["on", on], ["PT999H", "reject"]])


def one_slot_for_two() -> Chain:
    use, outcome, second, _ = equal.twice()[3]["records"]
    told = _commit([], "2026-11-23T10:44:12.480Z", "same", records=[use, outcome])
    done = {**copy.deepcopy(CHAINS["approved"][3]), "records": [{**second, "slot": "1"}]}
    return [*CHAINS["approved"][:3], told, done]


def without_reason(made: dict[str, Any]) -> None:
    made["context"] = [pair for pair in made["context"] if pair[0] != "/reason"]
    for artifact in made["artifacts"]:
        artifact["context_hash"] = context_hash(made["context"])


def undone_by_order() -> dict[str, Any]:
    made = copy.deepcopy(MANIFEST)
    made["operations"]["payments.refund"]["undo"]["arguments"] = {"order": {"path": "/order"}}
    return made


def two_yes_of_one() -> Chain:
    made = several.chain()
    first, *_ = several.uses("2", "2")
    made[7]["records"] = [first, *several.uses()]
    made[7]["records"].insert(4, _outcome("2", several.at(32, 1)))
    return made


def nobody_left() -> tuple[Chain, dict[str, Any]]:
    """Only the initiator may decide, who is kept out; which case of `decide` holds is not told."""
    by_owner = {"quorum": ["1", [{"actor": "/order/customer"}]]}
    when = {"==": [{"path": ["string", "/reason"]}, {"const": ["string", "x"]}]}
    decide = [{"when": when, "formula": by_owner}, {"when": "always", "formula": by_owner}]
    chain = copy.deepcopy(CHAINS["timed_out"])
    chain[1]["records"][2]["named"] = {"/order/customer": [CAROL]}
    chain[2].pop("votes")
    chain[2] |= {"cause": "no_eligible", "timestamp": "2026-11-23T10:00:02.000Z"}
    return chain, program(decide=decide)


def _other_gate(made: dict[str, Any]) -> None:
    for place in (made, *made["records"]):
        place["gate"] = "other"


def _notify(made: dict[str, Any]) -> None:
    made["operations"]["payments.refund"]["kind"] = "notify"


def _nowhere(made: dict[str, Any]) -> None:
    made["gates"]["finance"]["plan"]["payments.refund/1"]["arguments"]["order"] = {
        "path": "/nowhere"
    }


# Open days of an hour each.
HOUR = {
    "zone": "Europe/Berlin",
    "days": ["mon", "tue", "wed", "thu", "fri"],
    "hours": ["09:00", "10:00"],
    "except": [],
}
CLERK = vote("dan", "APPROVE", "2026-11-23T10:30:00.000Z", role=["clerk"])
NOBODY, BY_CASES = nobody_left()
GATE: dict[str, Wrong] = {
    # the question
    "deciders:order": Wrong(
        "approved",
        "the named persons are not sorted",
        Forge(
            order=named(sorted([ALICE, CAROL], reverse=True)),
            statement={2: put("decision.eligible", [ALICE])},
        ),
        manifest=program(veto=[{"actor": "/order/customer"}]),
    ),
    "deciders:more": Wrong(
        "approved",
        "a person is named at a pointer that no clause of the gate reads",
        Forge(order=named([ALICE]), statement={2: put("decision.eligible", [ALICE])}),
    ),
    "policy_version:none": Wrong(
        "approved",
        "the policy's answer names no revision, and neither does the artifact",
        orders(
            1,
            lambda made: [
                one.update(policy_version_id="none") for one in (made, made["records"][0])
            ],
        ),
    ),
    "form": Wrong(
        "calendar",
        "a calendar is closed on the 31st of November",
        Forge(manifest=put("gates.finance.clock.0.1.except", ["2026-11-24", "2026-11-31"])),
    ),
    "periods:backwards": Wrong(
        "calendar",
        "an open day closes before it opens",
        backwards(),
        manifest=program(clock=[["on", HOUR], ["PT1H", "remind"], ["PT2H", "reject"]]),
    ),
    "periods:more": Wrong(
        "calendar",
        "a gate opens over 1,001 open days",
        endless(),
        manifest=every_day(),
    ),
    "record": Wrong(
        "approved",
        "who may decide is told of another round",
        order(1, "records.2.round", "2"),
    ),
    "gate": Wrong("approved", "a gate is asked that the program has not", orders(1, _other_gate)),
    "ask": Wrong(
        "approved",
        "a gate that does not tell its asks apart says which ask it is",
        orders(1, asks.told_too),
    ),
    "ask:round": Wrong(
        "two_asks",
        "an ask in a loop does not say of which round it is",
        chain=asks.CHAINS["an ask without its round"][1],
    ),
    "ask_twice": Wrong(
        "two_asks",
        "one ask is executed twice in one round of its loop",
        chain=asks.CHAINS["one ask, executed twice"][1],
    ),
    "automaton:asks": Wrong(
        "two_asks",
        "the second ask of a gate is executed before the first one",
        chain=asks.CHAINS["asked in another order than the program's"][1],
    ),
    # votes
    "opened": Wrong(
        "amended",
        "the value that a bound reads is opened with another salt than the context has",
        opened(lambda rows: [["0" * 32, *rows[0][1:]]]),
    ),
    "opened:twice": Wrong("amended", "a value is opened twice", opened(lambda rows: rows * 2)),
    "opened:never": Wrong(
        "timed_out",
        "nobody can decide, and what chose the case is not opened",
        chain=NOBODY,
        manifest=BY_CASES,
    ),
    "vote_opening": Wrong(
        "approved",
        "a vote is older than the question",
        order(2, "votes.0.timestamp", "2026-11-23T09:50:00.000Z"),
    ),
    "vote_initiator": Wrong(
        "withdrawn",
        "another person than the initiator withdraws",
        orders(2, lambda made: (made.update(human="alice"), made["votes"][0].update(who="alice"))),
    ),
    "vote_supersedes:nothing": Wrong(
        "timed_out",
        "a vote is taken back that was never given",
        order(2, "votes.0.type", "RETRACT"),
    ),
    "vote_role:beside": Wrong(
        "approved",
        "the vote of somebody who has no role here is counted among those that decide",
        orders(2, lambda made: made["votes"].insert(1, CLERK)),
    ),
    "vote_form": Wrong(
        "approved",
        "a voter's roles are not sorted",
        order(2, "votes.0.role", ["finance_manager", "auditor"]),
    ),
    "vote_amendment:none": Wrong(
        "approved", "OVERRIDE changes nothing", order(2, "votes.0.type", "OVERRIDE")
    ),
    "vote_login:never": Wrong(
        "approved",
        "the gate wants a recent login, and the vote does not say when it was",
        order(2, "votes.0.auth_time", "none"),
        then=("form",),
    ),
    "vote_reason:none": Wrong(
        "approved", "a vote counts the characters of a reason that is not there", no_reason()
    ),
    "amended_values:rejected": Wrong(
        "rejected",
        "a rejection opens a decided value",
        statement(
            2,
            lambda made: made["decision"].update(
                opened_after=[text_of("p", 6, "/refund/amount", "40.00")]
            ),
        ),
    ),
    "approved_context:fewer": Wrong(
        "approved",
        "what was approved lacks a field of what was shown",
        statement(2, without_reason),
    ),
    "approved_context:other": Wrong(
        "approved",
        "what was approved has another value than what was shown, and nobody amended it",
        Forge(
            order={2: put("context", {"amended": [[salt("x"), "/reason", "Another."]]})},
            statement={2: put("decision.opened_after", [])},
        ),
    ),
    "other_gate": Wrong(
        "rejected",
        "the rejection names another gate than the one that waits",
        statement(2, put("artifacts.0.gate", "other")),
    ),
    "recount:rejected": Wrong(
        "rejected",
        "a rejection by votes that approve",
        order(2, "votes.1.type", "APPROVE"),
    ),
    # ends
    "policy_cause:ended": Wrong(
        "denied", "a policy that answered ALLOW ends the run", order(1, "records.0.answer", "ALLOW")
    ),
    "policy_version:ended": Wrong(
        "denied",
        "TERMINATED names another revision than the answer",
        order(1, "policy_version_id", "sha256:" + H64),
    ),
    "human_actor:ended": Wrong(
        "denied",
        "a policy's answer ends the run, and a person is said to have",
        order(1, "human", "alice"),
    ),
    "policy_record:ended": Wrong(
        "denied",
        "the answer is to a query that no gate asks",
        order(1, "records.0.query", "data.x"),
    ),
    "policy_input:ended": Wrong(
        "denied",
        "a policy denied, and nothing says what it was asked",
        order(1, "records.0.input_hash", "none"),
    ),
    "end_record": Wrong(
        "rejected",
        "a rejection has two end records",
        orders(2, lambda made: made["records"].append(_end("finance/1", []))),
    ),
    # uses
    "released:round": Wrong(
        "two_asks",
        "a call acts under one yes of its round and one of the next",
        chain=asks.CHAINS["one yes of each round"][1],
    ),
    "argument:asks": Wrong(
        "two_asks",
        "each of two approvals of one gate is presented as the other one",
        chain=asks.CHAINS["swapped"][1],
    ),
    "under:asks": Wrong(
        "two_asks",
        "a call acts under one of the two approvals of a gate that it wants",
        chain=asks.CHAINS["no use under the yes that shows the order"][1],
    ),
    "alike": Wrong(
        "approved",
        "two calls do the same under one approval",
        chain=equal.twice(),
        manifest=equal.program("false"),
    ),
    "alike_unknown": Wrong(
        "approved",
        "a call does what another may have done, whose end is unknown",
        chain=equal.twice(status="unknown", results=[]),
        manifest=equal.program("true"),
    ),
    "outcome": Wrong(
        "approved", "an outcome of a slot that nobody claimed", order(3, "records.1.slot", "2")
    ),
    "released": Wrong(
        "approved",
        "a claim of a call that the gate's plan has not",
        sealed("use", "call", "payments.refund/2"),
    ),
    "grant": Wrong(
        "approved", "a claim names a grant that nobody gave", sealed("use", "grant", H64)
    ),
    "slot_twice": Wrong(
        "approved",
        "two calls claim one slot",
        chain=one_slot_for_two(),
        manifest=equal.program("true"),
    ),
    "claim_late": Wrong(
        "approved",
        "a claim is younger than the commit that holds it",
        orders(
            3,
            lambda made: (
                made["records"].pop(),
                made["records"][0].update(timestamp="2026-11-23T10:50:00.000Z"),
            ),
        ),
    ),
    "undo:unknown": Wrong(
        "undone",
        "a call is undone whose end is unknown",
        chain=undone("unknown"),
        manifest=undone_by_order(),
    ),
    "undo:operation": Wrong(
        "undone",
        "another operation than its undo takes a call back",
        chain=undone(operation="payments.refund"),
    ),
    "call_twice": Wrong(
        "two_gates",
        "the claims of one call under two approvals are of two attempts",
        order(7, "records.1.attempt", "2"),
    ),
    "released:no effect": Wrong(
        "approved", "a call that is no effect claims a use", Forge(manifest=_notify)
    ),
    "argument:nothing": Wrong(
        "approved",
        "the plan takes an argument from where nothing is shown, and the claim leaves it out",
        Forge(manifest=_nowhere, order={3: lambda made: made["records"][0]["arguments"].pop()}),
    ),
    "under:two": Wrong(
        "two_gates", "a call acts under two approvals of one gate", chain=two_yes_of_one()
    ),
}
