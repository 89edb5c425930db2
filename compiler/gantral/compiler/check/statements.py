"""Statements (LANGUAGE section 7, the part that is built)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from gantral.compiler.check import beside, entering, expressions, in_the_open
from gantral.compiler.check.acting import Block
from gantral.compiler.check.env import Binding
from gantral.compiler.check.leaving import Making, Ways
from gantral.compiler.check.parallel import Parallels
from gantral.compiler.check.provenance import CONSTANT
from gantral.compiler.check.sleeping import sleep
from gantral.compiler.check.waiting import Waiting
from gantral.compiler.program import expressions as ex
from gantral.compiler.program import statements as st
from gantral.compiler.program.types import (
    Field,
    RecordType,
    StringType,
    Type,
)
from gantral.compiler.types.bounds import keeps
from gantral.compiler.types.relate import describe, fits
from gantral.dsl import syntax as syn
from gantral.dsl.span import Span


class Statements(Parallels, Waiting):
    """Checks the blocks of one workflow and builds their typed form."""

    def block(self, one: syn.Block, *, takes: tuple[Making, ...] = ()) -> tuple[Block, bool]:
        """A block with the names it binds gone after it, and whether it ends the path. `takes`: by
        what words a value in it is for what the block is a part of."""
        made: list[st.Statement] = []
        ended = False
        with self._scope(one, takes):
            for statement in one.statements:
                self._choices.step()
                built, ends = self._statement(statement)
                ended = ended or ends
                if isinstance(built, tuple):
                    made += built
                elif built is not None:
                    made.append(built)
        return tuple(made), ended

    def on_failure(self, one: syn.Block) -> Block:
        """The block that runs when the run has failed: reads and notifies only."""
        self._failing = True
        return self.block(one)[0]

    def _statement(self, one: syn.Statement) -> tuple[st.Statement | Block | None, bool]:
        if self._failing and not isinstance(one, (syn.Let, syn.ServiceCall, syn.If)):
            word = _FAILING.get(type(one))
            if word is not None:
                self._reads_only(one.span, f"`{word}`")
                return None, False
        match one:
            case syn.Let():
                return self._let(one), not self._choices.leaving.rest((one,))[0].goes_on
            case syn.Var():
                return self._var(one), False
            case syn.Set():
                return self._set(one), False
            case syn.ServiceCall():
                call = self._call(one, None)
                return (None if call is None else st.Do(call, one.span)), False
            case syn.Ask():
                ask = self._ask(one, bound=False)
                return (None if ask is None else st.AskStatement(ask, one.span)), False
            case syn.RunWorkflow():
                self._run(one, None)
                return None, False
            case syn.If():
                return self._if(one)
            case syn.Match():
                return self._match(one)
            case syn.Require():
                ordinal = self._count("require")
                condition = expressions.condition(self._env, one.condition)
                message = self._message(one.reason)
                self._env.learn(condition, True)
                if condition is None or message is None:
                    return None, False
                return st.Require(condition, message, ordinal, one.span), False
            case syn.Terminate():
                ordinal = self._count("terminate")
                message = self._message(one.reason)
                if message is None:
                    return None, True
                return st.Terminate(message, ordinal, one.span), True
            case syn.Complete():
                return self._complete(one), True
            case syn.Give():
                return self._give(one), True
            case syn.Wait():
                return self._wait_statement(one)
            case syn.Undo():
                return self._undo(one), False
            case syn.ForEach():
                return self.each(one, None), False
            case syn.Repeat():
                return self.repeat(one, None)
            case syn.Collect():
                return self._collect(one), True
            case syn.Parallel():
                goes_on = self._choices.leaving.rest((one,))[0].goes_on
                return self.parallel(one, None), not goes_on
            case syn.Sleep():
                return sleep(self._env, one), False

    def _message(self, one: syn.Expression) -> ex.Expr | None:
        message = expressions.value(self._env, one, StringType())
        if message is not None and message.personal:
            self._env.findings.error(
                "G0217",
                one.span,
                "this message carries personal data into the evidence, where it can't be erased",
                "say it without the personal field",
            )
            return None
        return message

    # --- let ----------------------------------------------------------------------------------

    def _let(self, one: syn.Let) -> st.Statement | Block | None:
        name, env = one.name, self._env
        wanted = None if one.type is None else env.types.resolve(env.names, one.type)
        value: (
            ex.Expr
            | st.ServiceCall
            | st.Ask
            | st.Run
            | st.ForEach
            | st.Repeat
            | st.Wait
            | st.Parallel
            | None
        ) = None
        type_: Type | None = None
        personal = False
        kind: Literal["let", "approval", "child"] = "let"
        gate = ""
        match one.value:
            case syn.ServiceCall():
                value = call = self._call(one.value, name)
                if call is not None:
                    type_ = self._annotated(one, call.type, wanted)
                    personal = name.span in self._personal
            case syn.Ask():
                kind, gate = "approval", one.value.gate.parts[-1].text
                if one.type is not None:
                    env.findings.error(
                        "G0320", one.type.span, "an approval is not a value", "leave the type out"
                    )
                value = ask = self._ask(one.value, bound=True)
                if ask is not None:
                    type_ = ask.type
                    self._origins.bind_ask(name.span, ask)
                    self.asks[name.span] = ask.gate
                    if isinstance(ask, st.AskOnlyIf):
                        self.uncertain.add(name.span)
                for giving in self._giving:
                    giving.inside.add(name.span)
            case syn.Wait():
                value, giving = self._bound_wait(one.value, name, wanted)
                if value is not None and (one.type is None or wanted is not None):
                    type_ = self._waited(one, value, wanted)
                    personal = giving.personal
                self._origins.bind(name.span, giving.origin)
                self._carried[name.span] = tuple(giving.carried.values())
            case syn.ForEach() | syn.Repeat() | syn.Parallel():
                value = self.loop(one.value, name, wanted)
                if value is not None and value.gives is not None:
                    what = "block" if isinstance(value, st.Parallel) else "loop"
                    type_ = self._annotated(one, value.gives, wanted, what)
                    personal = name.span in self._personal
            case syn.RunWorkflow():
                kind = "child"
                if one.type is not None:
                    env.findings.error(
                        "G0281",
                        one.type.span,
                        "how a child ended is no value",
                        "leave the type out",
                    )
                value = run = self._run(one.value, name)
                type_ = None if run is None else run.output
            case _:
                if one.type is not None and wanted is None:
                    expressions.infer(env, one.value)
                elif wanted is not None:
                    value = entering.entered(env, expressions.read(env, one.value, wanted), wanted)
                else:
                    value = expressions.infer(env, one.value)
                found = value if isinstance(value, ex.Typed) else None
                if found is not None and wanted is not None:
                    self._openly(RecordType((Field(name.text, wanted),)), ((name.text, found),))
                if found is not None and in_the_open.tells(found, self._causes):
                    self._causes.add(name.span)
                if found is not None:
                    type_ = wanted if wanted is not None else found.type
                    personal = found.personal
                    self._origins.bind_value(name.span, found)
                    read = {each.binding: each for each in self._read(found)}
                    self._carried[name.span] = tuple(
                        each for binding, each in read.items() if binding in self._results
                    )
        held: Block | None = None
        if isinstance(value, _MAKES) and type_ and wanted and not keeps(type_, wanted):
            held, type_ = self._held(one, value, type_, wanted), wanted
        made = Binding(kind, name.text, name.span, type_, personal, gate)
        if env.bind(made):
            self.lets.append((name, kind == "approval"))
        if value is None:
            return None
        return held if held is not None else st.Let(name.text, name.span, value, one.span)

    def _held(
        self,
        one: syn.Let,
        made: st.ServiceCall | st.ForEach | st.Repeat | st.Wait | st.Parallel,
        given: Type,
        wanted: Type,
    ) -> Block | None:
        """What a call or block gives, under a name of its own, and then held to the type that is
        written: outside of it, it is a failed action."""
        binding = one.value.span
        if one.name.span in self._personal:
            self._personal.add(binding)
        head = Span(binding.source, binding.start, made.head.end)
        named = self._named(one.name.text, binding, given, head)
        value = entering.entered(self._env, expressions.fit(self._env, named, wanted), wanted)
        if value is None:
            return None
        return (
            st.Let(one.name.text, binding, made, one.span),
            st.Let(one.name.text, one.name.span, value, one.span),
        )

    def _waited(self, one: syn.Let, wait: st.Wait, wanted: Type | None) -> Type | None:
        """The type of what a wait gives to a name."""
        if wait.type is None:
            self._env.findings.error(
                "G0222",
                one.value.span,
                f"nothing but `none` is ever given to `{one.name.text}`",
                f"leave `let {one.name.text} =` out",
            )
            return None
        return wait.type if wanted is None else self._annotated(one, wait.type, wanted, "wait")

    def _annotated(
        self, one: syn.Let, type_: Type, wanted: Type | None, what: str = "call"
    ) -> Type | None:
        if one.type is not None and wanted is None:
            return None
        if wanted is not None and not fits(type_, wanted):
            self._env.findings.error(
                "G0205",
                one.value.span,
                f"{describe(wanted)} is wanted here, and the {what} gives {describe(type_)}",
                "leave the type out, or write the one it gives",
            )
            return None
        return type_

    def _if(self, one: syn.If) -> tuple[st.Statement | None, bool]:
        def otherwise() -> tuple[Block, bool]:
            if isinstance(one.otherwise, syn.If):
                inner, ends = self._if(one.otherwise)
                return (() if inner is None else (inner,)), ends
            return ((), False) if one.otherwise is None else self.block(one.otherwise)

        condition = expressions.condition(self._env, one.condition)
        sides = (self._choices.leaving.side(one.then), self._choices.leaving.side(one.otherwise))
        return self.branch(condition, one.span, sides, lambda: self.block(one.then), otherwise)

    def branch(
        self,
        condition: ex.Expr | None,
        span: Span,
        sides: tuple[Ways, Ways],
        then: Callable[[], tuple[Block, bool]],
        otherwise: Callable[[], tuple[Block, bool]],
    ) -> tuple[st.Statement | None, bool]:
        """Two sides of which a condition takes one, each checked where the condition is known."""
        env = self._env
        gave = self._gave()
        choice = CONSTANT if condition is None else self._origins.of(condition)
        with env.knowing(condition, True), self._choices.chosen(choice, *sides):
            first, first_ends = then()
        with env.knowing(condition, False), self._choices.chosen(choice, *sides[::-1]):
            second, second_ends = otherwise()
        self._left(choice, gave)
        if first_ends and not second_ends:
            env.learn(condition, False)
        elif second_ends and not first_ends:
            env.learn(condition, True)
        ends = first_ends and second_ends
        return (None if condition is None else st.If(condition, first, second, span)), ends

    def _complete(self, one: syn.Complete) -> st.Statement | None:
        ordinal = self._count("complete")
        if self._beside:
            beside.refuse(self._env.findings, "G0431", one.span)
        if self._output is None:
            return None
        record = one.output if one.output is not None else syn.Record(one.span, ())
        output = expressions.value(self._env, record, self._output)
        if output is None or not entering.possible(self._env, output, self._output):
            return None
        return st.Complete(output, ordinal, one.span)


_MAKES = (st.ServiceCall, st.ForEach, st.Repeat, st.Wait, st.Parallel)
"""What gives a value that is no expression."""

_FAILING: dict[type[syn.Node], str] = {
    syn.Ask: "ask",
    syn.Require: "require",
    syn.Terminate: "terminate",
    syn.Complete: "complete",
    syn.Undo: "undo",
    syn.Wait: "wait",
    syn.Sleep: "sleep",
}
