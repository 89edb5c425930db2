"""`decide F when …`: who decides on which proposals (LANGUAGE section 6)."""

from __future__ import annotations

from gantral.compiler.check import clauses, closed, expressions
from gantral.compiler.check.env import Env
from gantral.compiler.digest import canonical, meaning
from gantral.compiler.program import declarations as de
from gantral.compiler.program import expressions as ex
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Label
from gantral.dsl.span import Span


def decide(env: Env, gate: syn.Gate, people: clauses.People) -> de.Formula | de.Cases | None:
    """Who decides: one formula, or a case for each `decide`; None after a finding."""
    cases = gate.decide
    made: list[de.Case] = []
    whole = _ordered(env, gate)
    for one in cases:
        test = None
        if one.condition is not None:
            test = _condition(env, one.condition)
            whole = whole and test is not None
        formula = people.formula(one.formula)
        if formula is None:
            whole = False
        else:
            made.append(de.Case(test, formula, one.span))
    if not whole or not _told_apart(env, made):
        return None
    if len(made) == 1:
        return made[0].formula
    first, last = cases[0].span, cases[-1].span
    return de.Cases(tuple(made), Span(first.source, first.start, last.end))


def _ordered(env: Env, gate: syn.Gate) -> bool:
    """Whether the last `decide`, and no other, has no `when`."""
    *conditional, last = gate.decide
    for one in conditional:
        if one.condition is None:
            env.findings.error(
                "G0333",
                one.span,
                "this holds for every proposal, so what comes after it is never asked",
                "add `when …`, or make it the last `decide`",
                (Label(last.span, "never asked"),),
            )
            return False
    if last.condition is not None:
        env.findings.error(
            "G0333",
            last.span,
            "nobody decides on a proposal for which no `when` holds",
            "add a last `decide` without `when`, for all other proposals",
        )
        return False
    return True


def _condition(env: Env, one: syn.Expression) -> ex.Expr | None:
    test = expressions.condition(env, one)
    if test is None:
        return None
    odd = closed.misfit(test)
    if odd is not None:
        env.findings.error(
            "G0334",
            odd.span,
            "evidence can't be judged by this, so nobody could check who had to decide",
            "use comparisons, `and`, `or`, `not` and `+ - *` over the gate's parameters, or compute"
            " it before the `ask` and show it",
        )
        return None
    reads = [*closed.reads(test)]
    if not reads:
        env.findings.error(
            "G0333",
            one.span,
            "this reads nothing of the proposal: it comes out the same for all of them",
            "compare a parameter of the gate",
        )
        return None
    for read in reads:
        if read.personal:
            env.findings.error(
                "G0217",
                read.span,
                "what a `when` reads stands in the evidence in clear, where it can't be erased",
                "decide by something that is not personal",
            )
            return None
    return test


def _told_apart(env: Env, cases: list[de.Case]) -> bool:
    """Whether no condition stands twice: the second would never be chosen."""
    known: dict[bytes, Span] = {}
    for one in cases:
        if one.condition is None:
            continue
        key = canonical(meaning(one.condition))
        if key in known:
            env.findings.error(
                "G0333",
                one.condition.span,
                "an earlier `decide` has this condition already, so this one is never chosen",
                "leave one of the two out",
                (Label(known[key], "first here"),),
            )
            return False
        known[key] = one.condition.span
    return True
