"""Several approvals: what each gate shows is what the effect does, and who decided at one gate may
not decide at the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Told = Callable[..., Any]

HEAD = """
role support_agent
role finance_manager
role finance_director

workflow NAME version "1.0.0" {
  team payments
  start by support_agent

  input  { iban: string(max: 34), amount: decimal(scale: 2) }
  output { reference: string }

  service bank on queue "bank" {
    effect open(iban: string(max: 34)) -> { account: string } { timeout 1m }
    effect pay(account: string, iban: string(max: 34), amount: decimal(scale: 2), cost: decimal(scale: 2))
      -> { reference: string } { timeout 1m  undo recall(iban: args.iban, amount: args.amount) }
    effect recall(iban: string(max: 34), amount: decimal(scale: 2)) { timeout 1m }
    effect note(reference: string) { timeout 1m }
  }
"""  # noqa: E501

BOTH = (
    HEAD.replace("NAME", "both")
    + """
  gate amount_is_right(amount: decimal(scale: 2), fee: decimal(scale: 2)) {
    releases bank.pay, bank.note
    decide   1 of finance_director
    amend    amount where new <= old
    clock    { after 24h reject }
    lasts    30m, uses 2
  }
  gate payee_is_right(iban: string(max: 34), cost: decimal(scale: 2)) {
    releases bank.open, bank.pay, bank.note
    decide   1 of finance_manager
    apart    deciders of amount_is_right
    clock    { after 24h reject }
    lasts    30m, uses 3
  }

  run {
    let how_much = ask amount_is_right(amount: input.amount, fee: 1.50)
    let whom = ask payee_is_right(iban: input.iban, cost: 2)
    let opened = bank.open(iban: whom.iban) under whom
    let paid = bank.pay(
      account: opened.account,
      iban: whom.iban,
      amount: how_much.amount,
      cost: how_much.fee + whom.cost,
    ) under how_much, whom
    bank.note(reference: paid.reference) under whom, how_much
    complete { reference: paid.reference }
  }
}
"""
)

START = """
about: {about}
start:
  by: carol
  input: {{ iban: DE-1, amount: 40.00 }}
"""

PAID = """
given:
  bank.open:
    - result: { account: A-1 }
  bank.pay:
    - result: { reference: R-1 }
  bank.note:
    - {}
decisions:
  - { at: 5m, by: dora, vote: DORA }
  - { at: 6m, by: alice, vote: approve }
expect:
  effects:
    - bank.open: { iban: DE-1 }
    - bank.pay: { account: A-1, iban: DE-1, amount: AMOUNT, cost: 3.50 }
    - bank.note: { reference: R-1 }
  end: COMPLETED
  cause: completed
  output: { reference: R-1 }
"""

UNDONE = """
given:
  bank.open:
    - result: { account: A-1 }
  bank.pay:
    - result: { reference: R-1 }
  bank.note:
    - failure: not_done
  bank.recall:
    - {}
decisions:
  - { at: 5m, by: dora, vote: approve }
  - { at: 6m, by: alice, vote: approve }
expect:
  effects:
    - bank.open: { iban: DE-1 }
    - bank.pay: { account: A-1, iban: DE-1, amount: 40.00, cost: 3.50 }
    - bank.note: { reference: R-1 }
    - bank.recall: { iban: DE-1, amount: 40.00 }
  end: TERMINATED
  cause: action_failed
"""


def test_each_argument_is_what_its_own_gate_showed(told: Told) -> None:
    start = START.format(about="both say yes")
    told(
        "both",
        BOTH,
        {
            "approved": start + PAID.replace("DORA", "approve").replace("AMOUNT", "40.00"),
            "amended": start
            + PAID.replace("DORA", "amend, values: { amount: 25.00 }").replace("AMOUNT", "25.00"),
            "undone": start + UNDONE,
        },
    )


# Both gates take a manager, and only the second one says that it is apart.
APART = """
role support_agent
role finance_manager
role finance_director

