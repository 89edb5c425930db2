"""What to do after a syntax error, decided on the stack of states alone.

First a mend by one token, when it is plain: a misspelt keyword, or a missing mark after which what
follows fits. Else the parser goes on at the next token that begins a line (or a statement's word,
or a closing brace) and fits an open list of statements, clauses or declarations whose braces agree
with those of the text. Because they agree, what comes after is not misread, and no later message
is a consequence of this one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gantral.grammar.lexer import Token

_MARKS = (")", "}", ",", ":", "=", "{", "]", "->", "(")
_DECLARATIONS = frozenset(
    [
        "import",
        "workflow",
        "gate",
        "service",
        "policy",
        "event",
        "calendar",
        "role",
        "assurance",
        "type",
    ]
)
# Statement words that can stand nowhere inside an expression, so they need not begin a line.
_STATEMENTS = frozenset(
    [
        "let",
        "var",
        "set",
        "undo",
        "collect",
        "give",
        "ask",
        "match",
        "repeat",
        "parallel",
        "wait",
        "sleep",
        "require",
        "terminate",
        "complete",
    ]
)
_AHEAD = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """Keep so many states of the stack and go on at that token; `keep` -1 gives up.

    `label`: the token to go on at is a label, whose colon was left out.
    """

    keep: int
    go_on: int
    mend: str = ""
    replace: bool = False
    unclosed: bool = False
    label: bool = False


class Recovery:
    """Recovery for one text; it remembers by how much braces were found not to agree."""

    def __init__(
        self,
        states: list[dict[str, int]],
        rules: list[tuple[str, str, int, list[int]]],
        lists: frozenset[int],
        opened: frozenset[int],
        closed: frozenset[int],
        symbol: Callable[[Token, dict[str, int]], str],
    ) -> None:
        self._states = states
        self._rules = rules
        self._lists = lists
        self._opened = opened
        self._closed = closed
        self._symbol = symbol
        self._missing = 0
        self._balance = 0
        self._counted = False
        self.doubtful = False
        """Whether a `{` was left out and its place not found: what follows may be misread."""

    def expected(self, stack: list[int]) -> frozenset[str]:
        """The terminals that can come next, as written in the grammar."""
        return frozenset(
            name
            for name in self._states[stack[-1]]
            if name[0] != "<" and self._shift(list(stack), _same(name))
        )

    def plan(self, stack: list[int], tokens: list[Token], at: int) -> Plan:
        """What to do about `tokens[at]`, which can't stand on the stack."""
        token = tokens[at]
        if token.kind == "$END":
            return Plan(-1, at)
        if not self._counted:
            kinds = [one.kind for one in tokens]
            self._balance = kinds.count("{") - kinds.count("}")
            self._counted = True
        if token.kind != "ERROR":
            mended = self._misspelt(stack, tokens, at) or self._unclosed(stack, tokens, at)
            mended = mended or self._colon(stack, tokens, at) or self._left_out(stack, tokens, at)
            if mended is not None:
                return mended
        self.doubtful = self._balance < 0
        open_lists: dict[int, list[int]] = {}
        braces = self._prefix_braces(stack)
        for keep in range(len(stack), 0, -1):
            if stack[keep - 1] in self._lists:
                open_lists.setdefault(braces[keep], []).append(keep)
        for place in range(at, len(tokens) - 1):
            here = tokens[place]
            begins = here.first or here.kind == "}" or here.text in _STATEMENTS
            if not begins or here.label or here.kind == "ERROR":
                continue
            for keep in open_lists.get(self._depth(here), ()):
                again = place == at and keep == len(stack)
                if not again and self._fits(stack, keep, here):
                    return Plan(keep, place)
        return Plan(-1, at)

    def _depth(self, token: Token) -> int:
        return token.depth - self._missing

    def _prefix_braces(self, stack: list[int]) -> list[int]:
        counts = [0]
        for state in stack:
            counts.append(counts[-1] + (state in self._opened) - (state in self._closed))
        return counts

    def _fits(self, stack: list[int], keep: int, token: Token) -> bool:
        if stack[keep - 1] not in self._lists:
            return False
        return self._shift(stack[:keep], self._reading(token))

    def unbalanced(self, token: Token) -> bool:
        """Whether braces are open at this token that no finding has spoken of."""
        return self._depth(token) > 0

    def _misspelt(self, stack: list[int], tokens: list[Token], at: int) -> Plan | None:
        token = tokens[at]
        if token.kind != "WORD":
            return None
        row = self._states[stack[-1]]
        near = [word for word in sorted(row) if word[0].islower() and _near(token.text, word)]
        if len(near) != 1 or not self._runs(stack, near[0], tokens[at + 1 : at + 3]):
            return None
        return Plan(len(stack), at, near[0], True)

    def _unclosed(self, stack: list[int], tokens: list[Token], at: int) -> Plan | None:
        """A declaration where more braces are open than it can stand in."""
        width = 1
        if at and tokens[at].text == "failure" and tokens[at - 1].text == "on":
            at, width = at - 1, 2
        elif tokens[at].text not in _DECLARATIONS:
            return None
        token = tokens[at]
        if not token.first or token.label:
            return None
        braces = self._prefix_braces(stack)
        for keep in range(len(stack) - 1, 0, -1):
            fits = self._fits(stack, keep, token)
            if not fits or not self._follow(stack[:keep], tokens[at : at + width]):
                continue
            if braces[keep] == self._depth(token):
                return None
            if braces[keep] < self._depth(token):
                self._missing += self._depth(token) - braces[keep]
                return Plan(keep, at, unclosed=True)
        return None

    def _colon(self, stack: list[int], tokens: list[Token], at: int) -> Plan | None:
        """`name value`: the word before was a label, if what follows fits then."""
        here = tokens[at]
        if here.kind == "WORD" and "LABEL" in self._states[stack[-1]]:
            trial = list(stack)
            if self._shift(trial, _same("LABEL")):
                then = tokens[at + 1 : at + 1 + _AHEAD]
                return (
                    Plan(len(stack), at, ":", label=True) if self._runs(trial, ":", then) else None
                )
        if len(stack) < 2 or not at or tokens[at - 1].kind != "WORD":
            return None
        trial = stack[:-1]
        if not self._shift(trial, _same("LABEL")):
            return None
        if not self._runs(trial, ":", tokens[at : at + _AHEAD]):
            return None
        return Plan(len(stack) - 1, at - 1, ":", label=True)

    def _left_out(self, stack: list[int], tokens: list[Token], at: int) -> Plan | None:
        row = self._states[stack[-1]]
        for mark in _MARKS:
            if mark not in row or not self._runs(stack, mark, tokens[at : at + _AHEAD]):
                continue
            change = {"{": 1, "}": -1}.get(mark, 0)
            if change and self._balance * change >= 0:
                # The braces of the text say that another mistake was made.
                continue
            self._balance += change
            self._missing -= change
            return Plan(len(stack), at, mark)
        return None

    def _runs(self, stack: list[int], first: str, then: list[Token]) -> bool:
        trial = list(stack)
        return self._shift(trial, _same(first)) and self._follow(trial, then)

    def _follow(self, trial: list[int], then: list[Token]) -> bool:
        for token in then:
            if token.kind == "$END":
                return True
            if not self._shift(trial, self._reading(token)):
                return False
        return True

    def _reading(self, token: Token) -> Callable[[dict[str, int]], str]:
        return lambda row: self._symbol(token, row)

    def _shift(self, stack: list[int], name: Callable[[dict[str, int]], str]) -> bool:
        """Reduce and shift on this stack of states; False when the symbol does not fit."""
        while True:
            row = self._states[stack[-1]]
            wanted = name(row)
            action = row.get(wanted)
            if action is None:
                return False
            if action >= 0:
                stack.append(action)
                return True
            origin, _, size, _ = self._rules[-1 - action]
            if size:
                del stack[-size:]
            target = self._states[stack[-1]].get(origin)
            if target is None:
                return wanted == "$END"
            stack.append(target)


def _same(name: str) -> Callable[[dict[str, int]], str]:
    return lambda row: name


def _near(given: str, word: str) -> bool:
    """One letter added, left out, changed, or two neighbours swapped, in words of 4 or more."""
    if len(word) < 4 or abs(len(given) - len(word)) > 1 or given == word:
        return False
    head = 0
    while head < min(len(given), len(word)) and given[head] == word[head]:
        head += 1
    a, b = given[head:], word[head:]
    swapped = a[:2] == b[1::-1] and len(b) > 1 and a[2:] == b[2:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or swapped
