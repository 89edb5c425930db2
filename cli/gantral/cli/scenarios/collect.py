"""Which scenario files a command line means, and which program each is about."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gantral.cli.failure import MISUSE, Failure
from gantral.cli.project import Project, find_project
from gantral.cli.scenarios.model import Actor, Scenario
from gantral.cli.scenarios.nodes import Place, WrongScenario
from gantral.cli.scenarios.people import People, project_people
from gantral.cli.scenarios.read import read_scenario, workflow_of
from gantral.cli.specs import Checked, check_paths
from gantral.compiler.generate import generate
from gantral.compiler.program import Program
from gantral.compiler.program.walk import calls, parallels

_FOLDER = "scenarios"
_KINDS = (".yaml", ".yml")


@dataclass(frozen=True)
class Code:
    """What the specs of one project are compiled to, and who acts there.

    ``programs``: workflow -> the files of its generated package; ``sources``: the texts of the
    specs; ``beside``: the workflows of which effects may happen at once.
    """

    programs: Mapping[str, Mapping[str, bytes]]
    sources: Mapping[str, str]
    manifests: Mapping[str, Any]
    known: Mapping[str, Actor]
    beside: Set[str]

    @property
    def packages(self) -> tuple[Mapping[str, bytes], ...]:
        """The generated packages."""
        return tuple(self.programs.values())


@dataclass(frozen=True)
class Suite:
    """The scenarios of one project; ``wrong``: messages about files that can't be read as they are;
    ``whole``: no file was picked out."""

    code: Code
    scenarios: tuple[Scenario, ...]
    wrong: tuple[str, ...]
    whole: bool


class NotProved(Exception):  # noqa: N818 - what is the matter, not what went wrong
    """A spec of the project has errors; ``checked`` holds them."""

    def __init__(self, checked: Sequence[Checked]) -> None:
        self.checked = checked
        super().__init__()


def collect(paths: Sequence[Path]) -> list[Suite]:
    """The suites of these files and folders; none: of the project here.

    Raises:
        Failure: a path is not there, or there is no scenario.
        NotProved: a spec has errors.
    """
    files: dict[Path, list[Path]] = {}
    projects: dict[Path, Project] = {}
    for given in paths or [Path()]:
        for file in scenario_files(given):
            project = project_of(file)
            projects[project.root] = project
            files.setdefault(project.root, []).append(file)
    whole = not any(path.is_file() for path in paths)
    return [
        _suite(projects[root], list(dict.fromkeys(found)), whole) for root, found in files.items()
    ]


def scenario_files(path: Path) -> list[Path]:
    """The scenario files at a path: itself, or what lies in ``scenarios`` folders at and below it.

    Raises:
        Failure.
    """
    try:
        if path.is_file():
            return [path]
        if not path.is_dir():
            raise Failure(f"{path}: there is no such file or folder", code=MISUSE)
        found = sorted(
            file
            for file in path.resolve().rglob("*")
            if file.suffix in _KINDS
            and file.parent.name == _FOLDER
            and not {"build", "node_modules"} & set(file.relative_to(path.resolve()).parts)
            and file.is_file()
        )
    except OSError as error:
        raise Failure(f"{path} can't be read: {error.strerror}", code=MISUSE) from None
    if not found:
        raise Failure(
            f"{path}: there is no scenario here",
            f"write them beside the spec, as {_FOLDER}/<story>.yaml",
            MISUSE,
        )
    return found


def shown(file: Path) -> str:
    """A file as the user sees it."""
    try:
        return file.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(file)


def project_of(file: Path) -> Project:
    """The project of a scenario file: the one that is configured above it, or the folder in which
    its own folder lies."""
    project = find_project(file)
    return project if project.configured else Project(file.resolve().parent.parent)


def _suite(project: Project, files: Sequence[Path], whole: bool) -> Suite:
    code = compiled(project)
    scenarios, wrong = [], []
    for file in files:
        try:
            scenarios.append(read(file, code))
        except WrongScenario as error:
            wrong.append(error.told(shown(file)))
    return Suite(code, tuple(scenarios), tuple(wrong), whole)


def compiled(project: Project) -> Code:
    """Generate the packages of a project anew, so that they are never stale.

    Raises:
        NotProved: a spec has errors. Failure: code can't be generated.
    """
    checked = check_paths([str(path) for path in project.specs()])
    if any(one.severity == "error" for file in checked for one in file.shown):
        raise NotProved(checked)
    programs: dict[str, Mapping[str, bytes]] = {}
    beside: set[str] = set()
    for one in checked:
        for program in one.analysis.programs:
            made = generate(program, one.sources)
            if made.diagnostics:
                raise Failure(
                    f"{one.name}: {made.diagnostics[0].message}", "gantral compile says more"
                )
            programs[program.name] = made.files
            if _acts_beside(program):
                beside.add(program.name)
    manifests = {name: json.loads(files["manifest.json"]) for name, files in programs.items()}
    sources = {name: text for one in checked for name, text in one.sources.items()}
    return Code(programs, sources, manifests, project_people(project.root), beside)


def _acts_beside(program: Program) -> bool:
    """Whether effects of it may happen at once: then nobody can say which comes first."""
    return any(
        program.operations[call.operation].acts
        for parallel in parallels(program.run)
        for branch in parallel.branches
        for call in calls(branch.body)
    )


def read(file: Path, code: Code) -> Scenario:
    """Read one scenario file.

    Raises:
        WrongScenario: it can't be read as it is. Failure: it can't be read at all.
    """
    from gantral.api.deployment import assurances_of, roles_of

    try:
        source = file.read_text("utf-8")
    except UnicodeDecodeError:
        raise WrongScenario(Place(1, 1), "yaml", "this is not UTF-8", "save it so") from None
    except OSError as error:
        raise Failure(f"{file} can't be read: {error.strerror}") from None
    manifests = code.manifests
    node, name = workflow_of(source)
    if name is None and len(manifests) == 1:
        name = next(iter(manifests))
    if name is None or name not in manifests:
        names = ", ".join(sorted(manifests)) or "none"
        raise WrongScenario(
            node.keys.get("workflow", node.place),
            "unknown_name",
            "which workflow this is about is not said"
            if name is None
            else f"there is no workflow {name}",
            f"write workflow: one of {names}",
        )
    family = _family(name, manifests)
    roles = frozenset(role for one in family for role in roles_of(one))
    levels = frozenset(level for one in family for level in assurances_of(one))
    people = People(code.known, roles, levels)
    # What its children ask and call is part of the story.
    manifest = {
        **family[0],
        "gates": {k: v for one in reversed(family) for k, v in one["gates"].items()},
        "operations": {k: v for one in reversed(family) for k, v in one["operations"].items()},
        "workflows": sorted({str(one["workflow_id"]) for one in family[1:]}),
    }
    scenario = read_scenario(shown(file), node, manifest, people)
    return replace(scenario, beside=any(one["workflow_id"] in code.beside for one in family))


def _family(name: str, manifests: Mapping[str, Any]) -> list[Any]:
    """The manifest of a workflow, and those of all that it runs as children, theirs too."""
    names = [name]
    for one in names:
        ran = [str(child["workflow_id"]) for child in manifests[one].get("children", {}).values()]
        names += [each for each in dict.fromkeys(ran) if each not in names]
    return [manifests[one] for one in names]
