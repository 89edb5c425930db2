"""The picture in the DOT language of Graphviz."""

from __future__ import annotations

from gantral.compiler.graph.picture import Kind, Picture

_LOOKS: dict[Kind, str] = {
    "start": "shape=oval",
    "gate": "shape=octagon, peripheries=2",
    "effect": "shape=box, penwidth=3",
    "notify": "shape=note",
    "read": "shape=parallelogram",
    "undo": "shape=box, style=dashed",
    "child": "shape=box3d",
    "choice": "shape=hexagon",
    "loop": "shape=hexagon, peripheries=2",
    "parallel": "shape=trapezium",
    "wait": "shape=box, style=rounded",
    "completed": "shape=oval, penwidth=3",
    "stopped": "shape=oval, peripheries=2",
}


def dot(picture: Picture) -> str:
    """A `digraph`, one line a box or an arrow; the same for the same picture."""
    lines = [f"digraph {_quoted(picture.title)} {{", '  node [fontname="sans-serif"];']
    for number, box in enumerate(picture.boxes):
        lines.append(f"  n{number} [label={_quoted(box.word, *box.lines)}, {_LOOKS[box.kind]}];")
    for one in picture.arrows:
        label = f" [label={_quoted(one.label)}]" if one.label else ""
        lines.append(f"  n{one.source} -> n{one.target}{label};")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(*lines: str) -> str:
    # Graphviz reads escapes and HTML entities in a label, and a quoted text is never HTML itself.
    said = (one.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"') for one in lines)
    return '"' + "\\n".join(said) + '"'
