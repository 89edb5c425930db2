"""Gates: every clause's rules (LANGUAGE section 6)."""

from __future__ import annotations

from dataclasses import replace

from gantral.compiler.check import across, cases, clauses, closed, expressions, open_time
from gantral.compiler.check.calendars import Calendars
from gantral.compiler.check.env import Binding, Env
from gantral.compiler.check.services import Services
from gantral.compiler.names.findings import Findings
from gantral.compiler.names.module import Names
from gantral.compiler.program import declarations as de
from gantral.compiler.program import expressions as ex
from gantral.compiler.program.types import (
    SCALARS,
    PersonType,
    RecordType,
    StringType,
)
from gantral.compiler.types.relate import describe
from gantral.compiler.types.resolve import Types
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Label
from gantral.dsl.span import Span


class Gates:
    """Checks gates; the parameters of each are resolved once."""

    def __init__(
        self, findings: Findings, types: Types, services: Services, calendars: Calendars
    ) -> None:
        self._findings = findings
        self._calendars = calendars
        self._types = types
        self._services = services
        self._parameters: dict[Span, RecordType | None] = {}
        self.kept_apart: list[tuple[syn.DecidersOf, Span]] = []
        """Each `deciders of`, with where the gate that it names is declared."""

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
        env = Env(self._findings, names, self._types, timeless=True)
        spans = {field.name.text: field.name.span for field in one.parameters}
        for field in record.fields:
            made = Binding("parameter", field.name, spans[field.name], field.type, field.personal)
            env.bind(made)
        title = None
        if one.title is not None:
            title = expressions.value(env, one.title, StringType())
        releases = self._releases(names, one)
        people = clauses.People(self._findings, names, record)
        decide = cases.decide(env, one, people)
        veto = people.group(one.veto) or ()
        apart = self._apart(names, one, people)
        clock = clauses.clock(self._findings, one, people, decide)
        calendar = None
        if one.clock.calendar is not None:
            calendar = self._calendars.used(names, one.clock.calendar)
            if calendar is not None:
                open_time.clock(self._findings, one.clock, calendar)
        waived, guarded = _policy(names, one.waived_by), _policy(names, one.guarded_by)
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
            guarded_by=guarded,
            initiator_may_decide=one.initiator_may_decide is not None,
            veto=veto,
            apart=apart,
            amend=amend,
            prove=prove,
            clock=clock,
            calendar=calendar,
            lasts=lasts,
            uses=uses,
            alike=one.lasts is not None and one.lasts.alike,
            doc=one.doc,
            span=one.name.span,
        )

    def _releases(self, names: Names, one: syn.Gate) -> tuple[de.Release, ...]:
        made: dict[str, de.Release] = {}
        for release in one.releases:
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
            if release.flows:
                flows = across.flows(self._findings, self._services, names, release, operation)
                made[operation.key] = de.ReleaseFrom(operation.key, span, flows)
        return tuple(made.values())

    def _apart(
        self, names: Names, one: syn.Gate, people: clauses.People
    ) -> tuple[de.Separation, ...]:
        made: list[de.Separation] = []
        for each in one.apart:
            if isinstance(each, syn.DecidersOf):
                other = names.lookup("gate", each.gate.parts, each.gate.span)
                if other is not None:
                    made.append(de.DecidersOf(other[1].name.text, each.span))
                    self.kept_apart.append((each, other[1].name.span))
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
        if lasts.alike and uses < 2:
            self._findings.error(
                "G0242",
                lasts.span,
                "`alike` is about two uses, and there is one",
                "leave `alike` out, or say how many `uses` there are",
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
            if people.in_document(each.path):
                self._findings.error(
                    "G0338",
                    each.path.span,
                    "a part of a document can't be amended: its digest says which bytes it is",
                    "leave this `amend` out, and let the deciders reject what is not the one",
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
            if isinstance(field.type, PersonType):
                self._findings.error(
                    "G0217",
                    each.path.span,
                    "a vote would say in clear whom it amends this to, and a person can't be "
                    "erased there",
                    "leave this `amend` out: deciders reject, and the person is taken from a read",
                )
                continue
            if field.personal:
                self._personal(each.path.span, "a vote says in clear what it amends this to")
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
            if test is not None and self._bounds(test, path):
                made[path] = de.Amend(path, field.type, test, each.path.span)
        return tuple(made.values())

    def _bounds(self, test: ex.Expr, own: tuple[str, ...]) -> bool:
        odd = closed.misfit(test)
        if odd is not None:
            self._findings.error(
                "G0334",
                odd.span,
                "evidence can't be judged by this, so nobody could check what was amended",
                "use comparisons, `and`, `or`, `not` and `+ - *` over old, new and parameters",
            )
            return False
        for read in closed.reads(test):
            if clauses.parameter_path(read) == own:
                self._findings.error(
                    "G0243",
                    read.span,
                    f"`{'.'.join(own)}` is what is amended here",
                    "say `old` for the proposed value or `new` for the amended one",
                )
                return False
            if read.personal:
                self._personal(read.span, "what a bound reads is in the evidence in clear")
                return False
        return True

    def _personal(self, span: Span, why: str) -> None:
        self._findings.error(
            "G0217",
            span,
            f"{why}, where personal data can't be erased",
            "amend something else, or bound it by what is not personal",
        )


def _policy(names: Names, path: syn.Path | None) -> str | None:
    found = None if path is None else names.lookup("policy", path.parts, path.span)
    return None if found is None else found[1].name.text


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
        else:
            principals += [each.principal for each in formula.weights]
    for tick in one.clock.ticks:
        if isinstance(tick, syn.Widen):
            principals += [*tick.narrow, *tick.wide]
    principals += [each for each in one.apart if not isinstance(each, syn.DecidersOf)]
    named = [each for each in principals if not isinstance(each, syn.RolePrincipal)]
    return list(dict.fromkeys(tuple(part.text for part in each.path.parts) for each in named))
