"""`run workflow`, and `match` over how the child ended (LANGUAGE sections 7 and 8).

Like a `match` over an enum it becomes an `if` for each case but the last. What the child left is
bound at the head of its case, and nobody here approved it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

from gantral.compiler.check import beside, calls, expressions
from gantral.compiler.check.acting import Block
from gantral.compiler.check.children import anonymous
from gantral.compiler.check.env import Binding
from gantral.compiler.check.matching import Matching
from gantral.compiler.check.provenance import OUTCOME
from gantral.compiler.names.findings import meant
from gantral.compiler.program import expressions as ex
from gantral.compiler.program import statements as st
from gantral.compiler.program.types import BoolType, Field, RecordType, StringType
from gantral.dsl import syntax as syn
from gantral.dsl.span import Span

OUTCOMES: tuple[ex.Outcome, ...] = ("completed", "rejected", "terminated")
_TEXT = StringType()
_REJECTED = RecordType(
    (Field("gate", _TEXT), Field("cause", _TEXT), Field("reason", _TEXT, personal=True))
)
_TERMINATED = RecordType((Field("cause", _TEXT),))

_Arm = tuple["ex.Outcome | None", syn.Case]
"""What a case is for; None: all the rest."""


class Outcomes(Matching):
    """Checks children and what is done as they end."""

    def _run(self, one: syn.RunWorkflow, bound: syn.Identifier | None) -> st.Run | None:
        env, span = self._env, one.workflow.span
        if self._failing:
            self._reads_only(span, "`run workflow`")
        if self._beside:
            beside.refuse(env.findings, "G0430", span)
        child = self._child(one)
        if child is None:
            for argument in one.arguments:
                expressions.infer(env, argument.value)
            return None
        ordinal = self._count(f"workflow {child.name}")
        wanted = anonymous(child.input)
        given = calls.arguments(env, one.arguments, wanted, span, f"workflow `{child.name}`")
        self._openly(wanted, given)
        for name, value in given or ():
            field = wanted.field(name)
            assert field is not None
            if value.personal and not field.personal:
                env.findings.error(
                    "G0217",
                    value.span,
                    f"this is personal data, and `{child.name}` does not know that of `{name}`",
                    f"say `personal` in the `input` of `{child.name}`, or leave the data out",
                )
        if bound is None:
            env.findings.error(
                "G0368",
                span,
                f"nothing asks how `{child.name}` ends",
                f"bind it, `let ended = run workflow {one.workflow.parts[-1].text}(…)`, and "
                "match it: `match ended { completed -> { … } rejected -> { … } "
                "terminated -> { … } }`",
            )
            return None
        self._origins.bind(bound.span, OUTCOME)
        if given is None:
            return None
        run = st.Run(child.name, ordinal, given, wanted, anonymous(child.output), one.span, span)
        self._ran[bound.span] = (run, child)
        return run

    def _ended(self, one: syn.Expression) -> Binding | None:
        if not isinstance(one, syn.Name):
            return None
        binding = self._env.bindings.get(one.text)
        if binding is None or binding.kind != "child" or binding.span is None:
            return None
        self._env.read.add(binding.span)
        return binding

    def _outcomes(self, one: syn.Match, child: Binding) -> tuple[Block, bool]:
        before = self._env.findings.errors
        arms = self._arms(one)
        if self._env.findings.errors > before or child.type is None:
            # What is wrong inside of the cases is still told.
            ends = [self._arm(child, arm, one.span)[1] for arm in arms]
            return (), all(ends)
        completes = any(outcome == "completed" for outcome, _ in arms)
        self._without |= {
            case.span
            for outcome, case in arms
            if outcome in ("rejected", "terminated") or (outcome is None and completes)
        }
        return self._chosen(child, arms, one.span)

    def _arms(self, one: syn.Match) -> list[_Arm]:
        """The cases in the order of `OUTCOMES`, last the one for all the rest."""
        env = self._env
        taken: dict[str, Span] = {}
        arms: list[_Arm] = []
        last: syn.Case | None = None
        for case in one.cases:
            pattern = case.pattern
            if isinstance(pattern, syn.ElsePattern):
                if last is not None or len(taken) == len(OUTCOMES):
                    self._nothing_left(pattern.span, None if last is None else last.pattern.span)
                last = last or case
                continue
            if isinstance(pattern, syn.EnumPattern):
                env.findings.error(
                    "G0282",
                    pattern.span,
                    "how a child ended is no word of an enum",
                    "write `completed`, `rejected` or `terminated`, without quotes",
                )
                arms.append((None, case))
                continue
            word = pattern.outcome.text
            outcome = next((each for each in OUTCOMES if each == word), None)
            if outcome is None:
                help, edits = meant(
                    pattern.outcome.span,
                    word,
                    OUTCOMES,
                    "a child is completed, rejected or terminated",
                )
                env.findings.error(
                    "G0282", pattern.outcome.span, f"no child ends as `{word}`", help, (), edits
                )
                taken.update((edit.text, edit.span) for edit in edits)
            else:
                self._taken(outcome, pattern.outcome.span, taken, last)
                taken.setdefault(outcome, pattern.outcome.span)
            arms.append((outcome, case))
        missing = [each for each in OUTCOMES if each not in taken]
        if missing and last is None:
            listed = " and ".join(f"`{each}`" for each in missing)
            env.findings.error(
                "G0273",
                Span(one.span.source, one.span.start, one.subject.span.end),
                f"this `match` has no case for {listed}",
                "add " + ", ".join(f"`{each} -> {{ … }}`" for each in missing),
            )
        arms.sort(key=lambda arm: OUTCOMES.index(arm[0]) if arm[0] is not None else 0)
        return arms if last is None else [*arms, (None, last)]

    def _taken(
        self, outcome: str, span: Span, taken: dict[str, Span], last: syn.Case | None
    ) -> None:
        if outcome in taken:
            self._never_comes(
                span, f"`{outcome}` has its case already", taken[outcome], "first here"
            )
        elif last is not None:
            self._never_comes(
                span,
                f"`{outcome}` comes to the `else` before this",
                last.pattern.span,
                "what stands after it is never reached",
            )

    def _chosen(self, child: Binding, arms: Sequence[_Arm], span: Span) -> tuple[Block, bool]:
        if len(arms) == 1:
            return self._arm(child, arms[0], span)
        outcome = arms[0][0]
        assert outcome is not None
        at = arms[0][1].pattern.span
        condition = ex.OutcomeTest(
            span=at, type=BoolType(), child=_named(child, at), outcome=outcome
        )
        ways = [self._choices.leaving.side(case.body) for _, case in arms]
        made, ends = self.branch(
            condition,
            arms[0][1].span,
            (ways[0], reduce(or_, ways[1:])),
            lambda: self._arm(child, arms[0], span),
            lambda: self._chosen(child, arms[1:], span),
        )
        return (() if made is None else (made,)), ends

    def _arm(self, child: Binding, arm: _Arm, span: Span) -> tuple[Block, bool]:
        outcome, case = arm
        pattern = case.pattern
        name = pattern.name if isinstance(pattern, syn.OutcomePattern) else None
        if name is None:
            return self._case_of(child, case)
        left = child.type if outcome == "completed" else None
        record = _REJECTED if outcome == "rejected" else _TERMINATED
        head: Block = ()
        with self._env.block():
            if outcome == "completed" or outcome is None:
                self._env.bind(Binding("let", name.text, name.span, left))
            else:
                self._env.bind(Binding(outcome, name.text, name.span, record))
            self._origins.bind(name.span, OUTCOME)
            if outcome is not None and child.type is not None:
                data = ex.OutcomeData(
                    span=pattern.span,
                    type=child.type if outcome == "completed" else record,
                    child=_named(child, pattern.span),
                    outcome=outcome,
                )
                head = (st.Let(name.text, name.span, data, pattern.span),)
            body, ends = self._case_of(child, case)
        return (*head, *body), ends

    def _case_of(self, child: Binding, case: syn.Case) -> tuple[Block, bool]:
        """The block of a case, where what did not complete is known."""
        if case.span not in self._without or child.span is None:
            return self.block(case.body)
        self._not_completed.append(child.span)
        found = self.block(case.body)
        self._not_completed.pop()
        return found


def _named(child: Binding, span: Span) -> ex.LetRef:
    assert child.span is not None
    assert child.type is not None
    return ex.LetRef(span=span, type=child.type, name=child.name, binding=child.span)
