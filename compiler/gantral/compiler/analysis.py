"""The pipeline: files, names, types, statements, flow, proofs; each stage only when the one before
found nothing wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from gantral.compiler.check import unused
from gantral.compiler.check.calendars import Calendars
from gantral.compiler.check.children import Programs
from gantral.compiler.check.events import Events
from gantral.compiler.check.gates import Gates
from gantral.compiler.check.services import Services
from gantral.compiler.check.workflow import Workflow, policy_path
from gantral.compiler.flow import build_flow
from gantral.compiler.manifest import unsayable
from gantral.compiler.names.findings import Findings
from gantral.compiler.names.module import Names
from gantral.compiler.names.project import Loader, Project, Source
from gantral.compiler.program.declarations import Program
from gantral.compiler.proofs import PROVED, prove
from gantral.compiler.types.resolve import Types
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Diagnostic, Label, Step, in_order
from gantral.dsl.front import writable
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span


@frozen
class Analysis:
    """What a file says. `programs` has each workflow of it that is proved, in source order; a file
    with an error has none. `sources` gives the paths of the files read, for rendering."""

    programs: tuple[Program, ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: tuple[str, ...] = ()


def analyse(project: Project, path: str) -> Analysis:
    """Checks and proves the workflows of one file, and all that it imports.

    Pure: reads nothing but what `project.read` gives. Never raises for any text.
    """
    return _analyse(project, path, {})


def _analyse(project: Project, path: str, known: dict[str, Analysis]) -> Analysis:
    """As `analyse`; `known` has the files whose workflows are run as children, each judged once.
    Imports form no circle, so this ends."""
    findings = Findings()
    loader = Loader(project, findings)
    root = loader.root(path)
    programs: list[Program] = []

    def elsewhere(path: str, name: str) -> Program | None:
        found = known.get(path)
        if found is None:
            found = known[path] = _analyse(project, path, known)
        wrong = [one for one in found.diagnostics if one.severity == "error"]
        findings.all += [one for one in wrong if one not in findings.all]
        findings.errors = sum(one.severity == "error" for one in findings.all)
        return next((one for one in found.programs if one.name == name), None)

    if root is not None:
        programs = _programs(findings, loader.loaded, root, project.read, elsewhere)
    # A child before those that run it: the manifest of a program names its children's.
    for program in programs:
        flow = build_flow(program)
        found = prove(flow)
        if not findings.errors and all(one.severity == "warning" for one in found):
            # What evidence can't say of a proved program is refused here as well.
            found = (*found, *unsayable(program, flow))
        findings.all = _merged(findings.all, found)
        findings.errors = sum(one.severity == "error" for one in findings.all)
    told = findings.all
    if findings.errors:
        # Warnings beside errors are mostly their consequence.
        told = [one for one in told if one.severity == "error"]
        programs = []
    told = [writable(one, loader.texts) for one in told]
    read = tuple(one.path for one in loader.loaded)
    programs.sort(key=lambda one: one.name_span.start)
    return Analysis(tuple(programs), in_order(told), read)


def _merged(typed: list[Diagnostic], proved: tuple[Diagnostic, ...]) -> list[Diagnostic]:
    """Both views of one fault as one finding: the type checker's words, the proof's path."""
    told = [
        replace(one, path=_path(one, proved)) if one.code in PROVED and not one.path else one
        for one in typed
    ]
    # Where the type checker found one of these, the others on the graph may be its consequence.
    known = PROVED if any(one.code in PROVED for one in typed) else frozenset()
    return told + [one for one in proved if one.code not in known]


def _path(one: Diagnostic, proved: tuple[Diagnostic, ...]) -> tuple[Step, ...]:
    """The path to the same place; the proof may mark the head of the call that the type checker
    marks a part of."""
    alike = [other for other in proved if other.code == one.code]
    before = [other for other in alike if other.span <= one.span]
    nearest = max(before, key=lambda other: other.span, default=next(iter(alike), None))
    return () if nearest is None else nearest.path


def check_text(
    name: str, text: str, others: Mapping[str, str] | None = None
) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with a text, in the order of the source; `others` are the files it
    may import, by path."""
    files = {**(others or {}), name: text}
    return analyse(Project(files.get), name).diagnostics


def _programs(
    findings: Findings,
    loaded: tuple[Source, ...],
    root: Source,
    read: Callable[[str], str | None],
    elsewhere: Callable[[str, str], Program | None],
) -> list[Program]:
    types = Types(findings)
    services = Services(findings, types)
    calendars = Calendars(findings, read)
    gates = Gates(findings, types, services, calendars)
    events = Events(findings, types)
    modules: dict[str, Names] = {}
    for source in loaded:
        modules[source.path] = Names(source, source.tree.declarations, findings, None, modules)
    roles: dict[str, Span] = {}
    for source in loaded:
        _module(findings, modules[source.path], types, services, gates, calendars, events)
    names = modules[root.path]

    def check(one: syn.Workflow) -> Program | None:
        inner = Names(root, one.declarations, findings, names, modules)
        _types(inner, types)
        _later(findings, inner, calendars)
        return Workflow(findings, inner, one, types, services, gates, events, checked).check()

    checked = Programs(findings, root.path, check, elsewhere)
    workflows = [one for _, one in names.declared if isinstance(one, syn.Workflow)]
    for each in workflows:
        checked.get(each)
    for source in loaded:
        _roles(findings, source, roles)
    unused.imports(findings, names)
    if workflows:
        unused.declarations(findings, names)
    return checked.whole


def _module(
    findings: Findings,
    names: Names,
    types: Types,
    services: Services,
    gates: Gates,
    calendars: Calendars,
    events: Events,
) -> None:
    """The declarations of a file that stand outside workflows."""
    _types(names, types)
    _later(findings, names, calendars)
    for _, one in names.declared:
        if isinstance(one, syn.Service):
            services.service(names, one)
        elif isinstance(one, syn.Policy):
            policy_path(findings, names, one)
        elif isinstance(one, syn.Gate):
            gates.gate(names, one, frozenset())
        elif isinstance(one, syn.Event):
            events.event(names, one)


def _types(names: Names, types: Types) -> None:
    for _, one in names.declared:
        if isinstance(one, syn.TypeDeclaration):
            types.declared(names, one)


def _later(findings: Findings, names: Names, calendars: Calendars) -> None:
    for _, one in names.declared:
        if isinstance(one, syn.Calendar):
            calendars.calendar(names, one)


def _roles(findings: Findings, source: Source, roles: dict[str, Span]) -> None:
    """A role's name is unique in a project, so that a vote's role means one thing."""
    declared: list[syn.Declaration] = []
    for one in source.tree.declarations:
        declared += [one, *one.declarations] if isinstance(one, syn.Workflow) else [one]
    for one in declared:
        if not isinstance(one, syn.Role):
            continue
        first = roles.setdefault(one.name.text, one.name.span)
        # Twice in one scope is said already, by the rule that a name binds once.
        if first != one.name.span and not any(
            found.span == one.name.span for found in findings.all if found.code == "G0203"
        ):
            findings.error(
                "G0215",
                one.name.span,
                f"role `{one.name.text}` is declared twice in this project",
                "declare it once, in a file that both import",
                (Label(first, "first declared here"),),
            )
