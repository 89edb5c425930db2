"""``pytest`` in a project runs its scenario files, in the simulation (docs/scenarios.md).

In: ``scenarios/*.yaml`` below a ``pyproject.toml`` that has ``[tool.gantral]``. Out: a test for
each; one that does not come out as it says fails with what differs and what happened. Installed
with Gantral; ``-p no:gantral`` leaves it out.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from gantral.cli.project import Project
    from gantral.cli.scenarios.collect import Code
    from gantral.cli.scenarios.model import Scenario
    from gantral.cli.scenarios.running import Outcome, Simulating

_KINDS: Final = (".yaml", ".yml")


class Differs(Exception):  # noqa: N818 - the outcome of a test
    """A scenario does not come out as it says."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        super().__init__("; ".join(outcome.told))


class _Projects:
    """What the session made of each project: its code, once, and one simulation of it."""

    def __init__(self) -> None:
        self._open = contextlib.ExitStack()
        self._code: dict[Path, Code] = {}
        self._simulating: dict[Path, Simulating] = {}

    def code(self, project: Project) -> Code:
        """The project, compiled. Raises NotProved, Failure."""
        from gantral.cli.scenarios.collect import compiled

        if project.root not in self._code:
            self._code[project.root] = compiled(project)
        return self._code[project.root]

    def simulating(self, project: Project) -> Simulating:
        """Where its scenarios are played."""
        from gantral.cli.scenarios.running import simulating

        if project.root not in self._simulating:
            opened = self._open.enter_context(simulating(self.code(project)))
            self._simulating[project.root] = opened
        return self._simulating[project.root]

    def close(self) -> None:
        """End them."""
        self._open.close()


_PROJECTS: Final = pytest.StashKey[_Projects]()


def pytest_configure(config: pytest.Config) -> None:
    """Have a place for the projects."""
    projects = config.stash[_PROJECTS] = _Projects()
    config.add_cleanup(projects.close)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A scenario file of a project."""
    if file_path.suffix not in _KINDS or file_path.parent.name != "scenarios":
        return None
    from gantral.cli.failure import Failure
    from gantral.cli.project import find_project

    with contextlib.suppress(Failure):
        if not find_project(file_path).configured:
            return None
    return ScenarioFile.from_parent(parent, path=file_path)


class ScenarioFile(pytest.File):
    """A file with one scenario."""

    def collect(self) -> Iterator[pytest.Item]:
        """The scenario.

        Raises:
            CollectError: the specs have an error, or the file can't be read as it is.
        """
        from gantral.cli.failure import Failure

        try:
            from gantral.cli.scenarios.collect import NotProved, project_of, read, shown
            from gantral.cli.scenarios.nodes import WrongScenario
        except ImportError as error:
            raise self.CollectError(
                f"{error}: scenarios are played by gantral's runtime: install gantral[api]"
            ) from None
        try:
            project = project_of(self.path)
            scenario = read(self.path, self.config.stash[_PROJECTS].code(project))
        except NotProved as error:
            raise self.CollectError(_said(error.checked)) from None
        except WrongScenario as error:
            raise self.CollectError(error.told(shown(self.path))) from None
        except Failure as error:
            raise self.CollectError(str(error)) from None
        item = ScenarioItem.from_parent(self, name=self.path.stem)
        item.project, item.scenario = project, scenario
        yield item


class ScenarioItem(pytest.Item):
    """One scenario, as a test."""

    project: Project
    scenario: Scenario

    def runtest(self) -> None:
        """Play it. Raises Differs."""
        outcome = self.config.stash[_PROJECTS].simulating(self.project).play(self.scenario)
        if not outcome.ok:
            raise Differs(outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What differs from what is expected, and what happened."""
        if not isinstance(excinfo.value, Differs):
            return super().repr_failure(excinfo, style)
        outcome = excinfo.value.outcome
        lines = [f"{outcome.scenario.file}: {outcome.scenario.about}"]
        return "\n".join([*lines, *(f"  {line}" for line in outcome.lines())])

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The file, and what the scenario is about."""
        return self.path, None, f"scenario: {self.scenario.about}"


def _said(checked: Iterable[Any]) -> str:
    """What `gantral check` says of specs that have errors."""
    from gantral.cli.output import tell

    out = io.StringIO()
    tell(list(checked), out=out)
    return out.getvalue()
