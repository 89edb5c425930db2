"""Python expressions as pieces that print themselves within a line's width.

What is printed is what ruff's formatter leaves alone: a call that does not fit has one argument a
line and a comma after the last; an operator that does not fit leads its line inside parentheses.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TypeAlias

from gantral.dsl.frozen import frozen

# The formatter's own default. What is exploded stays so at any larger width.
WIDTH = 88


@frozen
class Atom:
    """Text that is never broken."""

    text: str


@frozen
class Invoke:
    """`function(a, name=b)`; each argument with its prefix (`name=` or nothing)."""

    function: str
    arguments: tuple[tuple[str, Piece], ...]
    brackets: str = "()"


@frozen
class Display:
    """`(a, b)`, a tuple."""

    items: tuple[Piece, ...]


@frozen
class Chain:
    """Operands with what stands before each of them: `a`, `and b`, `and c`. `binding` says how
    strongly the operators bind; a weaker one inside a stronger needs parentheses."""

    parts: tuple[tuple[str, Piece], ...]
    binding: int


@frozen
class Loop:
    """`element for name in items if condition`: the one argument of a call."""

    element: Piece
    name: str
    items: Piece
    condition: Piece | None = None


@frozen
class Before:
    """`await x`, `not x`, `-x`: the words before a piece."""

    words: str
    piece: Piece


@frozen
class Text:
    """A string literal; with `holes`, an f-string whose holes stand between the texts."""

    texts: tuple[str, ...]
    holes: tuple[str, ...] = ()


Piece: TypeAlias = Atom | Invoke | Display | Chain | Loop | Before | Text

# How strongly operators bind, weakest first.
CHOICE, OR, AND, NOT, COMPARISON, SUM, PRODUCT, UNARY, PRIMARY = range(9)


def binding(piece: Piece) -> int:
    """How strongly the outermost operator of a piece binds."""
    match piece:
        case Chain(binding=strength):
            return strength
        case Before(words="not "):
            return NOT
        case Before():
            return UNARY
        case _:
            return PRIMARY


def flat(piece: Piece) -> str:
    """The piece on one line."""
    match piece:
        case Atom(text):
            return text
        case Invoke(function, arguments, brackets):
            listed = ", ".join(name + flat(value) for name, value in arguments)
            return f"{function}{brackets[0]}{listed}{brackets[1]}"
        case Display(items):
            listed = ", ".join(flat(item) for item in items)
            return f"({listed},)" if len(items) == 1 else f"({listed})"
        case Chain(parts=parts):
            return " ".join(word + _operand(part, piece.binding) for word, part in parts)
        case Loop():
            return " ".join(_clauses(piece))
        case Before(words, inner):
            return words + _operand(inner, binding(piece))
        case Text(texts, holes):
            return _literal(texts, holes)


def joined(word: str, strength: int, pieces: list[Piece]) -> Piece:
    """Pieces joined by a word; one that is so joined already goes on."""
    if len(pieces) == 1:
        return pieces[0]
    parts: list[tuple[str, Piece]] = []
    for piece in pieces:
        inner = piece.parts if isinstance(piece, Chain) and piece.binding == strength else None
        for at, (before, part) in enumerate(inner or (("", piece),)):
            parts.append((before if at else f"{word} " if parts else "", part))
    return Chain(tuple(parts), strength)


def lines(piece: Piece, prefix: str = "", suffix: str = "", indent: int = 0) -> list[str]:
    """The lines of `prefix piece suffix` at an indentation, each within WIDTH where it can be."""
    pad = " " * indent
    whole = f"{pad}{prefix}{flat(piece)}{suffix}"
    return [whole] if len(whole) <= WIDTH else _broken(piece, prefix, suffix, indent)


def ended(piece: Piece, prefix: str, suffix: str, indent: int) -> list[str]:
    """The lines of a statement that ends in the piece. One operator with a call right of it breaks
    inside the call's brackets; anything else inside parentheses of its own."""
    pad = " " * indent
    if len(f"{pad}{prefix}{flat(piece)}{suffix}") <= WIDTH:
        return lines(piece, prefix, suffix, indent)
    match piece:
        case Before("not ", Chain() as inner):
            return _inside(f"{pad}{prefix}not (", inner, suffix, indent)
        case Before(words, Invoke() as call):
            return lines(call, f"{prefix}{words}", suffix, indent)
        case Chain(parts=((_, _), (_, _)), binding=strength) if strength != CHOICE:
            return _split(piece, prefix, suffix, indent) or lines(piece, prefix, suffix, indent)
        case _:
            return lines(piece, prefix, suffix, indent)


