"""Texts with holes: a call that joins them, or an f-string."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gantral.compiler.codegen.constants import bare
from gantral.compiler.codegen.layout import Invoke, Piece, Text, flat
from gantral.compiler.program import EnumType, Expr, JsonType, PersonType, StringType, TextExpr

if TYPE_CHECKING:
    from gantral.compiler.codegen.expressions import Expressions


def text(write: Expressions, expression: Expr) -> Piece:
    """A message or title: an f-string where nothing in it could be misread."""
    if not isinstance(expression, TextExpr):
        if expression.personal and write.hidden:
            return Text(("…",))
        return write.write(expression)
    holes: list[str] = []
    texts: list[str] = [""]
    for part in expression.parts:
        if isinstance(part, str):
            texts[-1] += part
        elif write.hidden and personal(part):
            texts[-1] += "…"
        else:
            holes.append(flat(_shown(write, part)))
            texts.append("")
    if any(re.search(r"[\"'\\{}\n!:#]", hole) for hole in holes):
        return joined(write, expression)
    return Text(tuple(texts), tuple(holes))


def joined(write: Expressions, expression: TextExpr) -> Piece:
    """`expressions.concat(…)`: two NFC texts side by side need not be one, so the runtime brings
    the whole to NFC."""
    parts = [
        "…" if write.hidden and not isinstance(part, str) and personal(part) else part
        for part in expression.parts
    ]
    pieces = [Text((part,)) if isinstance(part, str) else _shown(write, part) for part in parts]
    return Invoke("expressions.concat", tuple(("", piece) for piece in pieces))


def personal(part: Expr) -> bool:
    """Whether others may not read it in a title: it is marked so, or a person."""
    return part.personal or isinstance(bare(part.type), PersonType)


def _shown(write: Expressions, expression: Expr) -> Piece:
    """A hole: text as it is, everything else in its spec form."""
    if isinstance(bare(expression.type), StringType | EnumType | PersonType | JsonType):
        return write.compared(expression)
    return Invoke("text", (("", write.write(expression)),))
