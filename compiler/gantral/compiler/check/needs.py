"""`needs`: the floor that a service sets for every approval its effects act under (LANGUAGE section
5). This is the typed form of the rule; proof P11 finds the same on the flow graph."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from gantral.compiler import formulas
from gantral.compiler.check import clauses
from gantral.compiler.check.env import Env
from gantral.compiler.check.provenance import Approved
from gantral.compiler.implication import shortfall
from gantral.compiler.names.findings import Findings
from gantral.compiler.names.module import Names
from gantral.compiler.program import declarations as de
from gantral.compiler.program import statements as st
from gantral.compiler.program.types import RecordType
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Label
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span


@frozen
class Approvers:
    """Who approved an argument of an effect, as it was when the effect was reached."""

    value: Span
    approved: Approved


def read(findings: Findings, names: Names, one: syn.Operation) -> de.Needs | None:
    """The `needs` of an operation; None after a finding."""
    assert one.needs is not None
    if one.kind not in ("effect", "critical effect"):
        _refuse(findings, one.needs.span, f"a {one.kind} acts under no approval", "leave it out")
        return None
    people = [each for each in _principals(one.needs.formula) if not _is_role(each)]
    for each in people:
        _refuse(findings, each.span, "`needs` names roles only", "name a role")
    if people:
        return None
    formula = clauses.People(findings, names, RecordType(())).formula(one.needs.formula)
    if formula is None:
        return None
    if not formulas.alternatives(formula):
        most = formulas.MOST_ALTERNATIVES
        _refuse(findings, one.needs.span, f"this has over {most} alternatives", "ask for less")
        return None
    return de.Needs(formula, one.needs.initiator_may_decide, one.needs.span)


def of_undo(findings: Findings, effect: de.Operation, undo: de.Operation, at: Span) -> None:
    """An undo acts by the authority of its effect, which must be enough for it."""
    if undo.needs is None:
        return
    needed = formulas.alternatives(undo.needs.formula)
    short: tuple[str, ...] | None = ()
    if effect.needs is not None:
        short = shortfall(formulas.alternatives(effect.needs.formula), needed)
        if effect.needs.initiator_may_decide and not undo.needs.initiator_may_decide:
            short = ()
    if short is not None:
        findings.error(
            "G0332",
            at,
            f"`{undo.key}` needs more than `{effect.key}` does, by whose approval it acts",
            f"write `needs {formulas.in_words(needed)}` on `{effect.key}`, or ask less of the undo",
            (Label(undo.needs.span, "what the undo needs"),),
        )


def met(
    env: Env,
    call: st.ServiceCall,
    needs: de.Needs,
    arguments: Sequence[Approvers],
    asked: Mapping[Span, de.Gate],
    uncertain: Collection[Span],
) -> None:
    """That some approval of the call asks for enough, and that its arguments are of such alone."""
    needed = formulas.alternatives(needs.formula)
    under = [(one, asked[one.binding]) for one in call.under if one.binding in asked]
    if len(under) < len(call.under) or not under:
        return
    lacks = {
        one.binding: "nobody may be asked here: it is asked `only if`"
        if one.binding in uncertain
        else _lacking(gate, needs, needed)
        for one, gate in under
    }
    enough = {binding for binding, lack in lacks.items() if lack is None}
    if not enough:
        env.findings.error(
            "G0330",
            call.head,
            f"no approval here asks for what `{call.operation}` needs: {formulas.in_words(needed)}",
            _help(under[0][1], needed),
            (
                *(Label(gate.span, lacks[one.binding] or "") for one, gate in under),
                Label(needs.span, "what it needs"),
            ),
        )
        return
    for one in arguments:
        weak = [each for each, _ in one.approved if each not in enough]
        if weak:
            gate = asked[weak[0]] if weak[0] in asked else under[0][1]
            env.findings.error(
                "G0331",
                one.value,
                f"gate `{gate.name}` approved this, and it asks for less than"
                f" `{call.operation}` needs",
                "show it at the gate that asks for enough, and read it through that approval",
                (Label(needs.span, "what it needs"),),
            )


def _help(gate: de.Gate, needed: formulas.Alternatives) -> str:
    if gate.waived_by is not None:
        return f"take `waived by` out of gate `{gate.name}`, or act under another approval as well"
    return (
        f"write `decide {formulas.in_words(needed)}` in gate `{gate.name}`, or act under an"
        " approval that asks for it"
    )


def _lacking(gate: de.Gate, needs: de.Needs, needed: formulas.Alternatives) -> str | None:
    """What a gate lacks for a `needs`, in words; None when it asks for enough."""
    if gate.waived_by is not None:
        return "policy may waive this gate, so it counts for nothing here"
    if gate.initiator_may_decide and not needs.initiator_may_decide:
        return "the initiator may decide here"
    short = shortfall(formulas.asked(gate), needed)
    if short is None:
        return None
    if not short:
        return "this formula is too large to be compared"
    return f"{formulas.company_in_words(short)} suffice here"


def _principals(formula: syn.Formula) -> Iterator[syn.Principal]:
    match formula:
        case syn.AllOf() | syn.AnyOf():
            for part in formula.parts:
                yield from _principals(part)
        case syn.AtLeast():
            yield from formula.group
        case syn.Weighted():
            yield from (each.principal for each in formula.weights)


def _is_role(one: syn.Principal) -> bool:
    return isinstance(one, syn.RolePrincipal)


def _refuse(findings: Findings, span: Span, message: str, help: str) -> None:
    findings.error("G0220", span, message, help)