def _split(piece: Chain, prefix: str, suffix: str, indent: int) -> list[str] | None:
    """The lines of two operands without parentheses around both; None when they want them."""
    pad = " " * indent
    (_, first), (word, last) = piece.parts
    lead = f"{prefix}{_operand(first, piece.binding)} {word}"
    found = _hugged(last, piece.binding, lead, suffix, indent)
    if found is not None:
        return found
    if isinstance(first, Chain) and _long(first, piece.binding, "", indent):
        *opened, _ = _inside(f"{pad}{prefix}(", first, "", indent)
    elif (
        isinstance(first, Invoke)
        and first.arguments
        and (
            _bracketed(last, piece.binding)
            or (isinstance(last, Chain) and _long(last, piece.binding, word, indent))
        )
    ):
        *opened, _ = _broken(first, prefix, "", indent)
    else:
        return None
    rest = f"{pad}) {word}{_operand(last, piece.binding)}{suffix}"
    if len(rest) <= WIDTH:
        return [*opened, rest]
    found = _hugged(last, piece.binding, f") {word}", suffix, indent)
    return None if found is None else [*opened, *found]


def _long(piece: Piece, strength: int, word: str, indent: int) -> bool:
    """Whether an operand does not fit into a line of its own."""
    return indent + 4 + len(f"{word}{_operand(piece, strength)}") > WIDTH


def _bracketed(piece: Piece, strength: int) -> bool:
    """Whether an operand ends in brackets that can be broken."""
    if _operand(piece, strength) != flat(piece):
        return True
    match piece:
        case Invoke(arguments=inside) | Display(items=inside):
            return bool(inside)
        case Chain(parts=(*_, (_, last)), binding=inner):
            return _bracketed(last, inner)
        case _:
            return False


def _hugged(piece: Piece, strength: int, lead: str, suffix: str, indent: int) -> list[str] | None:
    """The lines of a last operand behind what leads it, broken inside its brackets; None when it
    has none, or they open too late."""
    pad = " " * indent
    opened = f"{pad}{lead}("
    if _operand(piece, strength) != flat(piece):
        return None if len(opened) > WIDTH else _inside(opened, piece, suffix, indent)
    match piece:
        case Invoke(function, arguments, brackets) if arguments:
            room = len(f"{pad}{lead}{function}{brackets[0]}") <= WIDTH
        case Display(items) if items:
            room = len(opened) <= WIDTH
        case Chain(parts=(*before, (word, last)), binding=inner):
            said = "".join(f"{each}{_operand(part, inner)} " for each, part in before)
            found = _hugged(last, inner, f"{lead}{said}{word}", suffix, indent)
            if found is None and _long(piece, strength, "and ", indent) and len(opened) <= WIDTH:
                # On a line of its own it would need parentheses as well.
                return _inside(opened, piece, suffix, indent)
            return found
        case _:
            room = False
    return lines(piece, lead, suffix, indent) if room else None


def _inside(opened: str, piece: Piece, suffix: str, indent: int) -> list[str]:
    """The piece between parentheses that stand at the ends of their lines."""
    pad = " " * (indent + 4)
    whole = f"{pad}{flat(piece)}"
    inner = [whole] if len(whole) <= WIDTH else _operands(piece, indent + 4)
    return [opened, *inner, f"{' ' * indent}){suffix}"]


def _broken(piece: Piece, prefix: str, suffix: str, indent: int) -> list[str]:
    pad = " " * indent
    match piece:
        case Invoke(function, ((name, Loop() as loop),), brackets):
            # No comma after it: it is no argument among others.
            opened = f"{pad}{prefix}{function}{brackets[0]}{name}"
            return [opened, *_loop_lines(loop, indent + 4), f"{pad}{brackets[1]}{suffix}"]
        case Invoke(function, arguments, brackets) if arguments:
            inner = [
                line for name, value in arguments for line in lines(value, name, ",", indent + 4)
            ]
            opened = f"{pad}{prefix}{function}{brackets[0]}"
            return [opened, *inner, f"{pad}{brackets[1]}{suffix}"]
        case Display(items) if items:
            inner = [line for item in items for line in lines(item, "", ",", indent + 4)]
            return [f"{pad}{prefix}(", *inner, f"{pad}){suffix}"]
        case Before("await ", Invoke() as call):
            return lines(call, f"{prefix}await ", suffix, indent)
        case Before("*", inner):
            return lines(inner, f"{prefix}*", suffix, indent)
        case Chain() if indent + 4 + len(flat(piece)) <= WIDTH:
            return [f"{pad}{prefix}(", f"{pad}    {flat(piece)}", f"{pad}){suffix}"]
        case Chain() | Before():
            return [f"{pad}{prefix}(", *_operands(piece, indent + 4), f"{pad}){suffix}"]
        case Text() if len(inner := _text_lines(piece, indent + 4)) > 1 or (
            # What a statement ends in moves into parentheses when it fits there whole.
            (prefix == "return " or prefix.endswith(" = ")) and len(inner[0]) <= WIDTH
        ):
            return [f"{pad}{prefix}(", *inner, f"{pad}){suffix}"]
        case _:
            return [f"{pad}{prefix}{flat(piece)}{suffix}"]


