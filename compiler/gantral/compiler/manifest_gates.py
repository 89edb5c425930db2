"""A gate as the manifest writes it: who decides, what may be changed, by when, and its plan."""

from __future__ import annotations

from collections.abc import Iterable

from gantral.compiler.digest import Tree
from gantral.compiler.phrases import code
from gantral.compiler.plan import Plan
from gantral.compiler.program import (
    ActorOf,
    ActorsOf,
    AllOf,
    Amend,
    AnyOf,
    AskOnlyIf,
    Calendar,
    Case,
    DecidersOf,
    Formula,
    Gate,
    Points,
    Principal,
    Program,
    Prove,
    Remind,
    RoleOf,
    Tick,
    Widening,
)
from gantral.compiler.program.walk import asks
from gantral.compiler.shapes import bound, duration_or_none, duration_text, shape
from gantral.compiler.terms import NoTerm, clause_term, pointer, proposal_term
from gantral.compiler.titles import title_parts
from gantral.dsl.diagnostics import Diagnostic


def gate_tree(
    gate: Gate, program: Program, planned: Plan, found: list[Diagnostic]
) -> dict[str, Tree]:
    """A gate, but for ``only_if``; ``found`` gains what the manifest can't say of it."""
    return {
        "parameters": shape(gate.parameters),
        "title": title_parts(gate),
        "decide": [_case(one, found) for one in gate.cases],
        "veto": _principals(gate.veto),
        "apart": _apart(gate, program),
        "amend": _amendments(gate.amend, found),
        "prove": _prove(gate.prove),
        "waived": gate.waived_by or "none",
        "guarded": gate.guarded_by or "none",
        "clock": [*_calendar(gate.calendar), *(_tick(one) for one in gate.clock)],
        "lasts": duration_or_none(gate.lasts),
        "uses": str(gate.uses),
        "alike": truth(gate.alike),
        "releases": [*sorted(one.operation for one in gate.releases)],
        **_plans(gate.name, planned),
    }


def _plans(gate: str, planned: Plan) -> dict[str, Tree]:
    """``plan``; or ``asks``, of each its own, with the bounds of the loops that it stands in."""
    if gate not in planned.asks:
        return {"plan": dict(planned.plans[gate])}
    return {
        "asks": {
            site: {
                "plan": dict(planned.plans[site]),
                **({"loops": [str(loop.at_most) for loop in around]} if around else {}),
            }
            for site, around in planned.asks[gate].items()
        }
    }


def only_if(program: Program) -> dict[str, dict[str, Tree]]:
    """By gate, where nobody may be asked: the site of each `ask … only if`, with its condition. A
    gate that is asked in every case has no such member (ADR 0116)."""
    found: dict[str, dict[str, Tree]] = {}
    for ask in asks(program.run):
        if isinstance(ask, AskOnlyIf):
            found.setdefault(ask.gate, {})[ask.id] = code(ask.only_if)
    return found


def _apart(gate: Gate, program: Program) -> Tree:
    """Who may not decide. `deciders of` is symmetric: both gates say it."""
    others = {one.gate for one in gate.apart if isinstance(one, DecidersOf)}
    for other in program.gates.values():
        if any(isinstance(one, DecidersOf) and one.gate == gate.name for one in other.apart):
            others.add(other.name)
    deciders: list[Tree] = [{"deciders": name} for name in sorted(others)]
    return [
        *([] if gate.initiator_may_decide else ["initiator"]),
        *(_principal(one) for one in gate.apart if not isinstance(one, DecidersOf)),
        *deciders,
    ]


def _case(case: Case, found: list[Diagnostic]) -> Tree:
    when: Tree = "always"
    if case.condition is not None:
        try:
            when = proposal_term(case.condition)
        except NoTerm as fault:
            found.append(_unverifiable("who had to decide", fault))
    return {"when": when, "formula": formula_tree(case.formula)}


def _amendments(amendments: Iterable[Amend], found: list[Diagnostic]) -> Tree:
    terms: dict[str, Tree] = {}
    for one in amendments:
        try:
            terms[pointer(one.path)] = clause_term(one.condition, one.path)
        except NoTerm as fault:
            found.append(_unverifiable("what was amended", fault))
    return terms


def _unverifiable(what: str, fault: NoTerm) -> Diagnostic:
    """The typed rule (G0334) holds the same; its words are another."""
    return Diagnostic(
        "G0334",
        "error",
        f"evidence can't be judged by this, so nobody could check {what}",
        fault.span,
        help=f"{fault.why}: the gate's parameters, `and or not`, comparisons",
    )


def formula_tree(formula: Formula) -> Tree:
    """Who suffices."""
    match formula:
        case AnyOf(parts=parts):
            return {"any": [formula_tree(one) for one in parts]}
        case AllOf(parts=parts):
            return {"all": [formula_tree(one) for one in parts]}
        case Points(weights=weights):
            brought: list[Tree] = [[_principal(who), str(weight)] for who, weight in weights]
            return {"points": [str(formula.count), brought]}
        case _:
            return {"quorum": [str(formula.count), _principals(formula.principals)]}


def _principals(principals: Iterable[Principal]) -> list[Tree]:
    return [_principal(one) for one in principals]


def _principal(principal: Principal) -> Tree:
    match principal:
        case RoleOf(name=name):
            return name
        case ActorOf(path=path):
            return {"actor": pointer(path)}
        case ActorsOf(path=path):
            return {"actors": pointer(path)}


def _prove(prove: Prove | None) -> Tree:
    asked = prove is not None and prove.reason
    least = prove.reason_min if prove is not None else None
    return {
        # A reason that is asked for without a length still has to say something.
        "reason_min": bound(1 if asked and least is None else least),
        "reason_max": bound(None if prove is None else prove.reason_max),
        "assurance": bound(None if prove is None else prove.assurance),
        "login_within": duration_or_none(None if prove is None else prove.login_within),
    }


def _calendar(calendar: Calendar | None) -> list[Tree]:
    if calendar is None:
        return []
    hours: list[Tree] = [
        f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (calendar.opens, calendar.closes)
    ]
    tree: Tree = {
        "zone": calendar.zone,
        "days": [*calendar.days],
        "hours": hours,
        "except": [*calendar.closed],
    }
    return [["on", tree]]


def _tick(tick: Tick) -> Tree:
    after = duration_text(tick.after)
    if isinstance(tick, Widening):
        return [after, "widen", _principals(tick.narrow), _principals(tick.wide)]
    return [after, "remind" if isinstance(tick, Remind) else "reject"]


def truth(value: bool) -> str:
    """A bool as the manifest has it."""
    return "true" if value else "false"
