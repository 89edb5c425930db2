"""`analyse` over many texts: never a crash, the same answer always, light to import."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from gantral.compiler import Analysis, Project, analyse, check_text
from gantral.compiler.generate import generate
from gantral.compiler.program import Let, Literal, Member, Narrowed, Program, ServiceCall
from gantral.dsl.diagnostics import Diagnostic
from gantral.dsl.parse import parse
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "refund"
SPEC = (EXAMPLE / "refund.gantral").read_text(encoding="utf-8")
PEOPLE = (EXAMPLE / "shared" / "people.gantral").read_text(encoding="utf-8")
OTHERS = {"shared/people.gantral": PEOPLE}
CASES = Path(__file__).parents[1] / "cases"
OPERATORS = ["+", "-", "*", "==", "<", "and", "or", "??", "in"]
WORDS = sorted(set(re.findall(r"[a-z_][A-Za-z_]*", SPEC)) | {"none", "ok", "failure", "old", "new"})


def refund() -> Analysis:
    files = {"refund.gantral": SPEC, **OTHERS}
    return analyse(Project(files.get), "refund.gantral")


def test_the_example_is_clean_and_has_its_program() -> None:
    found = refund()
    assert found.diagnostics == ()
    assert found.sources == ("shared/people.gantral", "refund.gantral")
    (program,) = found.programs
    assert isinstance(program, Program)
    assert (program.name, program.version, program.team) == ("refund", "1.4.0", "payments")
    assert program.start_by == ("support_agent",)
    assert list(program.types) == ["Money", "Order"]
    assert list(program.services) == ["orders", "payments"]
    assert program.gates["finance"].parameters.field("reason").personal  # type: ignore[union-attr]
    done = program.run[-2]
    assert isinstance(done, Let)
    assert isinstance(done.value, ServiceCall)
    assert done.value.id == "payments.refund/1"
    order = dict(done.value.arguments)["order"]
    assert isinstance(order, Member)
    assert order.name == "id"


def test_the_spec_without_its_authority_is_refused() -> None:
    codes = [
        one.code for one in check_text("r.gantral", SPEC.replace(" under approved", ""), OTHERS)
    ]
    assert codes == ["G0301"]


@pytest.mark.parametrize(
    ("literal", "wanted"),
    [("40", "40.00"), ("40.5", "40.50"), ("-0", "0.00"), ("-7", "-7.00"), ("0.00", "0.00")],
)
def test_decimal_literals_have_the_scale_that_is_wanted(literal: str, wanted: str) -> None:
    assert value_of("decimal(scale: 2)", literal) == wanted


@pytest.mark.parametrize(
    ("literal", "wanted"),
    [("90s", "PT1M30S"), ("3d", "PT72H"), ("0s", "PT0S"), ("1500ms", "PT1.500S"), ("2m", "PT2M")],
)
def test_duration_literals_are_canonical(literal: str, wanted: str) -> None:
    assert value_of("duration", literal) == wanted


def value_of(type_: str, literal: str) -> str:
    text = f"""role clerk
    workflow w version "1.0.0" {{
      team t
      start by clerk
      output {{ x: {type_} }}
      run {{
        let x: {type_} = {literal}
        complete {{ x: x }}
      }}
    }}"""
    found = analyse(Project({"w.gantral": text}.get), "w.gantral")
    assert found.diagnostics == ()
    bound = found.programs[0].run[0]
    assert isinstance(bound, Let)
    assert isinstance(bound.value, Literal)
    return bound.value.value


def test_a_file_that_is_not_there_is_a_finding() -> None:
    (one,) = analyse(Project(dict[str, str]().get), "none.gantral").diagnostics
    assert one.code == "G0213"
    assert one.help


def test_spans_lie_in_their_sources() -> None:
    for path in sorted(CASES.glob("*.md")):
        for text in re.findall(r"```gantral\n(.*?)```", path.read_text("utf-8"), re.DOTALL):
            for one in check_text("a.gantral", text):
                if one.span.source == "a.gantral":
                    assert 0 <= one.span.start <= one.span.end <= len(text)


def edited(one: Diagnostic, text: str) -> str:
    for edit in sorted(one.edits, key=lambda each: each.span, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("under approved", "under aproved"),
        ("per input.order_id", "per input.ordr_id"),
        ("payments.refund(", "payments.refnd("),
        ("refund_limits\n    amend", "refund_limit\n    amend"),
        ("people.mfa", "people.mfaa"),
        ("start by people.support_agent", "start by people.suport_agent"),
        (" under approved", ""),
        ("amount: approved.refund)", "amount: input.refund)"),
        ("total: Money }", "total: Mony }"),
        ("id: string, customer", "id: strng, customer"),
    ],
)  # fmt: skip
def test_the_edit_of_a_slip_mends_it(before: str, after: str) -> None:
    wrong = SPEC.replace(before, after)
    assert wrong != SPEC
    found = check_text("refund.gantral", wrong, OTHERS)
    assert found
    assert found[0].edits, found[0]
    assert check_text("refund.gantral", edited(found[0], wrong), OTHERS) == ()


@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from(WORDS)), min_size=1, max_size=6))
def test_a_soup_of_names_never_crashes(changes: list[tuple[int, str]]) -> None:
    found = list(re.finditer(r"[a-z_][A-Za-z_]*", SPEC))
    text = SPEC
    places = {at % len(found): word for at, word in changes}
    for at in sorted(places, reverse=True):
        text = text[: found[at].start()] + places[at] + text[found[at].end() :]
    told = check_text("refund.gantral", text, OTHERS)
    assert told == check_text("refund.gantral", text, OTHERS)
    assert all(one.message and one.code for one in told)


@given(st.lists(st.integers(0, 200), min_size=1, max_size=4), st.data())
def test_lines_in_any_order_never_crash(moves: list[int], data: st.DataObject) -> None:
    lines = SPEC.splitlines()
    for move in moves:
        line = lines.pop(move % len(lines))
        lines.insert(data.draw(st.integers(0, len(lines))), line)
    check_text("refund.gantral", "\n".join(lines), OTHERS)


@given(st.recursive(
    st.sampled_from(
        ["1", "2.50", '"x"', "none", "true", "30m", "input", "input.refund", "input.refund.amount",
         "input.reason", "order", "order.total", "order.customer", "initiator", "instance.id",
         "approved", "approved.refund.amount", "approved.decision.reason", "[]", "{ }"]
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(OPERATORS), inner)
        .map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda e: f"(not ({e}))"),
        inner.map(lambda e: f"-({e})"),
        inner.map(lambda e: f"(({e}) is some)"),
        inner.map(lambda e: f"({e})?.amount"),
        inner.map(lambda e: f"len({e})"),
        inner.map(lambda e: f"min([{e}])"),
        inner.map(lambda e: f"{{ a: {e} }}"),
        st.tuples(inner, inner, inner).map(lambda t: f"(if {t[0]} then {t[1]} else {t[2]})"),
    ),
    max_leaves=8,
))  # fmt: skip
def test_a_soup_of_expressions_never_crashes(expression: str) -> None:
    """Wherever it stands; and a crash in a proof would show here too."""
    last = "complete { receipt_id: done.receipt_id }"
    text = SPEC.replace(last, f"let soup = {expression}\n    {last}")
    told = check_text("refund.gantral", text, OTHERS)
    assert parse("refund.gantral", text).file is not None
    assert told, "`soup` is at least unused"


def test_the_order_of_hashes_changes_nothing() -> None:
    program = (
        "import sys, pathlib, re\n"
        "from gantral.compiler import check_text\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).glob('*.md')):\n"
        "    for text in re.findall(r'```gantral\\n(.*?)```', path.read_text('utf-8'), re.S):\n"
        "        print(check_text('a.gantral', text))\n"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program, str(CASES)],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(runs) == 1


def test_checking_imports_nothing_heavy() -> None:
    program = (
        "import sys, gantral.compiler as c\n"
        "c.check_text('a.gantral', 'role clerk\\n')\n"
        "heavy = ('pydantic', 'jinja2', 'cryptography', 'temporalio')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"


def test_narrowing_is_explicit_in_the_program() -> None:
    text = """role clerk
    workflow w version "1.0.0" {
      team t
      start by clerk
      input { note: string? }
      output { note: string }
      run {
        require input.note is some else "no note"
        let note = input.note
        complete { note: note }
      }
    }"""
    found = analyse(Project({"w.gantral": text}.get), "w.gantral")
    assert found.diagnostics == ()
    bound = found.programs[0].run[1]
    assert isinstance(bound, Let)
    assert isinstance(bound.value, Narrowed)


def matching(count: int) -> str:
    words = [f'"w{number}"' for number in range(count)]
    cases = " ".join(f"{word} -> {{ set n = {at} }}" for at, word in enumerate(words))
    return f"""role clerk
    workflow w version "1.0.0" {{
      team t
      start by clerk
      input {{ word: {" | ".join(words)} }}
      output {{ n: int, other: int }}
      run {{
        var n: int = 0
        match input.word {{ {cases} }}
        var other: int = 0
        match input.word {{ "w0" -> {{ }} {" | ".join(words[1:])} -> {{ set other = 1 }} }}
        complete {{ n: n, other: other }}
      }}
    }}"""


def test_the_most_cases_that_nest_compile_whole() -> None:
    text = matching(128)
    found = analyse(Project({"w.gantral": text}.get), "w.gantral")
    assert found.diagnostics == ()
    code = generate(found.programs[0], {"w.gantral": text}).files["workflow.py"].decode()
    # The first is an `if`, the last two one assignment.
    assert code.count("elif input.word ==") == 125


def test_one_case_more_is_refused() -> None:
    assert [one.code for one in check_text("w.gantral", matching(129))] == ["G0007"]
