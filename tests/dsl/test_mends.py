"""Which mends are sure. The law (ADR 0073): no guess, and nothing near authority."""

from __future__ import annotations

import pytest
from gantral.dsl.diagnostics import Diagnostic
from gantral.dsl.parse import decode, parse

# A spec with a place for each kind of text; what is given replaces one of its lines.
SPEC = """\
role clerk
role head
type Order = { id: string, total: int }
workflow pay version "1.0.0" {
  team payments
  start by clerk, head
  input { order: Order, note: string }
  output { reference: string }
  policy limits = rego "limits.rego" query "data.x"
  service bank on queue "bank" {
    effect pay(order: string, total: int) -> { reference: string } { timeout 1m  idempotent  retry 5 }
    notify tell(text: string) { timeout 1m }
  }
  gate finance(order: Order, note: string) {
    title "pay {order.id}"
    releases bank.pay, bank.tell
    decide 2 of [clerk, head] or 1 of head when order.total < 5
    waived by policy limits
    apart actor order.who, deciders of other
    amend order where (new > 0) and new <= old
    clock { after 8h remind  after 72h reject }
    lasts 30m, uses 1
  }
  run {
    let approved = ask finance(order: input.order, note: input.note)
    let done = bank.pay(order: approved.order.id, total: approved.order.total) under approved, other
    require done.reference != "" else "none"
    complete { reference: done.reference }
  }
}
"""  # noqa: E501 - each line is one clause, to be replaced whole


def mends(before: str, after: str) -> list[Diagnostic]:
    assert SPEC.count(before) == 1, before
    return [one for one in parse("s", SPEC.replace(before, after)).diagnostics if one.edits]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("role head", "rle head"),
        ("team payments", "taem payments"),
        ("id: string, total: int }", "id: string total: int }"),
        ("order: string, total: int)", "order: string total: int)"),
        ("timeout 1m  idem", "timeuot 1m  idem"),
        ("order: Order, note: string }", "order: Order note: string }"),
        ("gate finance(order: Order, ", "gate finance(order: Order "),
        ("clock {", "colck {"),
        ("input.order, note", "input.order note"),
        ("id, total", "id total"),
        ("else", "esle"),
    ],
)
def test_a_slip_of_form_is_mended_to_what_stood_there(before: str, after: str) -> None:
    (one,) = mends(before, after)
    assert one.sure
    (edit,) = one.edits
    text = SPEC.replace(before, after)
    mended = text[: edit.span.start] + edit.text + text[edit.span.end :]
    assert mended.replace(" ", "") == SPEC.replace(" ", "")
    assert parse("s", mended).diagnostics == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # A sign that may be the next word's, or be missing from it.
        ("clerk, head\n  input", "clerk, head\n  inpu t"),
        ("after 8h", "after1 8h"),
        ("after 72h", "afte r72h"),
        ("role head", "rolehead"),
        ("gate finance", "gatef inance"),
        # Which of two is the name, and which its value or type?
        ("id: string, total: int }", "id string, total: int }"),
        ("done = bank", "done bank"),
        ("approved = ask", "approve d= ask"),
        ("complete { reference:", "complete { reference"),
        # A word that grants, or says who.
        ("start by", "strat by"),
        ("releases", "relaeses"),
        ("decide 2", "deicde 2"),
        ("waived", "waved"),
        ("amend", "amned"),
        ("effect pay", "efect pay"),
        ("notify tell", "notfy tell"),
        ("idempotent", "idempotnt"),
        ("under", "undr"),
        # A mark in a clause of authority.
        ("clerk, head\n", "clerk head\n"),
        ("[clerk, head]", "[clerk head]"),
        ("bank.pay, bank.tell", "bank.pay bank.tell"),
        ("order.who, deciders", "order.who deciders"),
        ("lasts 30m, uses", "lasts 30m uses"),
        ("approved, other", "approved other"),
        # Read as a call, and its brackets missed: a wrong guess, seen to be one.
        ("    complete", "    compelte"),
        # A bracket: where it closes decides what belongs together.
        ("(new > 0) and", "(new > 0 and"),
        ("[clerk, head] or", "[clerk, head or"),
        ("total: approved.order.total) under", "total: approved.order.total under"),
        ("note: input.note)", "note: input.note"),
    ],
)
def test_what_speaks_of_authority_or_is_a_guess_waits_for_a_human(before: str, after: str) -> None:
    assert not any(one.sure for one in mends(before, after))


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("role supportAgent\n", True),
        ("type Order_line = int\ntype Two = Order_line\n", True),
        # The new name is there, so the old one may have meant another.
        ("role supportAgent\nrole support_agent\n", False),
        ("role supportAgent # support_agent\n", False),
        # Two become one.
        ("role supportAgent\nrole support_Agent\n", False),
        # The new name is a word of the language, or one of its own names.
        ("role tIME_Out\n", True),
        ("role _Initiator\n", False),
        ("role _Decision\n", False),
        # A place in a text, whose hole is not looked into.
        ('policy someThing = rego "someThing" query "x"\n', False),
        # A name of another file.
        ('import "a.gantral" as a\ntype X = a.someThing\nrole someOther\n', None),
    ],
)
def test_a_name_is_written_anew_only_where_it_can_mean_nothing_else(
    text: str, sure: bool | None
) -> None:
    found = [one for one in parse("s", text).diagnostics if one.code == "G0105"]
    assert found
    if sure is None:
        assert [one.sure for one in found] == [False, True]
    else:
        assert {one.sure for one in found} == {sure}


@pytest.mark.parametrize(
    ("data", "sure"),
    [
        ("\ufeffrole a\n", [True]),
        ("role a\ufeff\n", [False]),
        ("\u202erole a\n", [False]),
        ("role a\u200b\n", [False]),
        ("role a\x08\n", [False]),
    ],
)
def test_a_byte_order_mark_hides_nothing_and_all_else_may(data: str, sure: list[bool]) -> None:
    assert [one.sure for one in decode("s", data.encode())[1]] == sure