workflow apart version "1.0.0" {
  team payments
  start by support_agent

  input  { amount: decimal(scale: 2) }
  output { reference: string }

  service bank on queue "bank" {
    effect pay(iban: string, amount: decimal(scale: 2)) -> { reference: string } { timeout 1m }
  }
  gate amount_is_right(amount: decimal(scale: 2)) {
    releases bank.pay
    decide   FIRST
    clock    { after 24h reject }
    lasts    30m
  }
  gate payee_is_right(iban: string) {
    releases bank.pay
    decide   1 of finance_manager
    apart    deciders of amount_is_right
    clock    { after 24h reject }
    lasts    30m
  }

  run {
    ASKS
    let paid = bank.pay(iban: whom.iban, amount: how_much.amount) under how_much, whom
    complete { reference: paid.reference }
  }
}
"""
AMOUNT = "let how_much = ask amount_is_right(amount: input.amount)\n"
PAYEE = 'let whom = ask payee_is_right(iban: "DE-1")\n'

TWO = """
about: {about}
start:
  by: carol
  input: {{ amount: 40.00 }}
given:
  bank.pay:
    - result: {{ reference: R-1 }}
decisions:
  - {{ at: 5m, by: alice, vote: approve }}
{more}  - {{ at: 6m, by: alice, gate: {second}, vote: approve, refused: excluded }}
  - {{ at: 7m, by: bob, gate: {second}, vote: approve }}
expect:
  effects:
    - bank.pay: {{ iban: DE-1, amount: 40.00 }}
  end: COMPLETED
  cause: completed
  output: {{ reference: R-1 }}
"""
TAKEN_BACK = """  - { at: 6m, by: alice, vote: retract }
  - { at: 7m, by: dora, vote: approve }
"""


def test_who_voted_at_one_gate_is_kept_out_of_the_other(told: Told) -> None:
    spec = APART.replace("FIRST", "1 of finance_manager").replace("ASKS", AMOUNT + PAYEE)
    told("apart", spec, {"other": TWO.format(about="one", more="", second="payee_is_right")})


def test_it_holds_whichever_gate_is_asked_first(told: Told) -> None:
    """The gate that says nothing of `apart` is asked last, and keeps the other's voters out."""
    spec = APART.replace("FIRST", "1 of finance_manager").replace("ASKS", PAYEE + AMOUNT)
    told("apart", spec, {"other": TWO.format(about="one", more="", second="amount_is_right")})


def test_who_took_a_vote_back_has_voted(told: Told) -> None:
    first = "2 of finance_manager or 1 of finance_director"
    spec = APART.replace("FIRST", first).replace("ASKS", AMOUNT + PAYEE)
    story = TWO.format(about="taken back", more=TAKEN_BACK, second="payee_is_right")
    told("apart", spec, {"taken_back": story})


ONLY_IF = """
role support_agent
role finance_manager
role finance_director

workflow large version "1.0.0" {
  team payments
  start by support_agent

  input  { iban: string, amount: decimal(scale: 2) }
  output { reference: string }

  service bank on queue "bank" {
    critical effect pay(iban: string, amount: decimal(scale: 2)) -> { reference: string } {
      timeout 1m  undo recall(reference: result.reference)
    }
    effect recall(reference: string) { timeout 1m }
    effect note(reference: string) { timeout 1m }
  }
  gate amount_is_right(iban: string, amount: decimal(scale: 2)) {
    releases bank.pay, bank.note
    decide   1 of finance_manager
    clock    { after 24h reject }
    lasts    30m, uses 2
  }
  gate much(amount: decimal(scale: 2)) {
    releases bank.pay, bank.note
    decide   1 of finance_director
    apart    deciders of amount_is_right
    clock    { after 24h reject }
    lasts    30m, uses 2
  }

  run {
    let director = ask much(amount: input.amount) only if input.amount > 1000.00
    let ok = ask amount_is_right(iban: input.iban, amount: input.amount)
    let paid = bank.pay(iban: ok.iban, amount: ok.amount) under ok, director
    bank.note(reference: paid.reference) under director, ok
    complete { reference: paid.reference }
  }
}
"""
LARGE = """
about: {about}
start:
  by: carol
  input: {{ iban: DE-1, amount: {amount} }}
given:
  bank.pay:
    - result: {{ reference: R-1 }}
  bank.note:
    - {note}
{recall}decisions:
{decisions}expect:
  transitions: [{states}]
  effects:
    - bank.pay: {{ iban: DE-1, amount: {amount} }}
    - bank.note: {{ reference: R-1 }}
{end}
"""
ONE = "  - { at: 5m, by: alice, gate: amount_is_right, vote: approve }\n"
DIRECTOR = "  - { at: 5m, by: dora, gate: much, vote: approve }\n"
DONE = "  end: COMPLETED\n  cause: completed\n  output: { reference: R-1 }"
FAILED = "    - bank.recall: { reference: R-1 }\n  end: TERMINATED\n  cause: action_failed"
GATE = "WAITING_FOR_HUMAN, APPROVED, RESUMED, RUNNING, "


