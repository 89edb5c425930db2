"""The picture as a Mermaid flowchart."""

from __future__ import annotations

from gantral.compiler.graph.picture import Box, Kind, Picture

_SHAPES: dict[Kind, tuple[str, str]] = {
    "start": ("([", "])"),
    "gate": ("{{", "}}"),
    "effect": ("[[", "]]"),
    "notify": (">", "]"),
    "read": ("[/", "/]"),
    "undo": ("[\\", "\\]"),
    "child": ("[(", ")]"),
    "choice": ("{", "}"),
    "loop": ("[/", "\\]"),
    "parallel": ("[", "]"),
    "wait": ("(", ")"),
    "completed": ("([", "])"),
    "stopped": ("((", "))"),
}
_PLAIN = frozenset(" _.,:=+-'()/")


def mermaid(picture: Picture) -> str:
    """A `flowchart`, one line a box or an arrow; the same for the same picture."""
    lines = ["flowchart TD"]
    for number, box in enumerate(picture.boxes):
        before, after = _SHAPES[box.kind]
        lines.append(f'  n{number}{before}"{_label(box)}"{after}')
    for one in picture.arrows:
        label = f'|"{_text(one.label)}"|' if one.label else ""
        lines.append(f"  n{one.source} -->{label} n{one.target}")
    return "\n".join(lines) + "\n"


def _label(box: Box) -> str:
    return "<br/>".join(_text(one) for one in (box.word, *box.lines))


def _text(text: str) -> str:
    # Mermaid has no one way to quote: labels are read as its own text, as Markdown and as HTML. So
    # all of ASCII that is no letter or digit, or known to mean nothing, becomes its `#code;`.
    return "".join(f"#{ord(one)};" if _means_something(one) else one for one in text)


def _means_something(one: str) -> bool:
    return one.isascii() and not one.isalnum() and one not in _PLAIN
