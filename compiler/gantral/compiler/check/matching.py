"""`match` over an enum (LANGUAGE sections 7 and 9): every word has its case, and once.

What it makes is an `if` for each case but the last, which the words that are left come to: so it
means the same to every later stage as a person's own `if`s would.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import reduce
from operator import or_

from gantral.compiler.check import expressions, literals
from gantral.compiler.check.acting import Block
from gantral.compiler.check.env import Binding
from gantral.compiler.check.leaving import Ways
from gantral.compiler.check.variables import Variables
from gantral.compiler.program import expressions as ex
from gantral.compiler.program import statements as st
from gantral.compiler.program.types import BoolType, EnumType, OptionalType
from gantral.compiler.types.relate import describe
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Label
from gantral.dsl.span import Span

_DEEPEST = 128


class Matching(Variables):
    """Checks `match`."""

    _deep = 0
    """How many cases are around the statement that is checked."""

    @abstractmethod
    def branch(
        self,
        condition: ex.Expr | None,
        span: Span,
        sides: tuple[Ways, Ways],
        then: Callable[[], tuple[Block, bool]],
        otherwise: Callable[[], tuple[Block, bool]],
    ) -> tuple[st.Statement | None, bool]:
        """Two sides of which a condition takes one, each checked where the condition is known."""

    @abstractmethod
    def _ended(self, one: syn.Expression) -> Binding | None:
        """The child whose outcome this names, marked as read; None when it names none."""

    @abstractmethod
    def _outcomes(self, one: syn.Match, child: Binding) -> tuple[Block, bool]:
        """`match` over the outcome of a child."""

    def _no_child(self, span: Span) -> None:
        self._env.findings.error(
            "G0282",
            span,
            "only how a child ended is matched by an outcome",
            "match a name that `let … = run workflow …` binds, or name words of the enum",
        )

    def _match(self, one: syn.Match) -> tuple[Block, bool]:
        child = self._ended(one.subject)
        if child is not None:
            return self._outcomes(one, child)
        subject = expressions.infer(self._env, one.subject)
        outcomes = [case for case in one.cases if isinstance(case.pattern, syn.OutcomePattern)]
        if outcomes:
            if subject is not None:
                self._no_child(outcomes[0].pattern.span)
            for case in one.cases:
                with self._env.block():
                    if isinstance(case.pattern, syn.OutcomePattern) and case.pattern.name:
                        named = case.pattern.name
                        self._env.bind(Binding("let", named.text, named.span, None))
                    self.block(case.body)
            return (), True
        words: list[tuple[ex.Literal, ...]] = [() for _ in one.cases]
        if subject is not None and isinstance(subject.type, EnumType):
            words = self._words(one, subject, subject.type)
        elif subject is not None:
            self._no_enum(subject)
        ways = [self._choices.leaving.side(case.body) for case in one.cases]
        ended: list[bool] = []
        made, ends = self._cases(subject, one.cases, words, ways, ended)
        if subject is not None and isinstance(subject.type, EnumType):
            left = _left(subject.type, words, ended)
            if any(ended) and left:
                self._env.learn(_one_of(subject, left, one.subject.span), True)
        return made, ends

    def _no_enum(self, subject: ex.Expr) -> None:
        inner = subject.type.inner if isinstance(subject.type, OptionalType) else None
        if isinstance(inner, EnumType):
            self._env.findings.error(
                "G0207",
                subject.span,
                "this may be none, which is no word",
                "test it with `is some` before, or give a word with `??`",
            )
            return
        self._env.findings.error(
            "G0272",
            subject.span,
            f"`match` goes by the words of an enum, and this is {describe(subject.type)}",
            "compare it in an `if`",
        )

    def _words(
        self, one: syn.Match, subject: ex.Expr, type_: EnumType
    ) -> list[tuple[ex.Literal, ...]]:
        """For each case its words that the enum has, none for `else`."""
        declared = subject.base.type if isinstance(subject, ex.Narrowed) else type_
        taken: dict[str, Span] = {}
        cases: list[tuple[ex.Literal, ...]] = []
        whole, last = True, None
        for case in one.cases:
            found: list[ex.Literal] = []
            words = case.pattern.words if isinstance(case.pattern, syn.EnumPattern) else ()
            for word in words:
                text = syn.Text(word.span, (word.value,))
                known = literals.text(self._env, text, declared)
                if not isinstance(known, ex.Literal):
                    whole = False
                    continue
                self._never(known, type_, taken, last)
                taken.setdefault(known.value, word.span)
                found.append(known)
            if not words:
                if last is not None or all(each in taken for each in type_.words):
                    self._nothing_left(case.pattern.span, last)
                last = last or case.pattern.span
            cases.append(tuple(found))
        missing = [word for word in type_.words if word not in taken]
        # A word that was misspelt is missing by that alone.
        if missing and last is None and whole:
            listed = " | ".join(f'"{word}"' for word in missing)
            self._env.findings.error(
                "G0273",
                Span(one.span.source, one.span.start, one.subject.span.end),
                f"this `match` has no case for {listed}",
                f"add `{listed} -> {{ … }}`, or `else -> {{ … }}` for all the rest",
            )
        return cases

    def _never(
        self, word: ex.Literal, type_: EnumType, taken: dict[str, Span], last: Span | None
    ) -> None:
        """A finding when the case of a word can never happen."""
        labels: tuple[Label, ...] = ()
        if word.value in taken:
            message = f'"{word.value}" has its case already'
            labels = (Label(taken[word.value], "first here"),)
        elif last is not None:
            message = f'"{word.value}" comes to the `else` before this'
            labels = (Label(last, "what stands after it is never reached"),)
        elif word.value not in type_.words:
            message = f'it is never "{word.value}" here: a test before has ruled that out'
        else:
            return
        self._env.findings.error(
            "G0274", word.span, message, "leave the word, or its case, out", labels
        )

    def _never_comes(self, span: Span, message: str, other: Span, why: str) -> None:
        self._env.findings.error(
            "G0274", span, message, "leave this case out", (Label(other, why),)
        )

    def _nothing_left(self, span: Span, last: Span | None) -> None:
        labels = () if last is None else (Label(last, "first here"),)
        self._env.findings.error(
            "G0274",
            span,
            "nothing is left for this `else`",
            "leave it out: a word that the enum gets later is then found missing",
            labels,
        )

    def _cases(
        self,
        subject: ex.Expr | None,
        cases: tuple[syn.Case, ...],
        words: list[tuple[ex.Literal, ...]],
        ways: list[Ways],
        ended: list[bool],
    ) -> tuple[Block, bool]:
        first = cases[0]
        condition: ex.Expr | None = None
        if subject is not None and words[0]:
            named = [each.value for each in words[0]]
            condition = _one_of(subject, named, first.pattern.span)
        if len(cases) == 1:
            # Known already, unless some word has no case: then no finding follows from that one.
            with self._env.knowing(condition, True):
                return self._case(first, ended)
        if self._deep >= _DEEPEST - 1:
            # Each case nests the rest, and later stages follow nesting by recursion.
            self._env.findings.error(
                "G0007",
                first.pattern.span,
                "nested too deep",
                f"a `match` may have {_DEEPEST} cases, those around it counted; join words by `|`",
            )
            return (), True
        self._deep += 1
        made, ends = self.branch(
            condition,
            first.span,
            (ways[0], reduce(or_, ways[1:])),
            lambda: self._case(first, ended),
            lambda: self._cases(subject, cases[1:], words[1:], ways[1:], ended),
        )
        self._deep -= 1
        return (() if made is None else (made,)), ends

    def _case(self, one: syn.Case, ended: list[bool]) -> tuple[Block, bool]:
        made, ends = self.block(one.body)
        ended.append(ends)
        return made, ends


def _left(type_: EnumType, words: list[tuple[ex.Literal, ...]], ended: list[bool]) -> list[str]:
    """The words with which the run comes past the cases: those whose case has not ended."""
    named = [[each.value for each in case] for case in words]
    rest = [word for word in type_.words if not any(word in case for case in named)]
    passed = [case or rest for case, ends in zip(named, ended, strict=False) if not ends]
    return [word for case in passed for word in case]


def _one_of(subject: ex.Expr, words: list[str], span: Span) -> ex.Expr:
    """Whether the subject is one of the words; halved, so that many words do not nest deep."""
    if len(words) == 1:
        return ex.Compare(
            span=span,
            type=BoolType(),
            personal=subject.personal,
            operator="==",
            left=subject,
            right=ex.Literal(span=span, type=EnumType((words[0],)), value=words[0]),
        )
    half = len(words) // 2
    return ex.Logic(
        span=span,
        type=BoolType(),
        personal=subject.personal,
        operator="or",
        left=_one_of(subject, words[:half], span),
        right=_one_of(subject, words[half:], span),
    )
