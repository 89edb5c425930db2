"""``gantral compile --check-history``: whether recorded runs would do the same on what is generated
now (issue: worker versions). Imported only when asked for: it needs Temporal."""

from __future__ import annotations

import asyncio
import secrets
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from gantral.cli.failure import CLEAN, FINDINGS, Failure
from gantral.cli.project import reason

_REMEDY = "make it with: temporal workflow show --workflow-id ID --output json > FILE"


def check_histories(
    files: Sequence[str], packages: Mapping[str, Mapping[str, bytes]], settings: str
) -> int:
    """Replay each file against the package of its workflow, and say how it went.

    packages: name of a workflow -> what would be generated for it, file -> content.
    settings: of the deployment whose store holds the instances' keys.

    Raises:
        Failure: a file can't be read or is no history, its instance's key can't be had, or
            Temporal's library is missing.
    """
    try:
        from gantral.runtime import programs
        from gantral.runtime.keyring import Keyring, NoKey
        from gantral.runtime.settings import SettingsError, load
        from gantral.runtime.workers.assembly import open_store
        from gantral.runtime.workers.replaying import HistoryError, difference, read_history
    except ImportError as error:
        raise Failure(f"{error.name} is missing", "pip install 'gantral[runtime]'") from None
    try:
        keys = Keyring(open_store(load(settings)))
    except SettingsError as error:
        raise Failure(f"{settings}: {error.key}: {error.why}", error.remedy) from None
    status = CLEAN
    with tempfile.TemporaryDirectory() as folder:
        loaded = {
            name: programs.load(package, keys=keys)
            for name, package in _written(packages, Path(folder))
        }
        try:
            for file in files:
                try:
                    recorded = read_history(Path(file).read_bytes())
                except OSError as error:
                    raise Failure(f"{file} can't be read: {reason(error)}", _REMEDY) from None
                except HistoryError as error:
                    raise Failure(f"{file}: {error}", _REMEDY) from None
                program = loaded.get(recorded.workflow)
                if program is None:
                    raise Failure(
                        f"{file} is a run of {recorded.workflow}, which none of these specs is",
                        "name its spec, or leave the history out",
                    )
                if recorded.program != program.version_id:
                    status = FINDINGS
                    _wrong(
                        f"{file}: instance {recorded.instance} runs program"
                        f" {recorded.program[:16]}…; this is {program.version_id[:16]}…",
                        "it ends on the build that began it: keep a worker of that build until"
                        " gantral doctor counts none open on it",
                    )
                    continue
                try:
                    told = asyncio.run(difference(recorded, program))
                except NoKey as error:
                    raise Failure(
                        f"{file}: {error}",
                        "name the settings of its deployment: --settings FILE; a run whose texts"
                        " were erased can't be played again",
                    ) from None
                if told:
                    status = FINDINGS
                    _wrong(
                        f"{file}: {told}",
                        "keep the build that began it; the same program must do the same: what"
                        " changed is the runtime or Python",
                    )
                else:
                    count = len(recorded.activities)
                    print(
                        f"ok: {file}: {recorded.workflow} {program.manifest['version']}, instance"
                        f" {recorded.instance}: {count} activities, the same in the same order"
                    )
        finally:
            sys.path.remove(folder)
    return status


def _wrong(message: str, remedy: str) -> None:
    print(f"error: {message}\n  help: {remedy}", file=sys.stderr)


def _written(packages: Mapping[str, Mapping[str, bytes]], folder: Path) -> list[tuple[str, str]]:
    # Python keeps modules by name: what another call made must not be found again.
    parent = f"histories_{secrets.token_hex(4)}"
    found = []
    for number, (workflow, files) in enumerate(packages.items()):
        place = folder / parent / f"program{number}"
        place.mkdir(parents=True)
        for file, data in files.items():
            (place / file).write_bytes(data)
        found.append((workflow, f"{parent}.program{number}"))
    sys.path.insert(0, str(folder))
    return found
