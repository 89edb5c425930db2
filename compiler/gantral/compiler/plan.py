"""The plan: what each gate's yes may set off, each argument in terms of what is shown.

LANGUAGE section 6, last bullet: an effect's argument is a plan term (lets substituted). What is
none is refused here; evidence could not compare it with what people saw. Under several approvals
each gate's plan names the gate that shows an argument which it doesn't show itself (ADR 0114);
where these could be mistaken for one another, each ask has a plan of its own (ADR 0152).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import TypeAlias

from gantral.compiler.digest import Tree
from gantral.compiler.program import (
    Absent,
    ApprovalMeta,
    ApprovalRef,
    Ask,
    AskOnlyIf,
    DecimalType,
    Expr,
    ForEach,
    InitiatorRef,
    InputRef,
    JsonType,
    LetRef,
    ListExpr,
    ListType,
    Literal,
    Member,
    Narrowed,
    OptionalType,
    Parallel,
    Program,
    ProposedRef,
    RecordExpr,
    RecordType,
    Repeat,
    ServiceCall,
    Type,
    Typed,
    VarRef,
    Widen,
    Within,
)
from gantral.compiler.program.walk import (
    asked,
    asks,
    bindings,
    calls,
    gives,
    looped,
    loops,
)
from gantral.compiler.shapes import scalar_name
from gantral.compiler.terms import NoTerm, constant, expression_term, pointer, result_path
from gantral.dsl.diagnostics import Diagnostic
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span

# What the checker says of an argument that is no plan term; here it is asked a second time.
NOT_A_TERM = "G0321"

Loops: TypeAlias = "tuple[ForEach | Repeat, ...]"
"""The loops around a call, outermost first."""


@frozen
class Plan:
    """What each approval sets off: call id -> the call as the manifest writes it. ``plans`` are by
    gate; of a gate whose asks are told apart by ask (its site). ``asks`` are such gates: the sites,
    with the loops around each."""

    plans: Mapping[str, Mapping[str, Tree]]
    asks: Mapping[str, Mapping[str, Loops]]
    diagnostics: tuple[Diagnostic, ...]

    def name(self, ask: Ask) -> str:
        """What plans call an approval that this ask gives."""
        return ask.id if ask.gate in self.asks else ask.gate


def plan(program: Program) -> Plan:
    """The plan of every gate, and what keeps an argument from being a plan term (G0321)."""
    return _Planner(program).plan()


def _rescales(given: Type, wanted: Type) -> bool:
    """Whether a decimal in it is written with more digits where it goes."""
    match given, wanted:
        case OptionalType(inner=inner), _:
            return _rescales(inner, wanted)
        case _, OptionalType(inner=inner):
            return _rescales(given, inner)
        case DecimalType(), DecimalType():
            return given.scale != wanted.scale
        case ListType(), ListType():
            return _rescales(given.element, wanted.element)
        case RecordType(), RecordType():
            return any(
                _rescales(one.type, other.type)
                for one in given.fields
                if (other := wanted.field(one.name)) is not None
            )
        case _:
            return False


@frozen
class _Shown:
    """Whose plan is written: the approval `own`; and what plans call each that the call acts
    under."""

    own: Span
    names: Mapping[Span, str]


class _Planner:
    def __init__(self, program: Program) -> None:
        self._program = program
        self._lets = {one.binding: one.value for one in bindings(program.run)}
        self._elements = {
            one.binding: one for one in loops(program.run) if isinstance(one, ForEach)
        }
        self._around: Loops = ()
        self._uncertain = {ask.gate for ask in asks(program.run) if isinstance(ask, AskOnlyIf)}
        """The gates that are asked `only if` somewhere."""
        self._asks = self._told_apart()
        self._plans: dict[str, dict[str, Tree]] = {
            one: {} for gate in program.gates for one in self._asks.get(gate, (gate,))
        }
        self._found: list[Diagnostic] = []

    def plan(self) -> Plan:
        made = Plan(self._plans, self._asks, ())
        for call, around in looped(self._program.run):
            if self._program.operations[call.operation].acts:
                self._around = around
                self._plan(call, made)
        return replace(made, diagnostics=tuple(self._found))

    def _told_apart(self) -> dict[str, dict[str, Loops]]:
        """The gates whose asks are told apart. Where one call acts under two approvals of gates
        that a run may ask more than once, one of them could be put in another's place, or beside
        one that it was not got with."""
        sites: dict[str, dict[str, Loops]] = {}
        for ask, around in asked(self._program.run):
            sites.setdefault(ask.gate, {})[ask.id] = around
        often = {gate for gate, one in sites.items() if len(one) > 1 or any(one.values())}
        apart: set[str] = set()
        for call in calls(self._program.run):
            gates = [ask.gate for ask in self._under(call).values() if ask.gate in often]
            apart.update(gates if len(gates) > 1 else ())
        return {gate: sites[gate] for gate in sorted(apart)}

    def _under(self, call: ServiceCall) -> dict[Span, Ask]:
        """The asks of the approvals that the call acts under."""
        found = ((one.binding, self._lets.get(one.binding)) for one in call.under)
        return {binding: value for binding, value in found if isinstance(value, Ask)}

    def _plan(self, call: ServiceCall, made: Plan) -> None:
        operation = self._program.operations[call.operation]
        under = self._under(call)
        names = {binding: made.name(ask) for binding, ask in under.items()}
        for number, (own, ask) in enumerate(under.items()):
            arguments: dict[str, Tree] = {}
            for name, value in call.arguments:
                try:
                    self._argument(name, value, _Shown(own, names), arguments)
                except NoTerm as fault:
                    # What is a term for one of the gates is one for each of them.
                    if not number:
                        self._found.append(_refusal(call, name, fault))
            entry: dict[str, Tree] = {
                "operation": call.operation,
                "at_most": str(prod(one.at_most for one in self._around)),
                "arguments": arguments,
                "undo": operation.undo.operation if operation.undo is not None else "none",
            }
            uncertain = ask.gate in self._uncertain and not isinstance(ask, AskOnlyIf)
            if uncertain and ask.gate not in self._asks:
                # Nobody's silence serves this call (ADR 0096). An ask of its own says so itself.
                entry["asked"] = "always"
            if self._around:
                # Its call ids end in one index a loop: how many there are of each (ADR 0101).
                entry["loops"] = [str(one.at_most) for one in self._around]
            self._plans[names[own]][call.id] = entry

    def _argument(self, name: str, value: Expr, under: _Shown, into: dict[str, Tree]) -> None:
        value = self._resolved(value)
        match value:
            case Absent():
                pass
            case RecordExpr(fields=fields):
                for field, part in fields:
                    self._argument(f"{name}.{field}", part, under, into)
            case ListExpr():
                raise NoTerm(value.span, "a list made in the run can't be compared item by item")
            case Literal():
                into[name] = constant(value)
            case Widen(base=Literal() as base) if isinstance(value.type, DecimalType):
                into[name] = constant(base, value.type)
            case Widen(type=JsonType()):
                raise NoTerm(value.span, "a json made in the run is shown by no gate")
            case Widen(base=base):
                if _rescales(base.type, value.type):
                    raise NoTerm(value.span, "its value here has more decimals than what is shown")
                self._argument(name, base, under, into)
            case _:
                read = self._read(value, under)
                if read is None:
                    read = {"expr": expression_term(value, lambda one: self._leaf(one, under))}
                into[name] = read

    def _resolved(self, value: Expr) -> Expr:
        """The expression with lets, narrowing and fields of record literals seen through."""
        match value:
            case Narrowed(base=base) | Within(base=base):
                return self._resolved(base)
            case LetRef(binding=binding):
                bound = self._lets.get(binding)
                if isinstance(bound, Typed):
                    return self._resolved(bound)
                return value
            case Member(base=base, name=name):
                above = self._resolved(base)
                if isinstance(above, RecordExpr):
                    for field, part in above.fields:
                        if field == name:
                            return self._resolved(part)
                    return Absent(span=value.span, type=value.type)
                given = self._given(above, name)
                return value if given is None else self._resolved(given)
            case _:
                return value

    def _given(self, value: Expr, name: str) -> Expr | None:
        """What the branch of that name gives, where it is one value whatever happens."""
        made = self._lets.get(value.binding) if isinstance(value, LetRef) else None
        if not isinstance(made, Parallel):
            return None
        for branch in made.branches:
            given = [*gives(branch.body)]
            if branch.name == name and len(given) == 1 and given[0] is branch.body[-1]:
                return given[0].value
        return None

    def _read(self, value: Expr, under: _Shown) -> Tree | None:
        """{"path"}, {"under"} or {"result"} of a plain read; None for anything else."""
        steps: list[str] = []
        at = self._resolved(value)
        while isinstance(at, Member | Narrowed):
            if isinstance(at, Member):
                steps.insert(0, at.name)
            at = self._resolved(at.base)
        match at:
            case ApprovalRef(binding=binding, name=name):
                if binding == under.own:
                    return {"path": pointer(tuple(steps))}
                if binding not in under.names:
                    raise NoTerm(value.span, f"the effect does not act under `{name}`")
                return {"under": [under.names[binding], pointer(tuple(steps))]}
            case LetRef(binding=binding) if binding in self._elements:
                return self._element(self._elements[binding], steps, under)
            case LetRef(binding=binding):
                call = self._lets.get(binding)
                if isinstance(call, ServiceCall):
                    self._only_result(call, value)
                    given = self._program.operations[call.operation].result
                    return {"result": [call.id, result_path(given, tuple(steps))]}
                if isinstance(call, ForEach | Repeat):
                    raise NoTerm(value.span, "which round gives it is known only in the run")
                if isinstance(call, Parallel):
                    raise NoTerm(value.span, "what a branch gives is known only in the run")
            case VarRef(name=name):
                raise NoTerm(
                    value.span, f"what the variable `{name}` holds is known only in the run"
                )
            case InputRef():
                raise NoTerm(value.span, "`input` is not what people approved")
            case InitiatorRef():
                raise NoTerm(value.span, "`initiator` is not what people approved")
            case ApprovalMeta() | ProposedRef():
                raise NoTerm(value.span, "that part of an approval is approved by nobody")
            case _:
                pass
        return None

    def _element(self, loop: ForEach, steps: list[str], under: _Shown) -> Tree:
        """{"each": [list, loop, field]}: the element whose place is the call id's index of that
        loop; the list may itself be of an element of a loop around."""
        match self._read(loop.items, under):
            case {"path": str(path)}:
                kind, parts = "each", [path]
            case {"each": list(parts)}:
                kind = "each"
            case {"under": list(parts)}:
                kind = "under"
            case _:
                raise NoTerm(loop.items.span, "the plan names elements of what the gate shows")
        place = next(at for at, one in enumerate(self._around) if one is loop)
        return {kind: [*parts, str(place), pointer(tuple(steps))]}

    def _only_result(self, call: ServiceCall, value: Expr) -> None:
        """Refuses what may be another value than the call's result."""
        if call.handler is None:
            return
        if any(not isinstance(one.value, Absent) for one in gives(call.handler.body)):
            raise NoTerm(value.span, f"where `{call.operation}` fails its handler gives this value")

    def _leaf(self, value: Expr, under: _Shown) -> Tree | None:
        """A read inside arithmetic."""
        seen = self._resolved(value)
        if seen is not value and not isinstance(seen, Member | LetRef | ApprovalRef):
            return expression_term(seen, lambda one: self._leaf(one, under))
        match self._read(value, under):
            case {"path": str(path)}:
                return {"path": [scalar_name(value.type), path]}
            case {"each": list(parts)}:
                return {"each": [scalar_name(value.type), *parts]}
            case {"under": [str(name), str(path), *places]}:
                return {"under": [scalar_name(value.type), f"{name}:{path}", *places]}
            case None:
                return None
            case _:
                raise NoTerm(value.span, "a result in arithmetic is known only after the call")


def _refusal(call: ServiceCall, name: str, fault: NoTerm) -> Diagnostic:
    return Diagnostic(
        NOT_A_TERM,
        "error",
        f"`{name}` of `{call.operation}` can't be shown in the plan of what a yes sets off",
        fault.span,
        help=f"{fault.why}; compute the value before the `ask`, give it to the gate as a "
        "parameter, and read it through the approval",
    )
