"""Loops (LANGUAGE section 7): `for each`, `repeat`, `collect`, and what they give.

A loop's body is checked once for all its rounds, so what an earlier round may have left behind is
taken to be there from the start: a variable from outside that the body sets is then approved by
nobody, and may carry anything (section 8, rule 3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gantral.compiler.check import expressions
from gantral.compiler.check.acting import Block, Giving
from gantral.compiler.check.entering import exact
from gantral.compiler.check.env import Binding
from gantral.compiler.check.leaving import THROUGH, Ways
from gantral.compiler.check.matching import Matching
from gantral.compiler.check.provenance import NOBODY, Origin
from gantral.compiler.program import expressions as ex
from gantral.compiler.program import statements as st
from gantral.compiler.program.types import ListType, OptionalType, Type
from gantral.compiler.types.bounds import loosened
from gantral.compiler.types.relate import describe
from gantral.dsl import syntax as syn
from gantral.dsl.span import Span

MOST_ROUNDS = 10_000
_ANYTHING = Origin(None, given=True)


class Looping(Matching):
    """Checks loops; the blocks inside are the subclass's."""

    def each(
        self, one: syn.ForEach, bound: syn.Identifier | None, wanted: Type | None = None
    ) -> st.ForEach | None:
        """A `for each`; `bound` is the name that its list is bound to, `wanted` that list's type
        where it is known."""
        env = self._env
        ordinal = self._count("each")
        items = expressions.infer(env, one.items)
        element = self._element(items)
        most = self._bound(one.at_most)
        origin = NOBODY if items is None else self._origins.of(items)
        giving = None
        if bound is not None:
            inner = wanted.element if isinstance(wanted, ListType) else None
            giving = Giving(inner, makes="collect")
            giving.origin = origin
        gave = self._gave()
        ways = self._ways(one.body, giving)
        with env.block(), self._choices.chosen(origin, ways, THROUGH):
            personal = items is not None and items.personal
            binding = Binding("let", one.name.text, one.name.span, element, personal)
            if env.bind(binding) and items is not None:
                self._origins.bind_value(one.name.span, items)
                self.elements.add(one.name.span)
            body, _ = self._round(one, giving)
        self._left(origin, gave)
        if giving is not None and giving.gives == 0 and bound is not None:
            env.findings.error(
                "G0413",
                _head(one),
                f"this `for each` collects nothing for `{bound.text}`",
                f"write `collect …` in it, or leave `let {bound.text} =` out",
            )
            return None
        if items is None or element is None or most is None:
            return None
        gives = None
        if giving is not None:
            if giving.wanted is None:
                return None
            gives = ListType(giving.wanted, 0, most)
            self._made(bound, giving, one.span)
        return st.ForEach(
            one.name.text,
            one.name.span,
            items,
            most,
            ordinal,
            body,
            gives,
            one.span,
            _head(one),
        )

    def repeat(
        self, one: syn.Repeat, bound: syn.Identifier | None, wanted: Type | None = None
    ) -> tuple[st.Repeat | None, bool]:
        """A `repeat`, and whether its `else` ends the path."""
        env = self._env
        ordinal = self._count("repeat")
        most = self._bound(one.at_most)
        giving = None if bound is None else Giving(wanted)
        around = self._gave()
        ways = self._ways(one.body, giving)
        # How often it comes round is decided by what the rounds before met: nobody approved that.
        with self._choices.chosen(NOBODY, ways, THROUGH):
            body, _ = self._round(one, giving)
        self._left(NOBODY, around)
        gave = 0 if giving is None else giving.gives
        otherwise, ends = self._making(one.otherwise, giving)
        if giving is not None and bound is not None:
            if giving.gives > gave:
                giving.origin = giving.origin | NOBODY
            if not ends:
                self._ends_without(one.otherwise.span, "`else`", bound.text)
            if giving.gives == 0:
                env.findings.error(
                    "G0413",
                    _head(one),
                    f"this `repeat` gives nothing for `{bound.text}`",
                    f"write `give …` in it, or leave `let {bound.text} =` out",
                )
                return None, ends
        every = None if one.every is None else one.every.milliseconds
        if every == 0:
            assert one.every is not None
            env.findings.error(
                "G0410",
                one.every.span,
                "a round can't wait for no time at all",
                "leave `every` out, or write how long to wait between two rounds",
            )
            return None, ends
        if most is None:
            return None, ends
        gives = None
        if giving is not None:
            if giving.wanted is None:
                if giving.optional:  # `none` alone was given
                    self._unsettled(_head(one))
                return None, ends
            gives = giving.type
            self._made(bound, giving, one.span)
        made = st.Repeat(most, every, ordinal, body, otherwise, gives, one.span, _head(one))
        return made, ends

    def _round(self, one: syn.ForEach | syn.Repeat, giving: Giving | None) -> tuple[Block, bool]:
        """The body of a loop; with `giving` it makes a value."""
        self._carried_round(one)
        self._loops.append(one.span)
        found = self._making(one.body, giving)
        self._loops.pop()
        return found

    def _ways(self, one: syn.Block, giving: Giving | None) -> Ways:
        """The ways on after a block of a loop."""
        found = self._choices.leaving.side(one)
        return found if giving is None else found.taken((giving.makes,))

    def _made(self, bound: syn.Identifier | None, giving: Giving, span: Span) -> None:
        """Notes of the name what a loop gave it."""
        assert bound is not None
        giving.ended()
        # Which round made it is known only in the run, so no plan can say it.
        self._origins.bind(bound.span, giving.origin | Origin(odd=span))
        if giving.personal:
            self._personal.add(bound.span)

    def _element(self, items: ex.Expr | None) -> Type | None:
        if items is None:
            return None
        if isinstance(items.type, ListType):
            return items.type.element
        optional = isinstance(items.type, OptionalType) and isinstance(items.type.inner, ListType)
        self._env.findings.error(
            "G0207" if optional else "G0412",
            items.span,
            "this may be none, which has no elements"
            if optional
            else f"`for each` goes over a list, and this is {describe(items.type)}",
            "test it with `is some` before, or write `?? []`" if optional else "name a list",
        )
        return None

    def _bound(self, one: syn.Integer) -> int | None:
        if 1 <= one.value <= MOST_ROUNDS:
            return one.value
        self._env.findings.error(
            "G0410",
            one.span,
            f"a loop is bounded by 1 to {MOST_ROUNDS:,} rounds",
            "write how many rounds it can need at most",
        )
        return None

    def _carried_round(self, one: syn.ForEach | syn.Repeat) -> None:
        """Before a body: variables from outside may hold what an earlier round set them to."""
        for name in dict.fromkeys(_sets(one.body)):
            binding = self._env.bindings.get(name)
            if binding is not None and binding.kind == "var" and binding.span is not None:
                self._origins.also(binding.span, _ANYTHING)
                if (one.span, binding.span) in self._brought_before:
                    self._env.bindings[name] = replace(binding, personal=True)

    def _collect(self, one: syn.Collect) -> st.Statement | None:
        env = self._env
        giving = self._taking("collect")
        if giving is None:
            env.findings.error(
                "G0413",
                one.span,
                "there is nothing here to collect for",
                "`collect` stands in a `for each` that `let` or `set` binds",
            )
            return None
        value = (
            expressions.infer(env, one.value)
            if giving.wanted is None
            else expressions.value(env, one.value, giving.wanted)
        )
        giving.gives += 1
        if value is None:
            return None
        if giving.wanted is None:
            giving.wanted = self.settled(value)
            if giving.wanted is None:
                return None
        else:
            giving.wanted = loosened(giving.wanted, exact(value))
        giving.personal = giving.personal or value.personal
        giving.origin = giving.origin | self._origins.of(value)
        return st.Collect(value, one.span)


