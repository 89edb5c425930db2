"""Who decides, by when and with what: the clauses of a gate that name people and times."""

from __future__ import annotations

from gantral.compiler import formulas
from gantral.compiler.names.findings import Findings, meant
from gantral.compiler.names.module import Names
from gantral.compiler.program import declarations as de
from gantral.compiler.program import expressions as ex
from gantral.compiler.program.types import (
    Field,
    ListType,
    OptionalType,
    PersonType,
    RecordType,
    Type,
    is_document,
)
from gantral.compiler.types.relate import describe
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Label
from gantral.dsl.span import Span


def parameter_path(one: ex.Expr) -> tuple[str, ...] | None:
    """The path of an expression that reads a parameter."""
    path: list[str] = []
    while isinstance(one, (ex.Member, ex.Narrowed)):
        if isinstance(one, ex.Member):
            path.append(one.name)
        one = one.base
    if not isinstance(one, ex.ParamRef):
        return None
    return (one.name, *reversed(path))


class People:
    """Principals and formulas over a gate's parameters. `read` are the paths that say who."""

    def __init__(self, findings: Findings, names: Names, record: RecordType) -> None:
        self._findings = findings
        self._names = names
        self._record = record
        self.read: list[tuple[str, ...]] = []
        # How many persons a list of them holds at most.
        self._listed: dict[tuple[str, ...], int | None] = {}

    def in_document(self, path: syn.Path) -> bool:
        """Whether a path of these parameters names a part of a document."""
        type_: Type | None = None if len(path.parts) < 2 else self._record
        for part in path.parts[:-1]:
            found = type_.field(part.text) if isinstance(type_, RecordType) else None
            type_ = None if found is None else found.type
        return type_ is not None and is_document(type_)

    def field(self, path: syn.Path) -> Field | None:
        """The field of the parameters that a path names; None after a finding."""
        found: Field | None = None
        type_: Type = self._record
        for part in path.parts:
            if isinstance(type_, OptionalType):
                self._findings.error(
                    "G0207",
                    part.span,
                    "what this is a part of may be none",
                    "declare it without `?`, or take the part as a parameter of its own",
                )
                return None
            field = type_.field(part.text) if isinstance(type_, RecordType) else None
            if field is None:
                listed = [f.name for f in type_.fields] if isinstance(type_, RecordType) else []
                help, edits = meant(part.span, part.text, listed, "add it to the parameters")
                what = "parameter" if found is None else "field"
                self._findings.error(
                    "G0204", part.span, f"there is no {what} `{part.text}`", help, (), edits
                )
                return None
            personal = field.personal or (found is not None and found.personal)
            found = Field(field.name, field.type, personal, field.wire)
            type_ = field.type
        return found

    def principal(self, one: syn.Principal) -> de.Principal | None:
        """A role, or a person or persons of the proposal."""
        if isinstance(one, syn.RolePrincipal):
            if [part.text for part in one.path.parts] == ["initiator"]:
                self._findings.error(
                    "G0240",
                    one.span,
                    "the initiator is no role",
                    "say `initiator may decide`, or pass the initiator and name `actor …`",
                )
                return None
            found = self._names.lookup("role", one.path.parts, one.path.span)
            return None if found is None else de.RoleOf(found[1].name.text, one.span)
        field = self.field(one.path)
        if field is None:
            return None
        path = tuple(part.text for part in one.path.parts)
        wanted = "a person" if isinstance(one, syn.Actor) else "a list of persons"
        type_ = field.type
        if isinstance(one, syn.Actors) and isinstance(type_, ListType):
            type_ = type_.element
        elif isinstance(one, syn.Actors):
            type_ = OptionalType(type_)
        if not isinstance(type_, PersonType):
            self._findings.error(
                "G0244",
                one.path.span,
                f"{wanted} is wanted here, and this is {describe(field.type)}",
                "name a parameter of type `person`"
                if isinstance(one, syn.Actor)
                else "name a parameter of type `list(max: …) of person`",
            )
            return None
        self.read.append(path)
        if isinstance(field.type, ListType):
            self._listed[path] = field.type.max
        if isinstance(one, syn.Actor):
            return de.ActorOf(path, one.span)
        return de.ActorsOf(path, one.span)

    def group(self, principals: tuple[syn.Principal, ...]) -> tuple[de.Principal, ...] | None:
        """Principals, each once; None after a finding."""
        seen: dict[object, Span] = {}
        made: list[de.Principal] = []
        whole = True
        for each in principals:
            found = self.principal(each)
            if found is None:
                whole = False
                continue
            key = same(found)
            if key in seen:
                self._findings.error(
                    "G0240",
                    each.span,
                    "this stands twice in one group",
                    "leave one of the two out",
                    (Label(seen[key], "first here"),),
                )
                whole = False
                continue
            seen[key] = each.span
            made.append(found)
        return tuple(made) if whole else None

    def formula(self, one: syn.Formula) -> de.Formula | None:
        """A formula that some voters can meet and whoever recounts it will count; None after a
        finding."""
        made = self._formula(one)
        if made is None:
            return None
        size = formulas.size(made)
        for count, most, what in (
            (size.voters, formulas.RECOUNTED_VOTERS, "voters in one of its alternatives"),
            (size.alternatives, formulas.RECOUNTED_ALTERNATIVES, "alternatives"),
            (size.splits, formulas.RECOUNTED_SPLITS, "ways to share the points of one out"),
        ):
            if count > most:
                self._findings.error(
                    "G0240",
                    one.span,
                    f"this wants {count} {what}, and at most {most} are counted",
                    "ask for fewer, or ask in two gates",
                )
                return None
        return made

    def _formula(self, one: syn.Formula) -> de.Formula | None:
        match one:
            case syn.AllOf() | syn.AnyOf():
                parts = [self._formula(part) for part in one.parts]
                whole = tuple(part for part in parts if part is not None)
                if len(whole) < len(parts):
                    return None
                made = de.AllOf if isinstance(one, syn.AllOf) else de.AnyOf
                return made(whole, one.span)
            case syn.Weighted():
                return self._points(one)
            case syn.AtLeast():
                group = self.group(one.group)
                if group is None:
                    return None
                count = one.count.value
                if count < 1:
                    self._findings.error(
                        "G0240", one.count.span, "somebody has to decide", "write `1 of …`"
                    )
                    return None
                if count > len(group) and all(isinstance(p, de.ActorOf) for p in group):
                    self._findings.error(
                        "G0240",
                        one.span,
                        f"{count} voters among {len(group)} named can't be had",
                        f"ask for {len(group)}, or name more",
                    )
                    return None
                return de.Quorum(count, group, one.span)

    def _points(self, one: syn.Weighted) -> de.Points | None:
        principals = self.group(tuple(each.principal for each in one.weights))
        if principals is None:
            return None
        numbers = [one.points, *(each.points for each in one.weights)]
        for number in numbers:
            if not 1 <= number.value <= formulas.RECOUNTED_POINTS:
                self._findings.error(
                    "G0240",
                    number.span,
                    f"points are counted from 1 to {formulas.RECOUNTED_POINTS}",
                    "write a whole number between the two",
                )
                return None
        weights = [each.points.value for each in one.weights]
        most = self._most(principals, weights)
        if most is not None and most < one.points.value:
            self._findings.error(
                "G0240",
                one.span,
                f"all who are named here bring {most} points, and {one.points.value} are wanted",
                f"ask for {most}, or name more",
            )
            return None
        return de.Points(one.points.value, tuple(zip(principals, weights, strict=True)), one.span)

    def _most(self, principals: tuple[de.Principal, ...], weights: list[int]) -> int | None:
        """What all of them bring together; None when there is no telling: a role has any number of
        holders."""
        found = 0
        for one, weight in zip(principals, weights, strict=True):
            many = 1 if isinstance(one, de.ActorOf) else None
            if isinstance(one, de.ActorsOf):
                many = self._listed[one.path]
            if many is None:
                return None
            found += weight * many
        return found


