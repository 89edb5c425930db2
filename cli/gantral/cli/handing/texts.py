"""Specs, policies and role maps beside evidence: found by the digests that evidence names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gantral.cli.failure import Failure
from gantral.cli.project import Project, find_project
from gantral.evidence import EvidenceError, H, canonical
from gantral.evidence.bundle import MOST_TEXT, files_of

if TYPE_CHECKING:
    from gantral.compiler.program import Program
    from gantral.runtime.settings import Settings


def at_hand(
    named: set[str], projects: Iterable[Path], settings: Iterable[Settings]
) -> list[tuple[str, bytes]]:
    """Those texts of ``named`` that the projects and the deployment's settings hold, as they lie
    in a bundle."""
    found: dict[str, bytes] = {}
    for one in settings:
        if one.identity is not None:
            from gantral.api.deployment import role_map

            data = canonical(role_map(one.identity).statement())
            found[f"roles/{H('role-map', data)}"] = data
    for folder in projects:
        project = find_project(folder)
        found.update(_policies(project))
        if any(name.startswith("specs/") for name in named - found.keys()):
            found.update(_specs(project))
    return [(name, data) for name, data in found.items() if name in named]


def _policies(project: Project) -> Iterator[tuple[str, bytes]]:
    from gantral.cli.commands.policy import policy_files
    from gantral.policy.bundles import policy_version_id

    for folder in project.settings.policies:
        try:
            files = policy_files(project.root / folder)
            data = _files({path: content.decode("utf-8") for path, content in files.items()})
        except (Failure, UnicodeDecodeError, EvidenceError):
            # A folder without policies, or with files that no bundle holds: none travels along.
            continue
        yield f"policies/{policy_version_id(files).removeprefix('sha256:')}", data


def _specs(project: Project) -> Iterator[tuple[str, bytes]]:
    from gantral.cli.specs import check_file

    try:
        specs = project.specs()
    except Failure:
        return
    for spec in specs:
        checked = check_file(project, project.path_of(spec))
        for program in checked.analysis.programs:
            try:
                yield f"specs/{_version(program)}", _files(checked.sources)
            except EvidenceError:
                continue


def _files(files: Mapping[str, str]) -> bytes:
    return canonical([[path, files[path]] for path in sorted(files)], MOST_TEXT)


def _version(program: Program) -> str:
    """The workflow_version_id of a program, "" when it has no manifest."""
    from gantral.compiler.digest import workflow_version_id
    from gantral.compiler.manifest import manifest

    made = manifest(program)
    return workflow_version_id(made.data) if made.data else ""


def is_program(version: str, data: bytes) -> bool:
    """Whether a spec's text, compiled here and now, is the program that this version names: its
    manifest, byte for byte. Another version of gantral may compile to another manifest, so no
    only says that it can't be told here."""
    from gantral.cli.specs import check_read

    files = dict(files_of(data))

    def read(path: str) -> bytes | None:
        return files[path].encode() if path in files else None

    nowhere = Project(Path("/"))
    return any(
        _version(program) == version
        for path in files
        for program in check_read(nowhere, path, read).analysis.programs
    )
