"""Pictures: text in, text out; read back by readers that know nothing of the writers."""

from __future__ import annotations

import html
import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import get_args

import pytest
from gantral.compiler import Project, analyse
from gantral.compiler.graph import Arrow, Box, Kind, Picture, dot, mermaid, picture, svg
from gantral.compiler.graph.layout import GAP_X, layout
from gantral.compiler.phrases import visible
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
REFUND = ROOT / "examples" / "refund" / "refund.gantral"
CLAUSES = ROOT / "tests" / "cli" / "describe" / "clauses.gantral"
KINDS = get_args(Kind)


def drawn(text: str, folder: Path = HERE) -> Picture:
    def read(path: str) -> str | None:
        if path == "spec.gantral":
            return text
        return (folder / path).read_text("utf-8") if (folder / path).is_file() else None

    analysis = analyse(Project(read), "spec.gantral")
    assert [one for one in analysis.diagnostics if one.severity == "error"] == []
    return picture(analysis.programs[-1])


@pytest.mark.parametrize(
    ("file", "write"),
    [
        (HERE / "refund.mmd", mermaid),
        (HERE / "refund.dot", dot),
        (REFUND.with_suffix(".svg"), svg),
    ],
    ids=["mermaid", "dot", "svg"],
)
def test_the_refund(file: Path, write: object) -> None:
    assert callable(write)
    made = write(drawn(REFUND.read_text("utf-8"), REFUND.parent))
    if os.environ.get("GANTRAL_GOLDEN") == "write":
        file.write_text(made, "utf-8")
    assert made == file.read_text("utf-8")


PARALLEL = """
role clerk
workflow outer version "1.0.0" { team t  start by clerk
  input { a: int }
  run {
    let both = parallel {
      branch one { if input.a > 1 { give 1 } terminate "no" }
      branch two { sleep 1h }
    }
    require both.one > 0 else "none"
    parallel { branch one { terminate "always" } branch two { } }
  }
}
"""

CHILD = """
role clerk
workflow inner version "1.0.0" { team t  start by clerk  input { a: int }  run { complete } }
workflow outer version "1.0.0" { team t  start by clerk
  run {
    let one = run workflow inner(a: 1)
    match one { completed -> { } rejected as r -> { terminate r.cause } terminated -> { } }
    complete
  }
}
"""


def test_a_child_is_drawn_with_how_it_ends() -> None:
    assert told(drawn(CHILD)) == [
        "0 START / by clerk",
        "1 WORKFLOW / inner",
        "2 IF / one is completed",
        "3 IF / one is rejected",
        "4 TERMINATED / r.cause",
        "5 COMPLETED",
        "0>1",
        "1>2",
        "2>3 no",
        "3>4 yes",
        "2>5 yes",
        "3>5 no",
    ]


def test_branches_are_drawn_beside_each_other() -> None:
    assert told(drawn(PARALLEL)) == [
        "0 START / by clerk",
        "1 PARALLEL / all of these at once",
        "2 IF / input.a > 1",
        '3 TERMINATED / "no"',
        "4 SLEEP / 1h",
        "5 ALL DONE",
        "6 REQUIRE / both.one > 0",
        '7 TERMINATED / "none"',
        "8 PARALLEL / all of these at once",
        '9 TERMINATED / "always"',
        "0>1",
        "1>2 one",
        "2>3 no",
        "1>4 two",
        "2>5 yes",
        "4>5",
        "5>6",
        "6>7 no",
        "6>8 yes",
        "8>9 one",
    ]


def told(one: Picture) -> list[str]:
    """A picture's boxes and arrows, one a line, as short as they can be read."""
    lines = [
        f"{number} {' / '.join((box.word, *box.lines))}" for number, box in enumerate(one.boxes)
    ]
    return lines + [f"{a.source}>{a.target} {a.label}".strip() for a in one.arrows]


HEAD = """
role clerk
workflow w version "1.0.0" { team t  start by clerk  input { a: int, b: bool }
  service s on queue "s" {
    read look(a: int) -> { ok: bool } { timeout 1s }
    notify tell(a: int) { timeout 1s }
    effect act(a: int) -> { id: string } { timeout 1s  undo back(id: result.id) }
    effect back(id: string) { timeout 1s idempotent retry 1 }
  }
  gate g(a: int) { releases s.act  decide 1 of clerk  clock { after 1h reject }  lasts 1h }
  event e { a: int } from clerk
  event f { } from initiator
"""