def _clauses(loop: Loop) -> list[str]:
    """`element`, `for name in items`, `if condition`, each on one line."""
    found = [flat(loop.element), f"for {loop.name} in {_operand(loop.items, CHOICE)}"]
    return found if loop.condition is None else [*found, f"if {_operand(loop.condition, CHOICE)}"]


def _loop_lines(loop: Loop, indent: int) -> list[str]:
    pad = " " * indent
    if indent + len(flat(loop)) <= WIDTH:
        return [f"{pad}{flat(loop)}"]
    out = lines(loop.element, "", "", indent)
    pieces = [(f"for {loop.name} in ", loop.items)]
    pieces += [] if loop.condition is None else [("if ", loop.condition)]
    for word, piece in pieces:
        text = f"{pad}{word}{_operand(piece, CHOICE)}"
        if len(text) <= WIDTH or not isinstance(piece, Chain | Invoke | Display | Before):
            out.append(text)
        elif isinstance(piece, Chain) and piece.binding > CHOICE:
            # Operators need no parentheses here: the formatter breaks at each by itself.
            (first, operand), *rest = piece.parts
            led = Chain(((word + first, operand), *rest), piece.binding)
            out += _operands(led, indent)
        elif isinstance(piece, Chain):
            out += _broken(piece, word, "", indent)
        else:
            out += lines(piece, word, "", indent)
    return out


def _operand(piece: Piece, strength: int) -> str:
    """An operand, in parentheses where it binds no stronger than the operator around it; `and`
    inside `or` gets them too, for its readers."""
    text = flat(piece)
    needed = binding(piece) <= strength if strength != NOT else binding(piece) < NOT
    return f"({text})" if needed or (strength == OR and binding(piece) == AND) else text


def _operands(piece: Piece, indent: int) -> list[str]:
    """The inside of parentheses, one operand a line."""
    pad = " " * indent
    parts = piece.parts if isinstance(piece, Chain) else ((piece.words, piece.piece),)  # type: ignore[union-attr]
    out: list[str] = []
    for word, part in parts:
        text = f"{pad}{word}{_operand(part, binding(piece))}"
        if len(text) <= WIDTH or not isinstance(part, Chain | Invoke | Display | Text):
            out.append(text)
        elif isinstance(part, Chain):
            out += [f"{pad}{word}(", *_operands(part, indent + 4), f"{pad})"]
        else:
            out += lines(part, word, "", indent)
    return out


def _text_lines(piece: Text, indent: int) -> list[str]:
    """Adjacent literals, together the text, each within WIDTH; broken after a space or a hole."""
    room = WIDTH - indent
    rows: list[Text] = []
    texts: list[str] = [""]
    holes: list[str] = []

    def close() -> None:
        nonlocal texts, holes
        rows.append(Text(tuple(texts), tuple(holes)))
        texts, holes = [""], []

    def fits(more: str, hole: str | None) -> bool:
        if hole is None:
            return len(_literal((*texts[:-1], texts[-1] + more), tuple(holes))) <= room
        return len(_literal((*texts, ""), (*holes, hole))) <= room

    for number, text in enumerate(piece.texts):
        for word in _words(text):
            if not fits(word, None) and (texts != [""] or holes):
                close()
            texts[-1] += word
        if number < len(piece.holes):
            if not fits("", piece.holes[number]) and (texts != [""] or holes):
                close()
            holes.append(piece.holes[number])
            texts.append("")
    close()
    return [f"{' ' * indent}{_literal(row.texts, row.holes)}" for row in rows]


def _words(text: str) -> list[str]:
    """The text cut after its spaces, and inside words that are longer than a line."""
    words: list[str] = []
    for word in re.findall(r"[^ ]* |[^ ]+", text):
        words += [word[at : at + 40] for at in range(0, len(word), 40)]
    return words


def _literal(texts: tuple[str, ...], holes: tuple[str, ...]) -> str:
    """A Python literal of the text: double quotes unless that takes more escapes, as ruff has it.

    Nothing of the text is ever read as Python: quotes, backslashes, braces and all that does not
    print are escaped.
    """
    joined = "".join(texts)
    quote = "'" if joined.count('"') > joined.count("'") else '"'
    written = ["".join(_character(one, quote) for one in text) for text in texts]
    if not holes:
        return f"{quote}{written[0]}{quote}"
    out = [f"f{quote}"]
    for number, text in enumerate(written):
        out.append(text.replace("{", "{{").replace("}", "}}"))
        if number < len(holes):
            out.append(f"{{{holes[number]}}}")
    return "".join(out) + quote


def literal(text: str) -> str:
    """A Python string literal of a text."""
    return _literal((text,), ())


_NAMED = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _character(one: str, quote: str) -> str:
    if one in _NAMED:
        return _NAMED[one]
    if one == quote:
        return f"\\{one}"
    if " " <= one <= "~":
        return one
    # Unicode 3.2 is in every Python, and never changes: a newer one would print more letters in
    # newer Pythons, and so other bytes.
    category = unicodedata.ucd_3_2_0.category(one)
    if category[0] in "LNPS":
        return one
    point = ord(one)
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"
