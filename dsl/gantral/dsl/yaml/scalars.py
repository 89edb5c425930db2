"""Scalars and the language: words of keys, names, clauses, texts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from gantral.dsl.build import Part
from gantral.dsl.expected import in_words, named
from gantral.dsl.sentence import MAX_DEPTH, building, faults, sentence
from gantral.dsl.syntax import Path
from gantral.dsl.yaml.context import YamlContext
from gantral.dsl.yaml.forms import Form
from gantral.dsl.yaml.nodes import Mapping, Node, Scalar, Sequence
from gantral.grammar.lexer import RESERVED, Token, lex

_WORD = re.compile(r"[a-z]+")
Found = dict[str, tuple[Scalar, Node]]


class Scalars:
    """Reads what is one scalar, or a list of them. What is wrong goes to the context; a method then
    answers None."""

    def __init__(self, context: YamlContext) -> None:
        self.context = context
        self.build = building(context)
        self.comments: list[tuple[int, int]] = []

    # --- findings -----------------------------------------------------------------------------

    def error(self, code: str, node: Node, message: str, help: str) -> None:
        """A finding about a node."""
        self.context.error(code, self.context.span(node.start, node.end), message, help)

    def nothing(self, key: Scalar) -> None:
        """A key without a value, or with one of another shape that says nothing."""
        self.error("G0128", key, f"`{key.value}` says nothing", "write what it says, or no key")

    def shape(self, key: Scalar, node: Node, wanted: str) -> None:
        """A value of another shape than wanted."""
        if isinstance(node, Scalar) and node.empty:
            self.nothing(key)
            return
        self.error("G0128", node, f"`{key.value}` takes {wanted}", f"write {wanted} here")

    def keys(self, node: Mapping, form: Form, owner: str) -> Found | None:
        """The keys of a mapping by their names, all known and the needed ones there."""
        found: Found = {}
        before = len(self.context.found)
        for key, value in node.pairs:
            if key.value in form:
                found[key.value] = (key, value)
                continue
            self.unknown(key, form, owner)
        # What seems missing may be what is misspelt.
        unknown = len(self.context.found) > before
        for word, one in form.items():
            if one.needed and word not in found and not unknown:
                at = node.pairs[0][0] if node.pairs else node
                self.error("G0107", at, f"{owner} has no `{word}`", f"add the key `{word}:`")
        return found if len(self.context.found) == before else None

    def unknown(self, key: Scalar, form: Iterable[str], owner: str) -> None:
        """A key that is no part of what it stands in."""
        from difflib import get_close_matches

        words = list(form)
        near = get_close_matches(key.value, words, n=1)
        help = f"did you mean `{near[0]}`?" if near else f"its keys are {', '.join(words)}"
        self.error("G0125", key, f"{owner} has no key `{key.value}`", help)

    # --- tokens -------------------------------------------------------------------------------

    def words(self, key: Scalar) -> list[Token]:
        """The words of a key of ours."""
        return [
            Token(
                "WORD", match.group(), key.start + match.start(), key.start + match.end(), False, 0
            )
            for match in _WORD.finditer(self.context.text[key.start : key.end])
        ]

    def tokens(self, key: Scalar, node: Node, quotes: bool = False) -> list[Token] | None:
        """The tokens of a scalar as in text form; one that is quoted is a text, where `quotes` says
        that one may stand there."""
        if not isinstance(node, Scalar) or node.empty:
            self.shape(key, node, "one value")
            return None
        if node.style == "quoted":
            if not quotes:
                self.error(
                    "G0129",
                    node,
                    f"a value in quotes is a text, and `{key.value}` takes none",
                    "take the quotes away; where YAML needs them write a block scalar: `|` and the "
                    "value on the next line",
                )
                return None
            return [self.text_token(node)]
        lexed = lex(self.context.text, node.first, node.last)
        before = len(self.context.found)
        faults(self.context, lexed.faults)
        for start, end in lexed.comments:
            if node.style == "block":
                self.comments.append((start, end))
                continue
            self.context.error(
                "G0104",
                self.context.span(start, end),
                "a `#` inside a value",
                "put a space before it where it begins a comment",
            )
        if len(lexed.tokens) == 1 and len(self.context.found) == before:
            # A block scalar can hold nothing but a comment.
            self.nothing(key)
        return lexed.tokens[:-1] if len(self.context.found) == before else None

    def text_token(self, node: Scalar) -> Token:
        """The token of a quoted scalar."""
        self.context.quotes[node.start] = node
        return Token(
            "STRING", self.context.text[node.start : node.end], node.start, node.end, False, 0
        )

    def sentence(self, tokens: list[Token], rule: str) -> Any:
        """What a rule makes of tokens, which are at least one; None when it is wrong."""
        before = len(self.context.found)
        end = tokens[-1].end
        value = sentence(
            self.context, [*tokens, Token("$END", "", end, end, False, 0)], rule, MAX_DEPTH
        )
        return value if len(self.context.found) == before else None

    # --- one word or a few --------------------------------------------------------------------

    def word(self, key: Scalar, node: Node, kind: str = "NAME") -> Token | None:
        """The one token that a scalar is: NAME, MEMBER (reserved words too), TYPE_NAME, INT or
        DURATION."""
        tokens = self.tokens(key, node)
        if tokens is None:
            return None
        wanted = "WORD" if kind in ("NAME", "MEMBER") else kind
        wrong = next((one for one in tokens[:1] if one.kind != wanted), None) or (
            tokens[0] if kind == "NAME" and tokens[0].text in RESERVED else None
        )
        wrong = wrong or (tokens[1] if len(tokens) > 1 else None)
        if wrong is not None:
            told = "the end" if wrong is not tokens[0] else in_words(frozenset((kind,)))
            self.context.error(
                "G0101",
                self.context.span(wrong.start, wrong.end),
                f"expected {told}, found {named(wrong)}",
                "a name is in snake_case and no word of the language" if kind == "NAME" else "",
            )
            return None
        return tokens[0]

    def label(self, key: Scalar, kind: str = "MEMBER") -> Token | None:
        """The name that a key is; it may be quoted, since YAML has words of its own."""
        plain = key
        if key.style == "quoted":
            if self.context.text[key.first : key.last] != key.value:
                self.error("G0103", key, "an escape in a key", "write the name as it is")
                return None
            plain = Scalar(key.first, key.last, key.value, "plain", key.first, key.last)
        token = None if plain.empty else self.word(key, plain, kind)
        if plain.empty:
            self.error("G0128", key, "a key without a name", "write the name")
        if token is not None:
            token.label = True
        return token

    def path(self, key: Scalar, node: Node) -> Path | None:
        """A dotted name."""
        tokens = self.tokens(key, node)
        found: Path | None = None if tokens is None else self.sentence(tokens, "path")
        return found

    # --- clauses ------------------------------------------------------------------------------

    def clause(self, rule: str, key: Scalar, node: Node, *, word: str = "") -> Any:
        """A clause whose first words are its key (`word` where they are another)."""
        tokens = self.tokens(key, node)
        return None if tokens is None else self.sentence([*self._head(key, word), *tokens], rule)

    def listed(self, rule: str, key: Scalar, node: Node, *, word: str = "") -> Any:
        """A clause that is a list: one scalar as in text form, or a list of them."""
        tokens = self._head(key, word)
        before = len(tokens)
        for one in self.items(key, node):
            more = self.tokens(key, one)
            if more is None:
                return None
            if len(tokens) > before:
                tokens.append(Token(",", ",", one.start, one.start, False, 0))
            tokens += more
        return None if len(tokens) == before else self.sentence(tokens, rule)

    def each(self, rule: str, key: Scalar, node: Node) -> list[Any] | None:
        """A clause that may stand more than once: a scalar, or a list with one each."""
        found = [self.clause(rule, key, one) for one in self.items(key, node)]
        return None if None in found else found

    def items(self, key: Scalar, node: Node) -> list[Node]:
        """The entries of a list, or the one value itself; an empty list is told."""
        if not isinstance(node, Sequence):
            return [node]
        if not node.items:
            self.nothing(key)
        return node.items

    def _head(self, key: Scalar, word: str) -> list[Token]:
        return [Token("WORD", word, key.start, key.end, False, 0)] if word else self.words(key)

    # --- texts and flags ----------------------------------------------------------------------

    def text(self, key: Scalar, node: Node) -> Token | None:
        """A text, which is in quotes."""
        if isinstance(node, Scalar) and node.style == "quoted":
            return self.text_token(node)
        if not isinstance(node, Scalar) or node.empty:
            self.shape(key, node, "a text in quotes")
        else:
            self.error("G0129", node, f"`{key.value}` takes a text", "put it in quotes")
        return None

    def flag(self, name: str, key: Scalar, node: Node) -> Part | None:
        """Something that is said, or its key is not there."""
        if isinstance(node, Scalar) and node.style == "plain" and node.value == "true":
            return self.part(name, key, node, [])
        self.error(
            "G0128",
            node if node.end > node.start else key,
            f"`{key.value}` is said by `true`",
            "write true, or leave out the key",
        )
        return None

    def doc(self, found: Found, start: int) -> None:
        """The doc comment of what begins at a place."""
        pair = found.get("doc")
        if pair is None:
            return
        key, node = pair
        if not isinstance(node, Scalar) or node.style == "plain":
            self.shape(key, node, "a text in quotes, or a block scalar")
            return
        if not _sayable(node.value):
            self.error(
                "G0103", node, "a control or hidden character in a doc comment", "take it out"
            )
        value = node.value.removesuffix("\n") if node.style == "block" else node.value
        self.context.said[start] = "\n".join(line.strip() for line in value.split("\n"))

    def part(self, name: str, key: Scalar, node: Node, items: list[Any]) -> Part:
        """A clause that is no node of its own."""
        return Part(name, self.context.span(key.start, max(key.end, node.end)), items)


def _sayable(text: str) -> bool:
    from gantral.dsl.decode import forbidden

    return not forbidden("", text)