@pytest.mark.parametrize(
    ("run", "lines"),
    [
        (
            'run { if input.b { s.tell(a: 1) } else if input.a > 1 { terminate "x" } complete }',
            ["1 IF / input.b", "2 NOTIFY / s.tell", "3 IF / input.a > 1", '4 TERMINATED / "x"',
             "5 COMPLETED", "0>1", "1>2 yes", "1>3 no", "3>4 yes", "2>5", "3>5 no"],
        ),
        (
            "run { if input.b { } complete }",
            ["1 IF / input.b", "2 COMPLETED", "0>1", "1>2 yes or no"],
        ),
        (
            "run { let x = s.look(a: 1) else { if input.b { give none } give none } complete }",
            ["1 READ / s.look", "2 IF / input.b", "3 COMPLETED", "0>1", "1>2 failed", "1>3 done",
             "2>3 yes or no"],
        ),
        (
            "run { let ok = ask g(a: input.a) let d = s.act(a: ok.a) under ok undo d complete }",
            ["1 GATE / g / decide 1 of clerk", "2 REJECTED", "3 EFFECT / s.act / under ok",
             "4 UNDO / d (s.act/1)", "5 COMPLETED", "0>1", "1>2 no or silence", "1>3 yes",
             "3>4", "4>5"],
        ),
        (
            'run { let x = wait { for e as it { give it.a } for f { terminate "f" } } within 1h'
            " else { s.tell(a: 1) give none } complete }",
            ["1 WAIT / within 1h", '2 TERMINATED / "f"', "3 NOTIFY / s.tell", "4 COMPLETED", "0>1",
             "1>2 f", "1>3 silence", "1>4 e", "3>4"],
        ),
        (
            "run { complete } on failure { s.tell(a: 1) }",
            ["1 COMPLETED", "2 ON FAILURE / what stands is undone, last first",
             "3 NOTIFY / s.tell", "4 TERMINATED", "0>1", "2>3", "3>4"],
        ),
        (
            "run { complete } on failure { if input.b { s.tell(a: 1) } }",
            ["1 COMPLETED", "2 ON FAILURE / what stands is undone, last first", "3 IF / input.b",
             "4 NOTIFY / s.tell", "5 TERMINATED", "0>1", "2>3", "3>4 yes", "4>5", "3>5 no"],
        ),
    ],
    ids=["branches", "both sides", "a handler gives", "an effect undone", "a wait", "failure",
         "its branch"],
)  # fmt: skip
def test_a_run(run: str, lines: list[str]) -> None:
    assert told(drawn(f"{HEAD}{run} }}")) == ["0 START / by clerk", *lines]


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("not (input.b and input.a > 1)", "not (input.b and input.a > 1)"),
        ("(input.b or input.a == 2) and input.b", "(input.b or input.a == 2) and input.b"),
        ("input.a - (input.a - 1) == 1", "(input.a - (input.a - 1)) == 1"),
        ("input.a not in [1, 2]", "input.a not in [1, 2]"),
        ('"{input.a}x" == "\\u{202e}\\n"', '"{input.a}x" == "\\u{202e}\\u{a}"'),
        ("(if input.b then 1 else 2) == 1", "(if input.b then 1 else 2) == 1"),
        ('len(trim("a")) == 1', 'len(trim("a")) == 1'),
    ],
)
def test_a_condition_keeps_its_text(condition: str, said: str) -> None:
    run = f'run {{ require {condition} else "no" complete }} }}'
    assert drawn(f"{HEAD}{run}").boxes[1].lines == (said,)


WORDS = st.text(min_size=1, max_size=60).map(visible) | st.sampled_from(
    ['"];alert(1)//', "%%{init}%%", "</text><script>", "]] --> n0", "&quot;&#34;", "a\\", "#59;",
     "`md`", "end", "\\N", "click n0 href", "<br/>", "]]>", "<!--"]
)  # fmt: skip


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    count = draw(st.integers(1, 12))
    boxes = tuple(
        Box(draw(st.sampled_from(KINDS)), "WORD", tuple(draw(st.lists(WORDS, max_size=2))))
        for _ in range(count)
    )
    pairs = [(a, b) for a in range(count) for b in range(a + 1, count)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=20)) if pairs else []
    arrows = tuple(Arrow(a, b, draw(st.just("") | WORDS)) for a, b in chosen)
    return Picture(draw(WORDS), boxes, arrows)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


SVG = "{http://www.w3.org/2000/svg}"


