"""Text to syntax tree: `parse`. Total: any text gives a tree or findings, in bounded time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from gantral.dsl.build import Context, Part
from gantral.dsl.build_declarations import BUILDERS as DECLARATIONS
from gantral.dsl.build_expressions import BUILDERS as EXPRESSIONS
from gantral.dsl.build_statements import BUILDERS as STATEMENTS
from gantral.dsl.decode import decode, forbidden
from gantral.dsl.diagnostics import Diagnostic, Edit, Label, in_order
from gantral.dsl.expected import in_words, named
from gantral.dsl.mends import sure_mark, sure_names, sure_word
from gantral.dsl.syntax import Comment, Expression, File, ServiceCall
from gantral.grammar.lexer import Fault, Lexed, Token, lex
from gantral.grammar.machine import SyntaxFault, TooDeepError, run

__all__ = ["ParseResult", "decode", "parse"]

# So deep that no author meets it, so shallow that whoever walks the tree may recurse.
MAX_DEPTH = 200
MAX_HOLE_DEPTH = 40

_BUILDERS = {**EXPRESSIONS, **STATEMENTS, **DECLARATIONS}
# Only these take a call of a service (LANGUAGE section 4).
_TAKES_CALLS = frozenset(("block", "let", "set", "acted"))
_CASED = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
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
    context.sure_names = sure_names(text, lexed, _better)
    _faults(context, lexed.faults)
    try:
        file: File | None = run(
            lexed.tokens, "start", _building(context), _reporting(context, lexed.tokens), MAX_DEPTH
        )
    except TooDeepError as deep:
        _too_deep(context, deep)
        file = None
    comments = tuple(Comment(context.span(a, b), text[a:b]) for a, b in lexed.comments)
    whole = None if context.found else file
    return ParseResult(whole, in_order(context.found), comments, file)


def expression_in(context: Context, start: int, end: int) -> Expression | None:
    """The expression in a hole of a text, its spans in the file; None when it is wrong."""
    lexed = lex(context.text, start, end)
    before = len(context.found)
    _faults(context, lexed.faults)
    for at, after in lexed.comments:
        context.error(
            "G0104", context.span(at, after), "a comment inside a hole of a text", "move it out"
        )
    try:
        value: Expression | None = run(
            lexed.tokens,
            "hole",
            _building(context),
            _reporting(context, lexed.tokens),
            MAX_HOLE_DEPTH,
        )
    except TooDeepError as deep:
        _too_deep(context, deep)
        return None
    return value if len(context.found) == before else None


def _building(context: Context) -> Any:
    def build(name: str, start: int, end: int, kids: list[Any]) -> Any:
        span = context.span(start, end)
        if name not in _TAKES_CALLS:
            for kid in kids:
                if isinstance(kid, ServiceCall):
                    context.error(
                        "G0109",
                        kid.span,
                        "a service is called inside an expression",
                        "call it on its own: `let name = service.operation(…)`, then use the name",
                    )
        builder = _BUILDERS.get(name)
        return Part(name, span, kids) if builder is None else builder(context, span, kids)

    return build


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


def _too_deep(context: Context, deep: TooDeepError) -> None:
    context.error(
        "G0007",
        context.span(deep.start, deep.end),
        "nested too deep",
        "give the parts names with `let`",
    )


def _reporting(context: Context, tokens: list[Token]) -> Any:
    def report(fault: SyntaxFault) -> None:
        token = fault.token
        span = context.span(token.start, token.end)
        if fault.unclosed or (token.kind == "$END" and fault.open_brace >= 0):
            brace = context.span(fault.open_brace, fault.open_brace + 1)
            here = Label(span, "it should be closed before this")
            context.error("G0112", brace, "this `{` is not closed", "add a `}`", (here,))
            return
        if token.kind == "}" and fault.open_brace < 0:
            context.error("G0112", span, "this `}` closes nothing", "take it out")
            return
        wanted = in_words(fault.expected)
        edits: tuple[Edit, ...] = ()
        help = ""
        sure = False
        if fault.mend:
            wanted = f"`{fault.mend}`"
            place = span if fault.replace else context.span(fault.after, fault.after)
            edits = (Edit(place, fault.mend),)
            help = f"{'write' if fault.replace else 'add'} {wanted}"
            sure = (
                sure_word(token.text, fault.mend)
                if fault.replace
                else sure_mark(fault.mend, tokens, place.start)
            )
        message = f"expected {wanted}, found {named(token)}"
        context.error("G0101", span, message, help, (), edits, sure)

    return report


def _faults(context: Context, faults: list[Fault]) -> None:
    for fault in faults:
        span = context.span(fault.start, fault.end)
        word = context.text[fault.start : fault.end]
        if fault.name == "text":
            context.error("G0102", span, "this text has no closing quote on its line", 'add `"`')
        elif fault.name == "number":
            context.error(
                "G0114",
                span,
                f"`{word}` is no number",
                "write 12, 12.50, or a duration in ms, s, m, h, d or w",
            )
        elif fault.name == "case":
            better = _better(word)
            kind = "types are UpperCamel" if word[0].isupper() else "names are snake_case"
            edits = (Edit(span, better),)
            sure = word in context.sure_names
            context.error("G0105", span, f"`{word}`: {kind}", f"write `{better}`", (), edits, sure)
        elif word.isascii():
            context.error("G0113", span, f"`{word}` is no part of the language", "take it out")
        else:
            context.error(
                "G0005",
                span,
                f"`{word}` stands outside text and comments, where only ASCII may",
                "write it in ASCII letters, or put it in quotes",
            )


def _better(word: str) -> str:
    """A name in the case that its first letter asks for."""
    parts = [part.strip("_") for part in _CASED.sub("_", word).split("_")]
    if word[0].isupper():
        return "".join(part[:1].upper() + part[1:] for part in parts if part)
    return "_".join(part.lower() for part in parts if part)
