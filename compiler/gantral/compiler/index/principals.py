"""The names in a gate: who decides, what its yes releases, and the parameters it reads."""

from __future__ import annotations

from gantral.compiler.index.symbols import Place, Shape, Symbol
from gantral.compiler.index.values import Env, Values, children
from gantral.dsl import syntax as syn
from gantral.dsl.span import Node


class Principals(Values):
    """Gates and formulas."""

    def principal(self, place: Place, env: Env, one: Node) -> None:
        """A role, a person of the proposal, or the deciders of another gate."""
        match one:
            case syn.RolePrincipal():
                self.at(place, "role", one.path)
            case syn.Actor() | syn.Actors():
                self.path(env, one.path.parts)
            case syn.DecidersOf():
                self.at(place, "gate", one.gate)
            case _:
                return

    def formula(self, place: Place, env: Env, one: Node | None) -> None:
        """Every principal in a formula."""
        if one is None:
            return
        self.principal(place, env, one)
        for part in children(one):
            self.formula(place, env, part)

    def gate(self, place: Place, one: syn.Gate) -> None:
        """The names in a gate; its parameters are visible in all of it."""
        env: Env = {}
        for each in one.parameters:
            self.type(place, each.type)
            shape = Shape(place, each.type)
            symbol = Symbol("parameter", each.name.text, each.name.span, each, place, shape)
            self.bind(env, symbol, one.span.start, one.span.end)
        self.value(place, env, one.title)
        for release in one.releases:
            self._release(place, release)
        for decide in one.decide:
            self.formula(place, env, decide.formula)
            self.value(place, env, decide.condition)
        self.at(place, "policy", one.waived_by)
        self.at(place, "policy", one.guarded_by)
        for who in (*one.veto, *one.apart):
            self.principal(place, env, who)
        for amend in one.amend:
            self._amend(place, env, amend)
        if one.prove is not None:
            self.at(place, "assurance", one.prove.assurance)
        if one.clock is not None:
            self.at(place, "calendar", one.clock.calendar)
            for tick in one.clock.ticks:
                self.formula(place, env, tick)

    def _release(self, place: Place, one: syn.Release) -> None:
        released = self.at(place, "operation", one.operation)
        node = released.node if released is not None else None
        for flow in one.flows:
            if released is not None and isinstance(node, syn.Operation):
                for each in node.parameters:
                    if each.name.text == flow.argument.text:
                        span = each.name.span
                        symbol = Symbol("field", each.name.text, span, each, released.place)
                        self.see(flow.argument.span, symbol)
            self.at(place, "operation", flow.operation)

    def _amend(self, place: Place, env: Env, one: syn.Amend) -> None:
        shape = self.path(env, one.path.parts)
        inner = dict(env)
        for name in ("old", "new"):
            given = Symbol("given", name, None, None, place, shape)
            self.bind(inner, given, one.span.start, one.span.end)
        self.value(place, inner, one.condition)
