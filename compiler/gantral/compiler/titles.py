"""A gate's title as the manifest has it, so that the inbox can say it with a proposal's values."""

from __future__ import annotations

from gantral.compiler.digest import Tree
from gantral.compiler.program import Expr, FunctionCall, Gate, ListType, Literal, TextExpr
from gantral.compiler.terms import parameter_path, pointer


def title_parts(gate: Gate) -> Tree:
    """The title as texts, paths and lengths of lists; one that is richer is computed by the
    workflow alone."""
    title = gate.title
    if title is None:
        return [["text", gate.name]]
    if isinstance(title, Literal):
        return [["text", title.value]]
    parts: list[Tree] = []
    for part in title.parts if isinstance(title, TextExpr) else (title,):
        steps = parameter_path(part) if not isinstance(part, str) else None
        if isinstance(part, str):
            parts.append(["text", part])
        elif steps is not None:
            parts.append(["path", pointer(steps)])
        elif counted := _counted(part):
            parts.append(["count", counted])
        else:
            return ["computed"]
    return parts


def _counted(part: str | Expr) -> str | None:
    """The pointer of the list whose length this is."""
    match part:
        case FunctionCall(name="len", arguments=(of,)) if isinstance(of.type, ListType):
            steps = parameter_path(of)
            return None if steps is None else pointer(steps)
    return None
