"""Children, which are other programs, and what is undone of them and of the run's own."""

from __future__ import annotations

from collections.abc import Mapping

from gantral.compiler import program as p
from gantral.compiler.program.walk import calls
from gantral.dsl.span import Span

from interpreter.acting import Acting
from interpreter.book import Act, Ending, Outcome, Reached
from interpreter.data import Datum, Place, unknown
from interpreter.expressions import GIVENS
from interpreter.leaving import Ended

_ENDED: Mapping[Ending, Reached] = {
    "completed": "a child that completed",
    "rejected": "a child that was rejected",
    "terminated": "a child that terminated",
}


class Children(Acting):
    """What a run does with its children."""

    def _undo(self, binding: Span, span: Span) -> None:
        self._others()
        self.book.happened(span, "undo")
        child = self._names.bound.get(binding)
        if isinstance(child, Outcome):
            if child.undone:
                self.book.breaks("undone twice", span)
            child.undone = True
            if child.acts:
                self.book.reached.add("a child undone")
            for each in reversed([each for each in child.acts if each.state == "done"]):
                self._take_back(each, span)
            return
        act = self._bound_acts.get(binding)
        if act is None or act.state in ("not done", "unknown"):
            return
        if act.state == "undone":
            self.book.breaks("undone twice", span, act.at)
        self._take_back(act, span)

    def _take_back(self, act: Act, span: Span) -> None:
        if self._schedule.pick(("done", "failed"), span) == "failed":
            raise Ended("terminated", "action_failed", act.at)
        act.state = "undone"

    def _child(self, one: p.Run) -> Outcome:
        if self._turns is not None:
            self.book.breaks("runs a child beside others", one.head)
        child = self.program.children[one.workflow]
        given = self._arguments(one.arguments)
        ways = ("ended", "failed", "taken") if child.key is not None else ("ended", "failed")
        if (came := self._schedule.pick(ways, one.head)) == "failed":
            self.book.happened(one.head, "failed")
            raise Ended("terminated", "action_failed", one.head)
        self.book.calls += 1
        place = ("child", self.book.calls)
        left: dict[str, Datum] = {
            name: _text((*place, name)) for name in ("gate", "cause", "reason")
        }
        if came == "taken":
            # Another has its key: it is not started.
            self.book.happened(one.head, "ended")
            self.book.reached.add("a child whose key is taken")
            return Outcome("terminated", left)
        if self._schedule.free:
            # However it may end, and all done that it may do: whether it ever ends so is not asked.
            # How it did is what the first question about it decides.
            self.book.happened(one.head, "ended")
            made = {
                field.name: unknown(field.type, (*place, "output", field.name), GIVENS)
                for field in one.output.fields
            }
            did = [
                Act(child.operations[call.operation], one.head, "done")
                for call in calls(child.run)
                if child.operations[call.operation].undo is not None
            ]
            self._acts += did
            return Outcome("completed", left, did, may=[*_ENDED], made=made)
        fields = {
            field.name: given.get(field.name, Datum(None)).anew(GIVENS, (*place, field.name))
            for field in one.input.fields
        }
        run = type(self)(child, self._values, self.book, Datum(fields))
        # What happens in it is no step of its parent.
        seen = len(self.book.trace)
        run.run()
        del self.book.trace[seen:]
        self.book.happened(one.head, "ended")
        self.book.reached.add(_ENDED[run.ended])
        if run.ended == "completed":
            output = self._values.known(run.output).anew(GIVENS, (*place, "output")).value
            assert isinstance(output, dict)
            left = output
        did = [act for act in run._acts if act.stands] if run.ended == "completed" else []
        self._acts += did
        return Outcome(run.ended, left, did)  # type: ignore[arg-type]


def _text(place: Place) -> Datum:
    return unknown(p.StringType(), place, GIVENS)
