"""What could have stood there, in an author's words."""

from __future__ import annotations

from gantral.grammar.lexer import Token

# The first group of which the marker can come next names all its members at once.
_GROUPS: tuple[tuple[str, str, frozenset[str]], ...] = tuple(
    (marker, phrase, frozenset(members.split()))
    for marker, phrase, members in (
        (
            "let",
            "a statement",
            "let var set undo collect give ask if match for repeat parallel wait sleep require"
            " terminate complete run NAME",
        ),
        (
            "decide",
            "a clause of the gate",
            "title releases decide waived guarded initiator veto apart amend prove clock lasts",
        ),
        ("timeout", "a setting of the operation", "timeout heartbeat retry needs idempotent undo"),
        ("read", "an operation", "read notify effect critical"),
        (
            "team",
            "a part of the workflow",
            "team start once one input output run on type role assurance calendar event service"
            " policy gate",
        ),
        (
            "gate",
            "a declaration",
            "import workflow type role assurance calendar event service policy gate",
        ),
        ("+", "an operator", "+ - * ?? == != < <= > >= . ?. ( in not is and or"),
        (
            "ask",
            "a value",
            "ask for parallel repeat wait run not - ( [ { NAME STRING INT DECIMAL DURATION true"
            " false none if",
        ),
        ("not", "a value", "not - ( [ { NAME STRING INT DECIMAL DURATION true false none if"),
        ("list", "a type", "list NAME TYPE_NAME STRING { ("),
        ("INT", "a value", "- ( [ { NAME STRING INT DECIMAL DURATION true false none if"),
        ("actor", "a role", "actor actors NAME"),
    )
)
_CLASSES = {
    "NAME": "a name",
    "LABEL": "a name and `:`",
    "MEMBER": "a name",
    "TYPE_NAME": "the name of a type",
    "STRING": "a text in quotes",
    "INT": "a whole number",
    "DECIMAL": "a decimal number",
    "DURATION": "a duration, like 30m",
    "TIME": "a time of day, like 09:30",
    "$END": "the end of the file",
}
_KINDS = {
    "STRING": "a text",
    "INT": "a number",
    "DECIMAL": "a number",
    "DURATION": "a duration",
    "TIME": "a time of day",
    "$END": "the end",
}
_MOST = 5


def in_words(expected: frozenset[str]) -> str:
    """`a value or \\`)\\``: at most a handful, the general ones first."""
    if not expected:
        # Nothing but the end fits, and only a hole of a text has one at which nothing else does.
        return "`}`"
    left = set(expected)
    phrases: list[str] = []
    for marker, phrase, members in _GROUPS:
        if marker in left and len(left & members) > 2:
            left -= members
            if phrase == "an operator" and (phrases or left):
                continue
            phrases.append(phrase)
    words = [_CLASSES.get(name) or f"`{name}`" for name in sorted(left)]
    phrases += dict.fromkeys(words)
    if len(phrases) > _MOST:
        phrases = [*phrases[:_MOST], "…"]
    return " or ".join(part for part in (", ".join(phrases[:-1]), phrases[-1]) if part)


def named(token: Token) -> str:
    """What was found there."""
    return _KINDS.get(token.kind) or f"`{token.text}`"
