"""Any text, any place: the index answers, and what it knows is spelt right."""

from __future__ import annotations

from collections.abc import Callable

from gantral.compiler.index import Index
from gantral.compiler.index.complete import complete
from gantral.compiler.index.hover import hover
from gantral.compiler.index.outline import outline
from gantral.dsl.cursor import cursor, read_all_the_same
from hypothesis import given
from hypothesis import strategies as st

PIECES = (
    "let x = ", "ask finance(", "under ", "payments.", "input.", "}", "{", ")", "(", '"', "# ",
    "gate g(", "decide ", "2 of ", "people.", "\n", ": ", ", ", "for each a in b at most 3 {",
    "if ", "match ", "else as f {", "type T = ", "import ", "undo ", "€", "🙂", "amend ", "?.",
    "service s on queue \"q\" { read r() -> ", "wait { for e as x {", "run ", "0", "[", "]",
)  # fmt: skip


@st.composite
def cuts(draw: st.DrawFn) -> tuple[float, float, list[str], float]:
    """Where to cut a text, what to put there, and where to look."""
    place = st.floats(0, 1)
    return (
        draw(place),
        draw(place),
        draw(st.lists(st.sampled_from(PIECES), max_size=6)),
        draw(place),
    )


def damaged(spec: str, cut: tuple[float, float, list[str], float]) -> tuple[str, int]:
    """The spec with a piece of it taken out and others put in, and an offset in it."""
    start, end = sorted(int(one * len(spec)) for one in cut[:2])
    text = spec[:start] + "".join(cut[2]) + spec[end if len(cut[2]) % 2 else start :]
    return text, int(cut[3] * len(text))


@given(cut=cuts())
def test_any_text_is_answered(
    spec: str, indexed: Callable[[str], Index | None], cut: tuple[float, float, list[str], float]
) -> None:
    text, offset = damaged(spec, cut)
    found = indexed(text)
    if found is None:
        assert read_all_the_same("x", text) is None
        return
    outline(found.module.tree)
    for one in found.mentions:
        hover(one.symbol, {})
        if one.symbol.kind != "file":
            assert text[one.span.start : one.span.end] == one.symbol.name
    for each in (offset, *(int(part * len(text)) for part in cut[:2])):
        offered = complete(found, each)
        assert list(offered) == sorted(offered)
        assert len({(one.label, one.kind, one.detail) for one in offered}) == len(offered)


@given(text=st.text(max_size=60), offset=st.integers(-2, 70))
def test_any_place_has_a_cursor_or_none(text: str, offset: int) -> None:
    found = cursor(text, offset)
    assert found is None or 0 <= found.start <= max(offset, 0)


@given(cut=cuts())
def test_what_is_offered_can_stand_there(
    spec: str, indexed: Callable[[str], Index | None], cut: tuple[float, float, list[str], float]
) -> None:
    """A keyword that is offered, once written, leaves the parser at a place where more can come."""
    text, offset = damaged(spec, cut)
    found = cursor(text, offset)
    for word in sorted(found.keywords) if found is not None else ():
        assert found is not None
        written = f"{text[: found.start]}{word} "
        after = cursor(written, len(written))
        assert after is not None
        assert after.expected, (word, text[max(0, found.start - 60) : found.start])
