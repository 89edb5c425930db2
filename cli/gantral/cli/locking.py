"""`gantral.lock`: which program each released version is. `gantral lock` writes it, `check` and
`compile` hold every spec to it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gantral.cli.failure import Failure
from gantral.cli.project import Project
from gantral.cli.specs import STDIN, Checked
from gantral.compiler.program import Program
from gantral.dsl.diagnostics import Diagnostic

NAME = "gantral.lock"
CHANGED = "G0010"
_HEAD = "# Written by gantral lock: a version here is this program and no other. Commit it.\n"
_DIGEST = re.compile(r"[0-9a-f]{64}")

# Workflow, as team.name -> version -> program digest.
Locked = Mapping[str, Mapping[str, str]]


def read(project: Project) -> Locked:
    """What is locked in a project; nothing when it has no lock file.

    Raises:
        Failure: the file is not what `gantral lock` writes.
    """
    data = project.read(NAME)
    if data is None:
        return {}
    try:
        teams = tomllib.loads(data.decode("utf-8"))
        return {
            f"{team}.{name}": {version: _digest(digest) for version, digest in versions.items()}
            for team, names in teams.items()
            for name, versions in names.items()
        }
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError, ValueError) as error:
        raise Failure(
            f"{project.root / NAME} is not what gantral lock writes: {error}",
            "take it from version control again",
        ) from None


def key(program: Program) -> str:
    """The workflow that versions are of."""
    return f"{program.team}.{program.name}"


def added(locked: Locked, programs: Sequence[Program]) -> tuple[Program, ...]:
    """Those whose version is not locked yet.

    Raises:
        Failure: two of them are one version of one workflow.
    """
    fresh = [one for one in programs if one.version not in locked.get(key(one), {})]
    seen: set[tuple[str, str]] = set()
    for one in fresh:
        if (key(one), one.version) in seen:
            raise Failure(
                f"two workflows are called {one.name} and have version {one.version}",
                "give one of them another name",
            )
        seen.add((key(one), one.version))
    return tuple(fresh)


def written(locked: Locked, added: Sequence[Program]) -> bytes:
    """The file's bytes with what is added: workflows and versions sorted, so that the lines of two
    who lock at once merge."""
    from gantral.compiler.digest import program_digest

    every = {workflow: dict(versions) for workflow, versions in locked.items()}
    for one in added:
        every.setdefault(key(one), {})[one.version] = program_digest(one)
    parts = [_HEAD]
    for workflow, versions in sorted(every.items()):
        parts.append(f"\n[{workflow}]\n")
        parts += [f'"{version}" = "{digest}"\n' for version, digest in sorted(versions.items())]
    return "".join(parts).encode()


def held(checked: Checked) -> Checked:
    """The same, with an error for each workflow whose version is locked as another program. A spec
    that has an error is not compared: what it would be is not known.

    Raises:
        Failure: the lock file is not what `gantral lock` writes.
    """
    if checked.path == STDIN or any(one.severity == "error" for one in checked.shown):
        return checked
    locked = read(checked.project)
    if not locked:
        return checked
    # Only here: few projects have locked anything.
    from gantral.compiler.digest import program_digest

    found = [
        Diagnostic(
            CHANGED,
            "error",
            f"{one.name} {one.version} is locked as another program",
            replace(one.name_span, source=checked.name),
            help="give the changed workflow a new version; `gantral diff` says what changed. Was "
            f"{one.version} never deployed: remove its line from {NAME}",
        )
        for one in checked.analysis.programs
        if locked.get(key(one), {}).get(one.version, program_digest(one)) != program_digest(one)
    ]
    return replace(checked, shown=(*checked.shown, *found))


def _digest(value: object) -> str:
    if not isinstance(value, str) or _DIGEST.fullmatch(value) is None:
        raise ValueError(f"{value!r} is no digest")
    return value
