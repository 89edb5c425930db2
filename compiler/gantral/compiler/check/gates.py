"""Gates: every clause's rules (LANGUAGE section 6)."""

from __future__ import annotations

from dataclasses import replace

from gantral.compiler.check import clauses, expressions
from gantral.compiler.check.env import Binding, Env
from gantral.compiler.check.services import Services
from gantral.compiler.names.findings import Findings
from gantral.compiler.names.module import Names
from gantral.compiler.program import declarations as de
from gantral.compiler.program import expressions as ex
from gantral.compiler.program.types import (
    SCALARS,
    BoolType,
    DateType,
    DecimalType,
    DurationType,
    EnumType,
    InstantType,
    IntType,
    JsonType,
    RecordType,
    StringType,
)
from gantral.compiler.types.relate import describe
from gantral.compiler.types.resolve import Types
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Label
from gantral.dsl.span import Span

_BOUNDED = (
    StringType, EnumType, IntType, DecimalType, BoolType, DateType, InstantType, DurationType,
    JsonType,
)  # fmt: skip
_CALCULATED = (IntType, DecimalType, DurationType, InstantType)


class Gates:
    """Checks gates; the parameters of each are resolved once."""

    def __init__(self, findings: Findings, types: Types, services: Services) -> None:
        self._findings = findings
        self._types = types
        self._services = services
        self._parameters: dict[Span, RecordType | None] = {}

    def parameters(self, names: Names, one: syn.Gate) -> RecordType | None:
        """What the gate takes; None after a finding."""
        key = one.name.span
        if key not in self._parameters:
            found = self._types.record(names, one.parameters, one.name.span)
            self._parameters[key] = found
        return self._parameters[key]

    def gate(self, names: Names, one: syn.Gate, personal: frozenset[str]) -> de.Gate | None:
        """The gate; `personal` are the parameters that some `ask` fills with personal data."""
        before = self._findings.errors
        record = self.parameters(names, one)
        if record is None:
            return None
        record = replace(
            record,
            fields=tuple(
                replace(field, personal=field.personal or field.name in personal)
                for field in record.fields
            ),
        )
        env = Env(self._findings, names, self._types)
        spans = {field.name.text: field.name.span for field in one.parameters}
        for field in record.fields:
            made = Binding("parameter", field.name, spans[field.name], field.type, field.personal)
            env.bind(made)
        title = None
        if one.title is not None:
            title = expressions.value(env, one.title, StringType())
        releases = self._releases(names, one)
        people = clauses.People(self._findings, names, record)
        decide = self._decide(one, people)
        veto = self._veto(one, people)
        apart = self._apart(one, people)
        clock = clauses.clock(self._findings, one, people, decide)
        waived = None
        if one.waived_by is not None:
            policy = names.lookup("policy", one.waived_by.parts, one.waived_by.span)
            waived = policy[1].name.text if policy is not None else None
        if one.guarded_by is not None:
            self._findings.not_built(one.guarded_by.span, "`guarded by policy`")
        amend = self._amend(env, one, record, people)
        prove = clauses.prove(self._findings, names, one.prove)
        lasts, uses = self._lasts(one)
        if self._findings.errors > before or decide is None:
            return None
        return de.Gate(
            name=one.name.text,
            parameters=record,
            title=title,
            releases=releases,
            decide=decide,
            waived_by=waived,
            initiator_may_decide=one.initiator_may_decide is not None,
            veto=veto,
            apart=apart,
            amend=amend,
            prove=prove,
            clock=clock,
            lasts=lasts,
            uses=uses,
            doc=one.doc,
            span=one.name.span,
        )

    def _releases(self, names: Names, one: syn.Gate) -> tuple[de.Release, ...]:
        made: dict[str, de.Release] = {}
        for release in one.releases:
            if release.flows:
                self._findings.not_built(release.flows[0].span, "`from` in `releases`")
            found = self._services.operation(names, release.operation)
            if found is None:
                continue
            operation = found[1]
            span = release.operation.span
            if not operation.acts:
                self._findings.error(
                    "G0323",
                    span,
                    f"`{operation.key}` is a {operation.kind}: it needs no approval",
                    "leave it out; a gate releases effects",
                )
                continue
            if operation.key in made:
                self._findings.error(
                    "G0203",
                    span,
                    f"`{operation.key}` is released twice",
                    "leave one of the two out",
                    (Label(made[operation.key].span, "first here"),),
                )
                continue
            if operation.kind == "critical effect" and one.waived_by is not None:
                self._findings.error(
                    "G0305",
                    span,
                    f"`{operation.key}` is critical, and policy may waive this gate",
                    "leave out `waived by`, or release it by a gate of its own",
                    (Label(one.waived_by.span, "waived here"),),
                )
            made[operation.key] = de.Release(operation.key, span)
        return tuple(made.values())

    def _decide(self, one: syn.Gate, people: clauses.People) -> de.Formula | None:
        whole = True
        for each in one.decide:
            if each.condition is not None:
                self._findings.not_built(each.condition.span, "`decide … when`")
                whole = False
        if len(one.decide) > 1 and whole:
            self._findings.not_built(one.decide[1].span, "more than one `decide`")
            whole = False
        return people.formula(one.decide[0].formula) if whole else None

    def _veto(self, one: syn.Gate, people: clauses.People) -> tuple[de.Principal, ...]:
        roles: list[syn.Principal] = []
        for each in one.veto:
            if isinstance(each, syn.RolePrincipal):
                roles.append(each)
            else:
                self._findings.not_built(each.span, "`veto` by a person", "name a role")
        return people.group(tuple(roles)) or ()

    def _apart(self, one: syn.Gate, people: clauses.People) -> tuple[de.ActorOf | de.ActorsOf, ...]:
        made: list[de.ActorOf | de.ActorsOf] = []
        for each in one.apart:
            if isinstance(each, syn.DecidersOf):
                self._findings.not_built(each.span, "`apart deciders of`")
                continue
            found = people.principal(each)
            if isinstance(found, (de.ActorOf, de.ActorsOf)):
                made.append(found)
        return tuple(made)

    def _lasts(self, one: syn.Gate) -> tuple[int | None, int]:
        if one.lasts is None:
            if one.releases:
                self._findings.error(
                    "G0242",
                    one.name.span,
                    f"gate `{one.name.text}` releases effects and does not say how long that lasts",
                    "add `lasts 30m, uses 1`",
                )
            return None, 1
        lasts = one.lasts
        if lasts.alike:
            self._findings.not_built(lasts.span, "`uses … alike`")
        if not one.releases:
            self._findings.error(
                "G0242",
                lasts.span,
                f"gate `{one.name.text}` releases nothing, so nothing can last",
                "leave `lasts` out, or say what it `releases`",
            )
        uses = lasts.uses.value if lasts.uses is not None else 1
        if lasts.duration.milliseconds <= 0 or uses < 1:
            self._findings.error(
                "G0242",
                lasts.span,
                "a yes lasts for some time and has a use",
                "write `lasts 30m, uses 1`",
            )
        return lasts.duration.milliseconds, uses

    def _amend(
        self, env: Env, one: syn.Gate, record: RecordType, people: clauses.People
    ) -> tuple[de.Amend, ...]:
        made: dict[tuple[str, ...], de.Amend] = {}
        for each in one.amend:
            path = tuple(part.text for part in each.path.parts)
            field = people.field(each.path)
            if field is None:
                continue
            who = next((w for w in people.read if w[: len(path)] == path), None)
            if who is not None:
                self._findings.error(
                    "G0309",
                    each.path.span,
                    f"`{each.path.text}` says who decides, so it can't be amended",
                    "leave this `amend` out: a decider would choose the deciders",
                )
                continue
            if not isinstance(field.type, SCALARS):
                self._findings.error(
                    "G0243",
                    each.path.span,
                    f"only a plain value can be amended, and this is {describe(field.type)}",
                    "amend its fields one by one"
                    if isinstance(field.type, RecordType)
                    else "declare the parameter as a plain value, without `?` or `list`",
                )
                continue
            if not isinstance(field.type, _BOUNDED):
                self._findings.not_built(each.path.span, "`amend` of a person")
                continue
            if path in made:
                self._findings.error(
                    "G0243",
                    each.path.span,
                    f"`{each.path.text}` is amended by two clauses",
                    "join the two conditions by `and`",
                    (Label(made[path].span, "first here"),),
                )
                continue
            with env.block():
                for word in ("old", "new"):
                    env.bindings[word] = Binding(
                        "old" if word == "old" else "new", word, None, field.type, field.personal
                    )
                test = expressions.condition(env, each.condition)
                del env.bindings["old"], env.bindings["new"]
            if test is not None and self._bound(test, path):
                made[path] = de.Amend(path, field.type, test, each.path.span)
        return tuple(made.values())

    def _bound(self, test: ex.Expr, own: tuple[str, ...]) -> bool:
        """Whether the condition is of the form that evidence can be judged by, offline."""
        match test:
            case ex.Literal() | ex.OldRef() | ex.NewRef():
                return True
            case ex.ParamRef() | ex.Member():
                if clauses.parameter_path(test) == own:
                    self._findings.error(
                        "G0243",
                        test.span,
                        f"`{'.'.join(own)}` is what is amended here",
                        "say `old` for the proposed value or `new` for the amended one",
                    )
                    return False
                good = isinstance(test.type, _BOUNDED)
            case ex.Logic() | ex.Not():
                good = True
            case ex.Compare():
                good = isinstance(test.left.type, _BOUNDED)
            case ex.Binary():
                good = isinstance(test.type, _CALCULATED)
            case ex.Narrowed():
                return self._bound(test.base, own)
            case _:
                good = False
        if not good:
            self._findings.not_built(
                test.span,
                "this in the bound of an `amend`",
                "use comparisons, `and`, `or`, `not` and `+ - *` over old, new and parameters",
            )
            return False
        if isinstance(test, ex.Member):
            return True
        return all(self._bound(part, own) for part in ex.children(test))


def who(one: syn.Gate) -> list[tuple[str, ...]]:
    """The paths of the proposal that say who decides, in order."""
    principals: list[syn.Principal] = [*one.veto]
    formulas: list[syn.Formula] = [each.formula for each in one.decide]
    while formulas:
        formula = formulas.pop()
        if isinstance(formula, (syn.AllOf, syn.AnyOf)):
            formulas += formula.parts
        elif isinstance(formula, syn.AtLeast):
            principals += formula.group
    for tick in one.clock.ticks:
        if isinstance(tick, syn.Widen):
            principals += [*tick.narrow, *tick.wide]
    principals += [each for each in one.apart if not isinstance(each, syn.DecidersOf)]
    named = [each for each in principals if not isinstance(each, syn.RolePrincipal)]
    return list(dict.fromkeys(tuple(part.text for part in each.path.parts) for each in named))
