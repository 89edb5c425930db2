"""One sentence of the language from tokens: what the front ends share.

A sentence is a file, the hole of a text, or a form that is a scalar in YAML. What is wrong with it
goes to the context.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from gantral.dsl.build import Builder, Context, Part
from gantral.dsl.build_declarations import BUILDERS as DECLARATIONS
from gantral.dsl.build_expressions import BUILDERS as EXPRESSIONS
from gantral.dsl.build_statements import BUILDERS as STATEMENTS
from gantral.dsl.diagnostics import Edit, Label
from gantral.dsl.expected import in_words, named
from gantral.dsl.mends import sure_mark, sure_word
from gantral.dsl.syntax import Expression, ServiceCall
from gantral.grammar.lexer import Fault, Token, lex
from gantral.grammar.machine import Build, SyntaxFault, TooDeepError, run

# So deep that no author meets it, so shallow that whoever walks the tree may recurse.
MAX_DEPTH = 200
MAX_HOLE_DEPTH = 40

_BUILDERS: dict[str, Builder] = {**EXPRESSIONS, **STATEMENTS, **DECLARATIONS}
# Only these take a call of a service (LANGUAGE section 4).
_TAKES_CALLS = frozenset(("block", "let", "set", "acted"))
_CASED = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def sentence(context: Context, tokens: list[Token], rule: str, limit: int) -> Any:
    """What the rule of that name makes of the tokens, the last of which is $END; None when it
    makes nothing. With a finding it is what could be read all the same."""
    try:
        return run(tokens, rule, building(context), _reporting(context, tokens), limit)
    except TooDeepError as deep:
        too_deep(context, deep.start, deep.end)
        return None


def expression_in(context: Context, start: int, end: int) -> Expression | None:
    """The expression in a hole of a text, its spans in the file; None when it is wrong."""
    lexed = lex(context.text, start, end)
    before = len(context.found)
    faults(context, lexed.faults)
    for at, after in lexed.comments:
        context.error(
            "G0104", context.span(at, after), "a comment inside a hole of a text", "move it out"
        )
    value: Expression | None = sentence(context, lexed.tokens, "hole", MAX_HOLE_DEPTH)
    return value if len(context.found) == before else None


def building(context: Context) -> Build:
    """What makes a value of a rule's name, its place and its parts."""

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


def too_deep(context: Context, start: int, end: int) -> None:
    """Says that there are too many things in one another."""
    context.error(
        "G0007", context.span(start, end), "nested too deep", "give the parts names with `let`"
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


def faults(context: Context, found: Sequence[Fault]) -> None:
    """Says what the lexer refused."""
    for fault in found:
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
            other = better(word)
            kind = "types are UpperCamel" if word[0].isupper() else "names are snake_case"
            edits = (Edit(span, other),)
            sure = word in context.sure_names
            context.error("G0105", span, f"`{word}`: {kind}", f"write `{other}`", (), edits, sure)
        elif word.isascii():
            context.error("G0113", span, f"`{word}` is no part of the language", "take it out")
        else:
            context.error(
                "G0005",
                span,
                f"`{word}` stands outside text and comments, where only ASCII may",
                "write it in ASCII letters, or put it in quotes",
            )


def better(word: str) -> str:
    """A name in the case that its first letter asks for."""
    parts = [part.strip("_") for part in _CASED.sub("_", word).split("_")]
    if word[0].isupper():
        return "".join(part[:1].upper() + part[1:] for part in parts if part)
    return "_".join(part.lower() for part in parts if part)
