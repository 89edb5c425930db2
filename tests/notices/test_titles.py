"""Over titles and gates at random: nothing personal is ever in a title that leaves."""

from __future__ import annotations

from typing import Any

from gantral.api.notices.facts import LONGEST_TITLE, title
from hypothesis import given
from hypothesis import strategies as st

NAMES = ("a", "b", "c")
PLAIN = {"max": "none", "min": "none", "pattern": "none"}
SCALARS = st.sampled_from([["string", PLAIN], ["enum", ["x", "y"]], ["person"], ["json"]])


def record(inner: Any) -> Any:
    marks = st.sampled_from(["true", "false", "false", "false"])
    field = st.tuples(inner, marks).map(lambda one: (one[0], {"personal": one[1], "wire": "w"}))
    return st.dictionaries(st.sampled_from(NAMES), field, min_size=1).map(
        lambda fields: ["record", [[name, *one] for name, one in fields.items()]]
    )


SHAPES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        record(inner),
        inner.map(lambda one: ["optional", one]),
        inner.map(lambda one: ["list", {"min": "0", "max": "9"}, one]),
    ),
    max_leaves=8,
)


def leaves(shape: Any, path: str, secret: bool) -> list[tuple[str, bool]]:
    """Each leaf's pointer, and whether it must stay inside."""
    match shape[0]:
        case "record":
            return [
                leaf
                for name, inner, marks in shape[1]
                for leaf in leaves(inner, f"{path}/{name}", secret or marks["personal"] == "true")
            ]
        case "optional":
            return leaves(shape[1], path, secret)
        case "list":
            return [one for n in "01" for one in leaves(shape[2], f"{path}/{n}", secret)]
        case kind:
            return [(path, secret or kind in ("person", "json"))]


@given(record(SHAPES), st.data())
def test_a_title_holds_no_value_that_is_personal(parameters: Any, data: Any) -> None:
    found = leaves(parameters, "", False)
    values = {
        path: ("secret-" if inside else "plain-") + path.replace("/", ".") for path, inside in found
    }
    chosen = data.draw(st.lists(st.sampled_from(sorted(values)), min_size=1, max_size=4))
    parts = [["text", "Pay "], *(["path", one] for one in chosen)]
    said = title("the_gate", {"title": parts, "parameters": parameters}, values, values.get)
    assert "secret-" not in said
    assert len(said) <= LONGEST_TITLE
    if all(values[one].startswith("plain-") for one in chosen):
        whole = "Pay " + "".join(values[one] for one in chosen)
        assert said in (whole, whole[: LONGEST_TITLE - 1] + "…")
    else:
        assert said == "the gate"


def test_what_is_erased_unknown_or_computed_leaves_the_gate_s_name() -> None:
    parameters = ["record", [["a", ["string", PLAIN], {"personal": "false", "wire": "a"}]]]

    def said(parts: Any, value: Any = "x") -> str:
        rules = {"title": parts, "parameters": parameters}
        return title("the_gate", rules, {"/a": "leaf"}, lambda _: value)

    assert said([["path", "/a"]]) == "x"
    assert said([["path", "/a"]], None) == "the gate"
    assert said([["path", "/b"]]) == "the gate"
    assert said(["computed"]) == "the gate"
    assert said([["path", "/a"]], "x\r\nBcc: all@example.com") == "x  Bcc: all@example.com"
