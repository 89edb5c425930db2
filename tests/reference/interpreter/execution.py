"""One execution of a workflow, statement by statement, by one schedule (LANGUAGE sections 6 to 8).

A violation is noted and the execution goes on as if it had been none, to find others.
"""

from __future__ import annotations

from contextlib import suppress

from gantral.compiler import program as p
from gantral.dsl.span import Span

from interpreter.acting import NOBODYS, carrying, named
from interpreter.beside import Beside
from interpreter.book import Book
from interpreter.data import Datum, unknown
from interpreter.expressions import GIVENS, Values
from interpreter.leaving import Collected, Ended, Gave, Leaving
from interpreter.schedule import Schedule
from interpreter.ways import Block, goes_on, may_give, sets


def execute(program: p.Program, schedule: Schedule) -> Execution:
    """Runs the program once, to its end."""
    book = Book()
    values = Values(schedule, book)
    run = Execution(program, values, book, unknown(program.input, ("input",), GIVENS))
    run.run()
    return run


class Execution(Beside):
    """The statements of a run."""

    def run(self) -> None:
        """Runs it."""
        try:
            self._block(self.program.run)
            self.book.breaks("ends without an end", self.program.run_span)
            self.ended = "terminated"
        except Ended as end:
            self.ended, self.cause, self.ended_at = end.how, end.cause, end.at
            self.output = end.output or self.output
        if self.ended == "terminated":
            for act in reversed(self._acts):
                if act.stands and act.state == "done" and self._schedule.pick((True, False)):
                    act.state = "undone"
            self._failing = True
            with suppress(Ended):  # what fails there only makes the rest of it not happen
                self._block(self.program.on_failure)

    # --- statements -----------------------------------------------------------------------------

    def _block(self, block: Block) -> None:
        """A block: what it binds is gone after it."""
        before = {*self._names.bound}
        try:
            for one in block:
                self._statement(one)
        except Leaving as found:
            found.blocks += 1
            raise
        finally:
            for binding in self._names.bound.keys() - before:
                del self._names.bound[binding]

    def _statement(self, one: p.Statement) -> None:
        match one:
            case p.Let(binding=binding, value=value):
                self._let(binding, value)
            case p.Var(binding=binding, value=value) | p.Set(binding=binding, value=value):
                if binding in self._outside:
                    self.book.breaks("sets what others may read", one.span)
                self._names.bound[binding] = self._read(value).located(named(binding))
            case p.Do(call=call):
                self._call(call, None)
            case p.AskStatement(ask=ask):
                self._ask(ask)
            case p.WaitStatement(wait=wait):
                self._wait(wait, bound=False)
            case p.If(condition=condition, then=then, otherwise=otherwise):
                holds, choice = self._holds(condition, condition.span)
                meets = goes_on(then) and goes_on(otherwise)
                if meets:
                    self._chosen(choice, then, otherwise)
                self._block(then if holds else otherwise)
                if meets:
                    self._tint(sets(then, otherwise), (choice,))
            case p.ForEach():
                self._each(one, bound=False)
            case p.Repeat():
                self._repeat(one, bound=False)
            case p.Parallel():
                self._parallel(one, bound=False)
            case p.Require(condition=condition, message=message, span=span):
                holds, _ = self._holds(condition, span, usual=True)
                if not holds:
                    self._read(message)
                    raise Ended("terminated", "terminated_by_spec", span)
            case p.Terminate(message=message, span=span):
                self._read(message)
                raise Ended("terminated", "terminated_by_spec", span)
            case p.Complete(output=output, span=span):
                made = self._read(output)
                if self._turns is not None:
                    self.book.breaks("leaves while others run", span)
                for child in self._outcomes:
                    if not child.asked and child.at is not None:
                        self.book.breaks("ends without asking how a child ended", child.at, span)
                raise Ended("completed", "completed", span, made)
            case p.Give(value=value, span=span):
                found = self._read(value)
                self.book.happened(span, "give")
                raise Gave(found)
            case p.Collect(value=value):
                raise Collected(self._read(value))
            case p.Sleep(value=value, least=least):
                self._read(value)
                self._others()
                self._now += least
            case p.Undo(binding=binding, span=span):
                self._undo(binding, span)

    def _let(
        self, binding: Span,
        value: p.Expr | p.ServiceCall | p.Ask | p.Run | p.Wait | p.ForEach | p.Repeat
        | p.Parallel,
    ) -> None:  # fmt: skip
        match value:
            case p.ServiceCall():
                made = self._call(value, binding)
                self._names.bound[binding] = made.located(named(binding))
            case p.Ask():
                self._names.bound[binding] = self._ask(value)
            case p.Run():
                ended = self._names.bound[binding] = self._child(value)
                ended.at = value.head
                self._outcomes.append(ended)
            case p.Wait():
                made = self._wait(value, bound=True)
                self._names.bound[binding] = made.located(named(binding))
            case p.ForEach():
                made = self._each(value, bound=True)
                self._names.bound[binding] = made.located(named(binding))
            case p.Repeat():
                made = self._repeat(value, bound=True)
                self._names.bound[binding] = made.located(named(binding))
            case p.Parallel():
                made = self._parallel(value, bound=True)
                self._names.bound[binding] = made.located(named(binding))
                self.book.branched.add(named(binding))
            case _:
                self._names.bound[binding] = self._read(value).located(named(binding))

    def _each(self, loop: p.ForEach, *, bound: bool) -> Datum:
        items = self._values.known(self._read(loop.items))
        listed = tuple(items.parts())
        if len(listed) > loop.at_most:
            self.book.happened(loop.head, "failed")
            raise Ended("terminated", "action_failed", loop.head)
        made: list[Datum] = []
        self._chosen((items.all_by(), items.of), *(() if bound else (loop.body,)))
        with self._choosing(sets(loop.body), loop=True, bound=bound) as choices:
            choices.append((items.all_by(), items.of))
            for element in listed:
                self.book.happened(loop.head, "again")
                self._names.bound[loop.binding] = element
                try:
                    self._block(loop.body)
                except Collected as found:
                    if not bound:
                        found.out_of.add("a value collected out of a loop in another")
                        raise
                    made.append(self._taken(found))
            self._names.bound.pop(loop.binding, None)
            self.book.happened(loop.head, "over")
        return carrying(Datum(tuple(made)), choices)

    def _repeat(self, loop: p.Repeat, *, bound: bool) -> Datum:
        if not bound and (may_give(loop.body) or may_give(loop.otherwise)):
            self._chosen((NOBODYS, frozenset()), loop.body, loop.otherwise)
        with self._choosing(sets(loop.body, loop.otherwise), loop=True, bound=bound) as choices:
            if may_give(loop.otherwise):
                choices.append((NOBODYS, frozenset()))
            try:
                for round in range(loop.at_most):
                    self._now += (loop.every or 0) if round else 0
                    self.book.happened(loop.head, "again")
                    self._block(loop.body)
                self.book.happened(loop.head, "over")
                self._block(loop.otherwise)
            except Gave as found:
                if not bound:
                    found.out_of.add("a value out of a loop in another block")
                    raise
                return carrying(self._taken(found), choices)
        return Datum(None)