def large(about: str, amount: str, asked: int, decisions: str, failed: bool = False) -> str:
    return LARGE.format(
        about=about,
        amount=amount,
        note="failure: not_done" if failed else "{}",
        recall="  bank.recall:\n    - {}\n" if failed else "",
        decisions=decisions,
        states=f"CREATED, RUNNING, {GATE * asked}{'TERMINATED' if failed else 'COMPLETED'}",
        end=FAILED if failed else DONE,
    )


BOTH_WAYS = ONLY_IF.replace(
    "    let ok = ask amount",
    "    let sure = ask much(amount: input.amount)\n    let ok = ask amount",
).replace(
    "bank.note(reference: paid.reference) under director, ok",
    'bank.note(reference: "R-1") under sure',
)


def test_a_gate_that_is_asked_only_if_and_in_every_case(told: Told) -> None:
    told(
        "large",
        BOTH_WAYS,
        {
            "small": large("small", "1000.00", 2, DIRECTOR + ONE),
            "large": large("large", "1000.01", 3, DIRECTOR * 2 + ONE),
            "undone": large("undone", "999.00", 2, DIRECTOR + ONE, failed=True),
        },
    )


def test_where_the_condition_is_false_nobody_is_asked(told: Told) -> None:
    told(
        "large",
        ONLY_IF,
        {
            "small": large("small", "1000.00", 1, ONE),
            "large": large("large", "1000.01", 2, DIRECTOR + ONE),
            "undone": large("undone", "999.00", 1, ONE, failed=True),
        },
    )


ACROSS = """
role support_agent
role finance_manager
role finance_director

workflow joiner version "1.0.0" {
  team it
  start by support_agent

  input  { name: string(max: 64) }
  output { user: string }

  service directory on queue "directory" {
    effect create(name: string(max: 64)) -> { user: string } { timeout 1m }
  }
  service aws on queue "aws" {
    effect attach(user: string, policy: string) { timeout 1m }
  }
  gate access(name: string(max: 64)) {
    releases directory.create, aws.attach(user from directory.create)
    decide   1 of finance_manager
    clock    { after 24h reject }
    lasts    30m, uses 2
  }
  gate policy(policy: string) {
    releases aws.attach(user from directory.create)
    decide   1 of finance_director
    apart    deciders of access
    clock    { after 24h reject }
    lasts    30m
  }

  run {
    let ok = ask access(name: input.name)
    let how = ask policy(policy: "read")
    let made = directory.create(name: ok.name) under ok
    aws.attach(user: made.user, policy: how.policy) under how, ok
    complete { user: made.user }
  }
}
"""
JOINED = """
about: what the directory gives is what aws is given
start:
  by: carol
  input: { name: joe }
given:
  directory.create:
    - result: { user: U-17 }
  aws.attach:
    - {}
decisions:
  - { at: 5m, by: alice, vote: approve }
  - { at: 6m, by: dora, vote: approve }
expect:
  effects:
    - directory.create: { name: joe }
    - aws.attach: { user: U-17, policy: read }
  end: COMPLETED
  cause: completed
  output: { user: U-17 }
"""


def test_a_result_goes_to_another_service_where_the_gates_let_it(told: Told) -> None:
    told("joiner", ACROSS, {"joined": JOINED})
