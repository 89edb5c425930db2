"""Text to syntax tree: `parse`. Total: any text gives a tree or findings, in bounded time."""

from __future__ import annotations

from gantral.dsl.build import Context
from gantral.dsl.decode import decode, forbidden
from gantral.dsl.diagnostics import Diagnostic, in_order
from gantral.dsl.frozen import frozen
from gantral.dsl.mends import sure_names
from gantral.dsl.sentence import MAX_DEPTH, better, faults, sentence
from gantral.dsl.syntax import Comment, File
from gantral.grammar.lexer import Lexed, lex

__all__ = ["MAX_DEPTH", "ParseResult", "decode", "parse"]


@frozen
class ParseResult:
    """`file` is None exactly when there is an error. `comments` are all there are, in order.

    `recovered` is what could be read of the text all the same, for editors and never for a
    verdict: what was wrong is missing in it, and a part that a node must have may be None.
    """

    file: File | None
    diagnostics: tuple[Diagnostic, ...]
    comments: tuple[Comment, ...]
    recovered: File | None = None


def parse(source: str, text: str) -> ParseResult:
    """The syntax tree of a text, or everything that is wrong with its form.

    `source` is the name that spans carry. Never raises for any text: what a file may not hold at
    all (G00xx) is found first, and then nothing else is looked for.
    """
    found = forbidden(source, text)
    if found:
        return ParseResult(None, in_order(found), ())
    lexed = lex(text)
    context = Context(source, text, _docs(text, lexed))
    context.sure_names = sure_names(text, lexed, better)
    faults(context, lexed.faults)
    file: File | None = sentence(context, lexed.tokens, "start", MAX_DEPTH)
    comments = tuple(Comment(context.span(a, b), text[a:b]) for a, b in lexed.comments)
    whole = None if context.found else file
    return ParseResult(whole, in_order(context.found), comments, file)


def _docs(text: str, lexed: Lexed) -> dict[int, str]:
    """The `##` comments that have a line to themselves, by their line from 0."""
    docs: dict[int, str] = {}
    line = at = 0
    for start, end in lexed.comments:
        line += text.count("\n", at, start)
        at = start
        begin = text.rfind("\n", 0, start) + 1
        if text.startswith("##", start) and not text[begin:start].strip():
            docs[line] = text[start + 2 : end].strip()
    return docs