@given(pictures())
def test_svg_is_xml_that_says_every_label_and_has_no_overlap(one: Picture) -> None:
    root = ET.fromstring(svg(one))
    assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {
        "svg", "title", "desc", "style", "defs", "marker", "path", "rect", "g", "text"
    }  # fmt: skip
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert desc is not None
    assert squeezed(title.text or "") == squeezed(f"The workflow {one.title}")
    groups = [each for each in root.iter(f"{SVG}g") if "data-kind" in each.attrib]
    assert [each.attrib["data-kind"] for each in groups] == [box.kind for box in one.boxes]
    for box, group in zip(one.boxes, groups, strict=True):
        said = squeezed("".join(each.text or "" for each in group.iter(f"{SVG}text")))
        assert said == squeezed("".join((box.word, *box.lines)))
        assert all(squeezed(line) in squeezed(desc.text or "") for line in box.lines)
    cases = [each.text or "" for each in root.iter(f"{SVG}text") if each.get("class") == "case"]
    assert [squeezed(each) for each in cases] == [
        squeezed(arrow.label) for arrow in one.arrows if arrow.label
    ]
    assert svg(one) == svg(one)


SIZES = st.lists(st.tuples(st.integers(90, 300), st.integers(40, 120)), min_size=1, max_size=15)


@given(st.data(), SIZES)
def test_no_two_boxes_overlap_and_all_arrows_lead_down(
    data: st.DataObject, sizes: list[tuple[int, int]]
) -> None:
    pairs = [(a, b) for a in range(len(sizes)) for b in range(a + 1, len(sizes))]
    arrows = data.draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    placed = layout(sizes, arrows)
    boxes = [(x, y, x + w, y + h) for (x, y), (w, h) in zip(placed.places, sizes, strict=True)]
    for number, (left, top, right, floor) in enumerate(boxes):
        assert left >= 0
        assert top >= 0
        assert right <= placed.width
        assert floor <= placed.height
        for other in boxes[number + 1 :]:
            apart = other[0] - right >= GAP_X - 1 or left - other[2] >= GAP_X - 1
            assert apart or other[1] > floor or top > other[3]
    for (source, target), route in zip(arrows, placed.routes, strict=True):
        heights = [y for _, y in route.points]
        assert heights == sorted(heights)
        assert heights[0] == boxes[source][3]
        assert heights[-1] == boxes[target][1]
        for (x, y), (to_x, to_y) in zip(route.points, route.points[1:], strict=False):
            if x == to_x:
                # Where an arrow goes straight down, no box but its own ends is in its way.
                for each, (left, top, right, floor) in enumerate(boxes):
                    in_the_way = left < x < right and top < to_y and y < floor
                    assert not in_the_way or each in (source, target)


@given(st.data(), SIZES)
def test_an_arrow_that_leads_back_goes_up_beside_all_boxes(
    data: st.DataObject, sizes: list[tuple[int, int]]
) -> None:
    boxes = range(len(sizes))
    down = [(a, b) for a in boxes for b in boxes if a < b]
    up = [(a, b) for a in boxes for b in boxes if a >= b]
    arrows = data.draw(st.lists(st.sampled_from(down), unique=True)) if down else []
    back = data.draw(st.lists(st.sampled_from(up), unique=True, min_size=1, max_size=4))
    plain = layout(sizes, arrows)
    placed = layout(sizes, [*arrows, *back])
    assert (placed.places, placed.routes[: len(arrows)]) == (plain.places, plain.routes)
    lanes = []
    for (source, target), route in zip(back, placed.routes[len(arrows) :], strict=True):
        assert route.points[0][1] == placed.places[source][1] + sizes[source][1]
        assert route.points[-1][1] == placed.places[target][1]
        lanes.append(max(x for x, _ in route.points))
        # Whatever is not in its lane is between the layers.
        assert plain.width < lanes[-1] <= placed.width
        assert all(y <= placed.height for _, y in route.points)
    assert len(set(lanes)) == len(lanes)


def test_arrows_cross_only_where_they_must() -> None:
    # Two parents whose children were named in the other order.
    placed = layout([(90, 40)] * 4, [(0, 3), (1, 2)])
    (first, _), (second, _), (third, _), (fourth, _) = placed.places
    assert (first < second) == (fourth < third)


DOT_TEXT = r'"((?:[^"\\\n]|\\["\\n])*)"'
DOT_BOX = re.compile(rf"  n(\d+) \[label={DOT_TEXT}, [a-z0-9=, ]+\];")
DOT_ARROW = re.compile(rf"  n(\d+) -> n(\d+)(?: \[label={DOT_TEXT}\])?;")