def same(one: de.Principal) -> tuple[object, ...]:
    """What makes two principals one, spans apart."""
    if isinstance(one, de.RoleOf):
        return ("role", one.name)
    return (type(one).__name__, one.path)


def named(formula: de.Formula) -> list[de.Principal]:
    """Every principal of a formula, in order."""
    if isinstance(formula, de.AnyOf | de.AllOf):
        return [one for part in formula.parts for one in named(part)]
    return list(formula.principals)


def everybody(decide: de.Formula | de.Cases) -> list[de.Principal]:
    """Every principal of every case, in order."""
    if isinstance(decide, de.Cases):
        return [one for case in decide.cases for one in named(case.formula)]
    return named(decide)


def clock(
    findings: Findings, gate: syn.Gate, people: People, decide: de.Formula | de.Cases | None
) -> tuple[de.Tick, ...]:
    """The ticks: rising, the last and only the last is `reject`; `widen` names who is asked."""
    one = gate.clock
    known = {same(each) for each in everybody(decide)} if decide is not None else None
    made: list[de.Tick] = []
    before = 0
    for at, tick in enumerate(one.ticks):
        last = at == len(one.ticks) - 1
        after = tick.after.milliseconds
        if after <= before:
            findings.error(
                "G0241",
                tick.after.span,
                "the clock does not rise here" if at else "the clock starts at nothing",
                "order the ticks by their time, each after the one before",
            )
            return ()
        before = after
        if isinstance(tick, syn.Reject) and not last:
            findings.error(
                "G0502",
                tick.span,
                "the clock goes on after `reject`",
                "make `after … reject` the last tick, and the only one",
            )
            return ()
        match tick:
            case syn.Remind():
                made.append(de.Remind(after, tick.span))
            case syn.Reject():
                made.append(de.Reject(after, tick.span))
            case syn.Widen():
                narrow, wide = people.group(tick.narrow), people.group(tick.wide)
                if narrow is None or wide is None:
                    continue
                for each in narrow:
                    if known is not None and same(each) not in known:
                        findings.error(
                            "G0245",
                            each.span,
                            "`widen` starts from somebody that `decide` does not name",
                            "name a role of the formula",
                        )
                if known is not None:
                    known |= {same(each) for each in wide}
                made.append(de.Widening(after, narrow, wide, tick.span))
    if not one.ticks or not isinstance(one.ticks[-1], syn.Reject):
        findings.error(
            "G0502",
            one.span,
            f"gate `{gate.name.text}` could wait for ever: its clock does not end in `reject`",
            "add a last tick, such as `after 72h reject`",
        )
    return tuple(made)


def prove(findings: Findings, names: Names, one: syn.Prove | None) -> de.Prove | None:
    """What a vote must bring."""
    if one is None:
        return None
    bounds: dict[str, int] = {}
    for each in one.reason_refinements:
        name = each.name.text if each.name is not None else ""
        if name not in ("min", "max") or name in bounds or not isinstance(each.value, syn.Integer):
            findings.error(
                "G0246",
                each.span,
                "`reason` takes `min` and `max`, each a number of characters",
                "write `reason(min: 20)`",
            )
            continue
        bounds[name] = each.value.value
    low, high = bounds.get("min"), bounds.get("max")
    if low is not None and high is not None and low > high:
        findings.error("G0246", one.span, "`min` is above `max`", "swap the two")
    assurance = None
    if one.assurance is not None:
        found = names.lookup("assurance", one.assurance.parts, one.assurance.span)
        assurance = found[1].name.text if found is not None else None
    login = one.login_within.milliseconds if one.login_within is not None else None
    if login is not None and login <= 0:
        assert one.login_within is not None
        findings.error(
            "G0246", one.login_within.span, "a login is some time ago", "write `login within 12h`"
        )
    return de.Prove(one.reason is not None, low, high, assurance, login, one.span)
