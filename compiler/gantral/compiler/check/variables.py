"""Variables (LANGUAGE sections 7 and 8): `var` and `set`, and what a variable carries."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from gantral.compiler.check import beside, entering, expressions
from gantral.compiler.check.acting import Acting, Block
from gantral.compiler.check.env import Binding
from gantral.compiler.check.leaving import Making
from gantral.compiler.check.provenance import CONSTANT
from gantral.compiler.names.findings import meant
from gantral.compiler.program import expressions as ex
from gantral.compiler.program import statements as st
from gantral.compiler.program.types import Type
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Label
from gantral.dsl.span import Span


class Variables(Acting):
    """Checks `var` and `set`."""

    @abstractmethod
    def _set_wait(self, one: syn.Set, waited: syn.Wait) -> Block | None:
        """`set x = wait …`."""

    @contextmanager
    def _scope(self, one: syn.Block, takes: tuple[Making, ...]) -> Iterator[None]:
        """A block; the approvals bound in it end with it, also for what a variable carries."""
        bound = len(self.asks)
        with self._env.block(), self._choices.block(one.statements, takes=takes):
            yield
        for binding in list(self.asks)[bound:]:
            self._origins.ended(binding)

    def _var(self, one: syn.Var) -> st.Statement | None:
        env, name = self._env, one.name
        wanted = env.types.resolve(env.names, one.type)
        value = (
            expressions.infer(env, one.value)
            if wanted is None
            else entering.entered(env, expressions.value(env, one.value, wanted), wanted)
        )
        personal = value is not None and value.personal
        if not env.bind(Binding("var", name.text, name.span, wanted, personal)):
            return None
        self.vars.append(one)
        self._declared[name.span] = self._choices.count
        self._rounds[name.span] = len(self._loops)
        self._branched[name.span] = self._beside
        if value is None or wanted is None:
            # What is wrong with it is said: nothing else follows from that.
            self._origins.bind(name.span, CONSTANT)
            return None
        self._origins.bind_value(name.span, value)
        self._carry(name, value)
        return st.Var(name.text, name.span, wanted, value, one.span)

    def _set(self, one: syn.Set) -> st.Statement | Block | None:
        env, name = self._env, one.name
        if isinstance(one.value, (syn.ForEach, syn.Repeat, syn.Parallel)):
            return self._set_to_loop(one, one.value)
        binding = self._variable(name, one.span)
        wanted = None if binding is None else binding.type
        match one.value:
            case syn.Ask():
                env.findings.error(
                    "G0320",
                    one.value.span,
                    "an approval is not a value",
                    "bind it by `let`, and set the variable to what is read of it",
                )
                return None
            case syn.ServiceCall():
                return self._set_to_call(one, one.value, binding)
            case syn.Wait():
                return self._set_wait(one, one.value)
            case syn.RunWorkflow():
                env.findings.error(
                    "G0281",
                    one.value.workflow.span,
                    "how a child ended is no value",
                    "bind it by `let`, match it, and set the variable in the cases",
                )
                return None
            case _ if wanted is None:
                expressions.infer(env, one.value)
                return None
            case _:
                value = expressions.value(env, one.value, wanted)
        value = None if wanted is None else entering.entered(env, value, wanted)
        if value is None or binding is None or wanted is None:
            return None
        return self._assigned(one, binding, wanted, value)

    def _assigned(
        self, one: syn.Set, binding: Binding, wanted: Type, value: ex.Expr
    ) -> st.Set | None:
        env, name = self._env, one.name
        assert binding.span is not None
        if value.personal and not binding.personal:
            # There is no way back to a place before this one, but to the loops' next rounds.
            self.brought.update(
                (loop, binding.span) for loop in self._loops[self._rounds[binding.span] :]
            )
            env.bindings[name.text] = replace(binding, personal=True)
        self._origins.also(binding.span, self._origins.of(value))
        for choice in self._choices.deciding(self._declared[binding.span]):
            self._origins.also(binding.span, choice)
        self._carry(syn.Identifier(binding.span, name.text), value)
        return st.Set(name.text, binding.span, wanted, value, one.span)

    @abstractmethod
    def loop(
        self,
        one: syn.ForEach | syn.Repeat | syn.Parallel,
        bound: syn.Identifier,
        wanted: Type | None,
    ) -> st.ForEach | st.Repeat | st.Parallel | None:
        """A loop or `parallel` as a value."""

    def _set_to_loop(
        self, one: syn.Set, loop: syn.ForEach | syn.Repeat | syn.Parallel
    ) -> tuple[st.Statement, ...] | None:
        """`set x = repeat …` is what the block gives, under a name of its own, and then the set."""
        binding = self._variable(one.name, one.span)
        wanted = None if binding is None else binding.type
        given = syn.Identifier(loop.span, one.name.text)
        made = self.loop(loop, given, wanted)
        if made is None or made.gives is None or binding is None or wanted is None:
            return None
        named = self._named(given.text, given.span, made.gives, made.head)
        value = expressions.fit(self._env, named, wanted)
        value = entering.entered(self._env, value, wanted)
        if value is None:
            return None
        found = self._assigned(one, binding, wanted, value)
        return None if found is None else (st.Let(given.text, given.span, made, loop.span), found)

    def _set_to_call(
        self, one: syn.Set, called: syn.ServiceCall, binding: Binding | None
    ) -> tuple[st.Statement, ...] | None:
        """`set x = svc.op(…)` is a name for what the call gives, and `set` to that."""
        given = syn.Identifier(called.span, one.name.text)
        call = self._call(called, given)
        if call is None or binding is None or binding.type is None:
            return None
        value = self._named(one.name.text, given.span, call.type, called.operation.span)
        fitted = expressions.fit(self._env, value, binding.type)
        entered = entering.entered(self._env, fitted, binding.type)
        if entered is None:
            return None
        found = self._assigned(one, binding, binding.type, entered)
        return None if found is None else (st.Let(given.text, given.span, call, called.span), found)

    def _named(self, name: str, binding: Span, type_: Type, span: Span) -> ex.LetRef:
        """What a construct gave to a name of its own, read where that is."""
        personal = binding in self._personal
        return ex.LetRef(span=span, type=type_, personal=personal, name=name, binding=binding)

    def _variable(self, name: syn.Identifier, span: Span) -> Binding | None:
        """The variable that is set; None after a finding."""
        env = self._env
        binding = env.bindings.get(name.text)
        if binding is None:
            known = [each.name for each in env.bindings.values() if each.kind == "var"]
            help, edits = meant(name.span, name.text, known, "declare it before, by `var`")
            env.findings.error(
                "G0201", name.span, f"there is no variable `{name.text}` here", help, (), edits
            )
            return None
        if binding.kind != "var":
            env.findings.error(
                "G0270",
                name.span,
                f"`{name.text}` is no variable: it keeps the value it was bound to",
                "bind another name by `let`, or declare a variable by `var`",
                () if binding.span is None else (Label(binding.span, "bound here"),),
            )
            return None
        assert binding.span is not None
        self.set_at.add(binding.span)
        if self._branched[binding.span] != self._beside:
            beside.refuse(env.findings, "G0432", span)
        return binding

    def _carry(self, name: syn.Identifier, value: ex.Expr) -> None:
        """Notes the results of effects that a name is computed from, beside those it was before."""
        found = {each.binding: each for each in self._carried.get(name.span, ())}
        for each in self._read(value):
            if each.binding in self._results:
                found.setdefault(each.binding, each)
        self._carried[name.span] = tuple(found.values())