def dot_text(text: str) -> list[str]:
    lines = [""]
    for part in re.findall(r"\\.|[^\\]", text):
        if part == "\\n":
            lines.append("")
        else:
            lines[-1] += part[-1]
    return [html.unescape(line) for line in lines]


@given(pictures())
def test_dot_reads_back(one: Picture) -> None:
    first, font, *lines, last, end = dot(one).split("\n")
    assert re.fullmatch(rf"digraph {DOT_TEXT} \{{", first)
    assert (font, last, end) == ('  node [fontname="sans-serif"];', "}", "")
    boxes = [DOT_BOX.fullmatch(line) for line in lines[: len(one.boxes)]]
    for number, (box, found) in enumerate(zip(one.boxes, boxes, strict=True)):
        assert found is not None
        assert found[1] == str(number)
        assert dot_text(found[2]) == [box.word, *box.lines]
    arrows = [DOT_ARROW.fullmatch(line) for line in lines[len(one.boxes) :]]
    for arrow, found in zip(one.arrows, arrows, strict=True):
        assert found is not None
        assert (found[1], found[2]) == (str(arrow.source), str(arrow.target))
        assert dot_text(found[3] or "") == [arrow.label]


# What means something to Mermaid, in any of its three readings of a label, is never in one.
MERMAID_TEXT = r'"((?:[^\x00-\x1f"<>\[\]{}|%;#&`\\~$^@*!?]|#\d+;|<br/>)*)"'
MERMAID_BOX = re.compile(
    rf"  n(\d+)(?:\(\[|\{{\{{|\[\[|>|\[/|\[\(|\[\\|\[|\{{|\(\(|\(){MERMAID_TEXT}"
    r"(?:\]\)|\}\}|\]\]|\)\]|\]|/\]|\\\]|\}|\)\)|\))"
)
MERMAID_ARROW = re.compile(rf"  n(\d+) -->(?:\|{MERMAID_TEXT}\|)? n(\d+)")


def mermaid_text(text: str) -> list[str]:
    lines = text.split("<br/>")
    return [re.sub(r"#(\d+);", lambda one: chr(int(one[1])), line) for line in lines]


@given(pictures())
def test_mermaid_reads_back(one: Picture) -> None:
    first, *lines, end = mermaid(one).split("\n")
    assert (first, end) == ("flowchart TD", "")
    boxes = [MERMAID_BOX.fullmatch(line) for line in lines[: len(one.boxes)]]
    for number, (box, found) in enumerate(zip(one.boxes, boxes, strict=True)):
        assert found is not None
        assert found[1] == str(number)
        assert mermaid_text(found[2]) == [box.word, *box.lines]
    arrows = [MERMAID_ARROW.fullmatch(line) for line in lines[len(one.boxes) :]]
    for arrow, found in zip(one.arrows, arrows, strict=True):
        assert found is not None
        assert (found[1], found[3]) == (str(arrow.source), str(arrow.target))
        assert mermaid_text(found[2] or "") == [arrow.label]


def test_each_kind_has_its_shape_and_its_word() -> None:
    boxes = (
        *drawn(CLAUSES.read_text("utf-8")).boxes,
        *drawn(CHILD).boxes,
        *drawn(PARALLEL).boxes,
    )
    assert {box.kind for box in boxes} == set(KINDS)
    words = {kind: {box.word for box in boxes if box.kind == kind} for kind in KINDS}
    assert sum(len(found) for found in words.values()) == len(set().union(*words.values()))
    for write in (mermaid, dot):
        shapes = {
            re.sub(r'n\d+|"(?:[^"\\]|\\.)*"', "", write(Picture("x", (Box(kind, "W", ()),), ())))
            for kind in KINDS
        }
        # In Mermaid a start and an end in completion look alike, but for their words.
        assert len(shapes) == len(KINDS) - (write is mermaid)


def test_a_gate_tells_who_decides_in_each_case() -> None:
    one = drawn((CLAUSES.parent / "deciding.gantral").read_text("utf-8"))
    (gate,) = [box for box in one.boxes if box.word == "GATE"]
    assert gate.lines == (
        "review",
        "decide 1 of [clerk, actor owner] when amount <= 100.00 and (not urgent)",
        "decide 5 points of { chief: 4, head: 2, actors board: 1 } when urgent",
        "decide 2 of head and 1 of chief",
    )
