"""A guard says no before people are asked, or to what they decided; it never says yes for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from own_project import play

SPEC = """
role support_agent
role finance_director

policy small = rego "guards.rego" query "data.guards.small"
policy watch = rego "guards.rego" query "data.guards.watch"

workflow payout version "1.0.0" {
  team payments
  start by support_agent

  input  { amount: decimal(scale: 2) }
  output { reference: string }

  service bank on queue "bank" {
    effect pay(amount: decimal(scale: 2)) -> { reference: string } { timeout 1m }
  }
  gate review(amount: decimal(scale: 2)) {
    releases bank.pay
    decide   1 of finance_director
    waived   by policy small
    guarded  by policy watch
    amend    amount where new > 0.00 and new <= old
    clock    { after 24h reject }
    lasts    30m
  }

  run {
    let ok = ask review(amount: input.amount)
    let paid = bank.pay(amount: ok.amount) under ok
    complete { reference: paid.reference }
  }
}
"""

# Never asked here: the scenario says what policy says.
REGO = """package guards
default small := {"decision": "REQUIRE_HUMAN"}
default watch := {"decision": "DENY"}
"""

STORY = """
about: {name}
start: {{ by: carol, input: {{ amount: 40.00 }} }}
given: {given}
policy: {{ review: [{policy}] }}
decisions: {decisions}
expect:
  transitions: [CREATED, RUNNING, {transitions}]
  effects: {effects}
  end: {end}
  cause: {cause}
"""
YES = "[{ at: 5m, by: dora, vote: approve }]"
LESS = "[{ at: 5m, by: dora, vote: amend, values: { amount: 25.00 } }]"
ON = "RESUMED, RUNNING, COMPLETED"
PAID = "{ bank.pay: [{ result: { reference: R-1 } }] }"


def story(name: str, policy: str, decisions: str, transitions: str, cause: str, paid: str) -> str:
    return STORY.format(
        name=name,
        policy=policy,
        decisions=decisions,
        transitions=transitions,
        end=transitions.rpartition(", ")[2],
        cause=cause,
        given=PAID if paid else "{}",
        effects=f"[{{ bank.pay: {{ amount: {paid} }} }}]" if paid else "[]",
    )


WAIT = "WAITING_FOR_HUMAN"
# The words in the order in which they are asked for: guard, policy, and the guard again.
STORIES = {
    one: story(one, *rest)
    for one, *rest in (
        ("denied_first", "DENY", "[]", "TERMINATED", "policy_deny", ""),
        ("unclear_first", "FAILURE", "[]", "TERMINATED", "policy_failure", ""),
        ("policy_denies", "ALLOW, DENY", "[]", "TERMINATED", "policy_deny", ""),
        ("waived", "REQUIRE_HUMAN, ALLOW", "[]", "COMPLETED", "completed", "40.00"),
        (
            "approved",
            "ALLOW, REQUIRE_HUMAN, ALLOW",
            YES,
            f"{WAIT}, APPROVED, {ON}",
            "completed",
            "40.00",
        ),
        (
            "amended",
            "ALLOW, REQUIRE_HUMAN, REQUIRE_HUMAN",
            LESS,
            f"{WAIT}, OVERRIDDEN, {ON}",
            "completed",
            "25.00",
        ),
        (
            "denied_after",
            "ALLOW, REQUIRE_HUMAN, DENY",
            LESS,
            f"{WAIT}, REJECTED",
            "policy_deny",
            "",
        ),
        (
            "unclear_after",
            "ALLOW, REQUIRE_HUMAN, FAILURE",
            YES,
            f"{WAIT}, REJECTED",
            "policy_failure",
            "",
        ),
    )
}


def test_guards_decide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    rego = {"guards.rego": REGO}
    play(tmp_path, monkeypatch, capfd, "payout", SPEC, STORIES, rego)