def _head(one: syn.ForEach | syn.Repeat) -> Span:
    words = "for each" if isinstance(one, syn.ForEach) else "repeat"
    return Span(one.span.source, one.span.start, one.span.start + len(words))


def _sets(body: syn.Block) -> Iterator[str]:
    """The names that something in the block sets, the blocks inside too."""
    pending: list[object] = [*body.statements]
    while pending:
        one = pending.pop()
        match one:
            case syn.Set(name=name, value=value):
                yield name.text
                pending.append(value)
            case syn.Let(value=value):
                pending.append(value)
            case syn.If(then=then, otherwise=otherwise):
                pending += then.statements
                pending += otherwise.statements if isinstance(otherwise, syn.Block) else [otherwise]
            case syn.Match(cases=cases):
                pending += [each for case in cases for each in case.body.statements]
            case syn.ServiceCall(handler=syn.Handler(body=inner)) | syn.ForEach(body=inner):
                pending += inner.statements
            case syn.Repeat(body=inner, otherwise=rest):
                pending += [*inner.statements, *rest.statements]
            case syn.Parallel(branches=branches):
                pending += [each for branch in branches for each in branch.body.statements]
            case syn.Wait(cases=waits, otherwise=rest):
                pending += rest.statements
                pending += [s for case in waits if case.body for s in case.body.statements]
            case _:
                pass
