"""What a name stands for, what can be written where: a text with a mark in, names out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from gantral.compiler import Project, analyse
from gantral.compiler.index import Index, index
from gantral.compiler.index.complete import complete
from gantral.compiler.index.hover import binding_types, hover
from gantral.compiler.index.outline import outline
from gantral.compiler.names.project import MAX_IMPORT_DEPTH

Marked = Callable[[str], tuple[Index, int]]


def put(spec: str, old: str, new: str) -> str:
    """The spec with one place of it changed."""
    assert spec.count(old) == 1, old
    return spec.replace(old, new)


def typed(spec: str, line: str) -> str:
    """The spec with a line typed before the effect."""
    return put(spec, "    let done", f"    {line}\n    let done")


# Where the cursor is, the kind of what stands there, and the text that its binding begins with.
NAMES = [
    ("start by people.sup¦port_agent", "role", "support_agent"),
    ("start by peo¦ple.support_agent", "import", "people\n"),
    ('"shared/pe¦ople.gantral"', "file", "# Who acts"),
    ("once per in¦put.order_id", "given", "{ order_id"),
    ("once per input.ord¦er_id", "field", "order_id: string(max: 64)"),
    ("total: Mo¦ney }", "type", "Money ="),
    ("-> Or¦der {", "type", "Order ="),
    ("undo rev¦erse(receipt_id", "operation", "reverse(receipt_id: string)"),
    ("undo reverse(rece¦ipt_id", "field", "receipt_id: string) {"),
    ("(receipt_id: result.rece¦ipt_id)", "field", "receipt_id: string } {"),
    ("gate fin¦ance(", "gate", "finance(order"),
    ("to {ord¦er.customer}", "parameter", "order: Order,"),
    ("to {order.cust¦omer}", "field", "customer: string"),
    ("releases pay¦ments.refund", "service", "payments on"),
    ("releases payments.ref¦und", "operation", "refund(order"),
    ("2 of people.finance_man¦ager", "role", "finance_manager"),
    ("policy ref¦und_limits\n    amend", "policy", "refund_limits ="),
    ("amend    refund.am¦ount", "field", "amount: decimal"),
    ("assurance people.m¦fa", "assurance", "mfa"),
    ("to people.finance_dir¦ector", "role", "finance_director"),
    ("ask fin¦ance(", "gate", "finance(order"),
    ("finance(ord¦er: order,", "field", "order: Order, refund"),
    ("finance(order: ord¦er,", "let", "order = orders"),
    ("order: appr¦oved.order.id", "approval", "approved = ask"),
    ("order: approved.order.i¦d", "field", "id: string, customer"),
    ("under appro¦ved", "approval", "approved = ask"),
    ("let do¦ne =", "let", "done = payments"),
    ("{ receipt_¦id: done", "field", "receipt_id: string }\n\n"),
    ("receipt_id: done.receipt¦_id }", "field", "receipt_id: string } {"),
]


@pytest.mark.parametrize(("at", "kind", "bound"), NAMES, ids=[one[0] for one in NAMES])
def test_a_name_leads_to_where_it_is_bound(
    spec: str, people: str, marked: Marked, at: str, kind: str, bound: str
) -> None:
    found, offset = marked(put(spec, at.replace("¦", ""), at))
    mention = found.at(offset)
    assert mention is not None
    assert mention.symbol.kind == kind
    span = mention.symbol.span
    assert span is not None
    text = {"refund.gantral": spec, "shared/people.gantral": people}[span.source]
    assert text[span.start :].startswith(bound)


def test_it_also_does_in_a_text_with_errors(spec: str, marked: Marked) -> None:
    text = typed(spec, "let half = ask ").replace("under approved", "under appro¦ved")
    found, offset = marked(text)
    mention = found.at(offset)
    assert mention is not None
    assert mention.symbol.kind == "approval"


def test_names_of_a_statement_within_a_loop_are_known(spec: str, marked: Marked) -> None:
    found, offset = marked(
        typed(spec, "for each one in input.lines at most 3 { require on¦e.x else one.x }")
    )
    mention = found.at(offset)
    assert mention is not None
    assert (mention.symbol.kind, mention.symbol.name) == ("element", "one")


def test_the_element_of_a_comprehension_is_known_inside(spec: str, marked: Marked) -> None:
    found, offset = marked(
        typed(spec, 'let z = [lin¦e.sku for line in input.lines where line.sku != ""]')
    )
    mention = found.at(offset)
    assert mention is not None
    assert (mention.symbol.kind, mention.symbol.name) == ("element", "line")
    assert len([one for one in found.mentions if one.symbol == mention.symbol]) == 3


@pytest.mark.parametrize("at", ["# nob¦ody", "let¦ order =", '"the refund is in¦ another'])
def test_no_name_stands_there(spec: str, marked: Marked, at: str) -> None:
    text = f"# nobody\n{spec}"
    found, offset = marked(put(text, at.replace("¦", ""), at))
    assert found.at(offset) is None


# --- hover ------------------------------------------------------------------------------------


def shown(found: Index, offset: int) -> tuple[str, str]:
    mention = found.at(offset)
    assert mention is not None
    said = hover(mention.symbol, {})
    return said.code, said.doc


def test_a_gate_says_who_decides_and_by_when(spec: str, marked: Marked) -> None:
    code, _ = shown(*marked(put(spec, "ask finance", "ask fin¦ance")))
    assert code.splitlines()[0] == "gate finance(order: Order, refund: Money, reason: string)"
    assert "  decide 2 of people.finance_manager or 1 of people.finance_director" in code
    assert "after 72h reject }" in code
    assert "  waived by policy refund_limits" in code


def test_an_operation_says_its_text_and_its_doc(spec: str, marked: Marked) -> None:
    code, doc = shown(*marked(put(spec, "releases payments.refund", "releases payments.ref¦und")))
    assert code.splitlines()[:2] == [
        "effect refund(order: string, amount: Money) -> { receipt_id: string } {",
        "  timeout 2m  idempotent  retry 5 every 1s up to 1m",
    ]
    assert doc == "Sends the money back to the card it came from."


def test_a_let_says_its_type(spec: str, marked: Marked) -> None:
    assert shown(*marked(put(spec, "let order", "let or¦der")))[0] == "let order: Order"


def test_a_computed_let_says_what_the_checker_knows(spec: str, people: str) -> None:
    text = put(spec, "    let done", "    let twice = order.total.amount * 2\n    let done")
    text = put(text, "complete {", 'require twice > 0.00 else "no"\n    complete {')
    project = Project({"refund.gantral": text, "shared/people.gantral": people}.get)
    analysis = analyse(project, "refund.gantral")
    assert [one for one in analysis.diagnostics if one.severity == "error"] == []
    found = index(project, "refund.gantral")
    assert found is not None
    mention = found.at(text.index("twice"))
    assert mention is not None
    assert hover(mention.symbol, {}).code == "let twice"
    said = hover(mention.symbol, binding_types(analysis.programs)).code
    assert said.startswith("let twice: ")
    assert "decimal" in said


def test_a_parallel_says_what_its_branches_give(spec: str, people: str) -> None:
    text = put(
        spec,
        "    let done",
        "    let both = parallel { branch id { give order.id } branch two { give 2 } }\n"
        "    let done",
    )
    text = put(
        text, "complete {", 'require both.two > 1 and both.id != "" else "no"\n    complete {'
    )
    project = Project({"refund.gantral": text, "shared/people.gantral": people}.get)
    analysis = analyse(project, "refund.gantral")
    assert [one for one in analysis.diagnostics if one.severity == "error"] == []
    found = index(project, "refund.gantral")
    assert found is not None
    # What stands in a branch is known there as well.
    assert found.at(text.index("order.id } branch")) is not None
    mention = found.at(text.index("both"))
    assert mention is not None
    said = hover(mention.symbol, binding_types(analysis.programs)).code
    assert said.startswith("let both: { id: string")
    assert "two: int" in said


def test_what_the_language_gives_is_explained(spec: str, marked: Marked) -> None:
    found = marked(put(spec, "where new >", "where n¦ew >"))
    assert shown(*found) == (
        "new: decimal(scale: 2, min: 0)",
        "the value that a vote puts in its place",
    )


# --- completion -------------------------------------------------------------------------------

VALUES = ["all", "any", "approved", "contains", "count", "date", "distinct", "div", "ends_with"]
ROLES = ["finance_director", "finance_manager", "support_agent"]
# What is typed before the effect, and all that is offered.
TYPED = [
    ("let z = payments.¦", ["refund", "reverse"]),
    ("payments.¦", ["refund", "reverse"]),
    ("orders.fe¦", ["fetch"]),
    ("let z = ask ¦", ["finance"]),
    ("let z = ask fin¦", ["finance"]),
    ('payments.refund(order: "a") under ¦', ["approved"]),
    ('payments.refund(order: "a") under approved, ¦', ["approved"]),
    ("payments.refund(¦)", ["amount:", "order:"]),
    ('payments.refund(order: "a", ¦)', ["amount:"]),
    ("let z = ask finance(order: order, ¦)", ["reason:", "refund:"]),
    ("complete { ¦ }", ["receipt_id:"]),
    ("require input.¦", ["order_id", "reason", "refund"]),
    ("require approved.¦", ["decision", "order", "proposed", "reason", "refund"]),
    ("require approved.decision.¦", ["at", "deciders", "reason", "waived"]),
    ("require approved.proposed.order.¦", ["customer", "id", "total"]),
    ("require order.total.¦", ["amount", "currency"]),
    ('require "to {order.¦', ["customer", "id", "total"]),
    ("payments.reverse() else as failed { require failed.¦ }", ["cause", "happened"]),
    ("let ¦", []),
    ("# a ¦", []),
    ('require order.id == "a¦"', []),
    ('require order.id == "a \\{ ¦', []),
    ("undo ¦", []),
    ("let back = payments.refund() under approved\n    undo ¦", ["back"]),
]
# A place of the spec, what it is with the mark, and all that is offered.
PLACES = [
    ("2 of people.finance_manager", "2 of people.¦", ROLES),
    ("2 of people.finance_manager", "2 of ¦", ["actor", "actors", "people"]),
    ("2 of people.finance_manager", "2 of [people.finance_manager, people.¦]", ROLES),
    (
        "2 of people.finance_manager",
        "3 points of { people.finance_director: 2, people.¦ }",
        ROLES,
    ),
    ("2 of people.finance_manager", "3 points of { ¦ }", ["actor", "actors", "people"]),
    (
        "1 of people.finance_director\n",
        "1 of people.finance_director when refund.¦\n",
        ["amount", "currency"],
    ),
    ("start by people.support_agent", "start by people.¦", ROLES),
    ("widen people.finance_manager to people", "widen people.finance_manager to ¦", ["people"]),
    ("assurance people.mfa", "assurance people.¦", ["mfa"]),
    ("by policy refund_limits", "by policy ¦", ["refund_limits"]),
    ("releases payments.refund", "releases ¦", ["payments"]),
    ("releases payments.refund", "releases payments.¦", ["refund", "reverse"]),
    ("amend    refund.amount", "amend    refund.¦", ["amount", "currency"]),
    ("amend    refund.amount", "amend    ¦", ["order", "reason", "refund"]),
    ("once per input.order_id", "once per ¦", ["initiator", "input"]),
    ("once per input.order_id", "once per input.¦", ["order_id", "reason", "refund"]),
    ("{refund.currency}", "{refund.¦}", ["amount", "currency"]),
    ("undo reverse(", "undo ¦(", ["refund", "reverse"]),
]


def offered(found: Index, offset: int) -> list[str]:
    return [one.label for one in complete(found, offset)]


@pytest.mark.parametrize(("line", "wanted"), TYPED, ids=[one[0] for one in TYPED])
def test_what_is_offered_in_a_statement(
    spec: str, marked: Marked, line: str, wanted: list[str]
) -> None:
    assert offered(*marked(typed(spec, line))) == wanted


@pytest.mark.parametrize(("old", "new", "wanted"), PLACES, ids=[one[1] for one in PLACES])
def test_what_is_offered_in_a_declaration(
    spec: str, marked: Marked, old: str, new: str, wanted: list[str]
) -> None:
    found = offered(*marked(put(spec, old, new)))
    assert [one for one in found if one not in ("actor", "actors")] == [
        one for one in wanted if one not in ("actor", "actors")
    ]
    assert ("actor" in found) == any(one in new for one in ("2 of ¦", "{ ¦", "to ¦"))


def test_a_value_can_be_any_in_scope(spec: str, marked: Marked) -> None:
    found = offered(*marked(typed(spec, "require ¦")))
    assert found[:9] == VALUES
    assert "done" not in found
    assert "let" not in found


def test_a_statement_begins_with_a_keyword_or_a_service(spec: str, marked: Marked) -> None:
    found = offered(*marked(typed(spec, "¦")))
    assert {"let", "require", "complete", "payments", "orders"} <= set(found)
    assert {"approved", "gate", "finance"}.isdisjoint(found)


def test_after_a_colon_types_stand(spec: str, marked: Marked) -> None:
    for text in (typed(spec, "let z: ¦ = 1"), put(spec, "total: Money", "total: ¦")):
        found = offered(*marked(text))
        assert {"Money", "string", "decimal", "list"} <= set(found)
        assert {"true", "approved", "people"}.isdisjoint(found)


def test_types_of_an_import_come_after_its_name(spec: str, people: str) -> None:
    text = typed(spec, "let z: people.¦ = 1")
    files = {
        "refund.gantral": text.replace("¦", ""),
        "shared/people.gantral": people + "type Address = { street: string }\n",
    }
    found = index(Project(files.get), "refund.gantral")
    assert found is not None
    assert offered(found, text.index("¦")) == ["Address"]


def test_a_gate_takes_clauses(spec: str, marked: Marked) -> None:
    found = offered(*marked(put(spec, "    prove", "    ¦\n    prove")))
    assert {"decide", "lasts", "clock", "guarded"} <= set(found)
    assert {"let", "read", "order"}.isdisjoint(found)


def test_text_whose_end_is_missing_is_read_too(spec: str, marked: Marked) -> None:
    cut = spec[: spec.index("    let done")]
    assert offered(*marked(cut + "    payments.refund(amount: approved.¦")) == [
        "decision", "order", "proposed", "reason", "refund",
    ]  # fmt: skip


def test_a_name_is_not_offered_in_its_own_value(spec: str, marked: Marked) -> None:
    cut = spec[: spec.index("    let done")]
    found = offered(*marked(cut + "    let twice = app¦"))
    assert "approved" in found
    assert "twice" not in found


def test_a_gate_can_release_effects_alone(spec: str, marked: Marked) -> None:
    text = put(spec, "    effect reverse(", "    read look() { timeout 1s }\n    effect reverse(")
    text = put(text, "releases payments.refund", "releases payments.¦")
    assert offered(*marked(text)) == ["refund", "reverse"]


# --- files ------------------------------------------------------------------------------------


def test_what_a_file_declares_is_known_in_its_workflows(spec: str, marked: Marked) -> None:
    text = put(spec, "workflow refund", "role clerk\n\nworkflow refund")
    found, offset = marked(put(text, "start by people.support_agent", "start by cle¦rk"))
    mention = found.at(offset)
    assert mention is not None
    assert mention.symbol.kind == "role"
    assert "clerk" in offered(*marked(put(text, "start by people.support_agent", "start by ¦")))


def test_of_two_of_one_name_each_is_itself() -> None:
    text = "role a\nrole a\n"
    found = index(Project({"x": text}.get), "x")
    assert found is not None
    spans = [found.at(at) for at in (5, 12)]
    assert [one.symbol.span == one.span for one in spans if one is not None] == [True, True]


def test_imports_are_followed_as_deep_as_the_checker_does_and_round_once() -> None:
    def read(path: str) -> str | None:
        asked.append(path)
        return f'import "{int(path) + 1}" as next\nimport "0" as first\nrole r{path}\n'

    asked: list[str] = []
    assert index(Project(read), "0") is not None
    assert asked == [str(each) for each in range(MAX_IMPORT_DEPTH + 1)]


# --- outline ----------------------------------------------------------------------------------


def test_the_outline_is_the_declarations(spec: str, marked: Marked) -> None:
    found, _ = marked(spec + "¦")
    (workflow,) = outline(found.module.tree)
    assert (workflow.kind, workflow.name) == ("workflow", "refund")
    assert [(one.kind, one.name) for one in workflow.children] == [
        ("type", "Money"), ("type", "Order"), ("service", "orders"), ("service", "payments"),
        ("policy", "refund_limits"), ("gate", "finance"), ("let", "order"),
        ("approval", "approved"), ("let", "done"),
    ]  # fmt: skip
    assert [one.name for one in workflow.children[3].children] == ["refund", "reverse"]
