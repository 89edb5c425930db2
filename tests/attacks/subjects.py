"""What is attacked: VALID evidence of every kind of chain, in memory; how it is judged there."""

from __future__ import annotations

import copy
import io
import json
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import test_only_if
import test_several_approvals
from forging import EXTRA
from gantral.evidence import H, Report, TrustFile, canonical
from gantral.evidence.bytes import MANIFEST_DEPTH, MAX_BYTES
from gantral.evidence.folder import LINE, belongs
from gantral.evidence.verify import verify_files
from scenes import Forge, Scene, build
from test_beside_commits import approved, erased, late_vote, refusal
from test_calendar_gates import CHAINS_OF_OFFICE, OFFICE
from test_guarded_gates import GUARDED, GUARDED_CHAINS
from test_waits_in_chains import VALID as WAITED
from test_waits_in_chains import WAITING
from vector_manifest import MANIFEST
from vectors import CHAINS, inputs

Files = dict[str, bytes]
OTHER_INSTANCE = "0f0f6a1e-6d0c-4a53-9d0e-2f1f0c6f7b11"
# Processor time, not the clock's: a busy machine hangs nothing. A verdict here takes some 5 ms.
MOST_SECONDS = 10.0


class Hang(BaseException):
    """Not an Exception, so that nothing takes it for one of the evidence's faults."""


@contextmanager
def bounded() -> Iterator[None]:
    """Raises Hang in what takes more processor time than any evidence of this size may."""

    def ring(*_: Any) -> None:
        raise Hang

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


class Memory:
    """The files of one instance, without a disk (``gantral.evidence.folder.Files``)."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = {name: data for name, data in files.items() if belongs(name)}
        self.names = self.files
        self.strangers = sorted(files.keys() - self.files.keys())

    def under(self, prefix: str) -> list[str]:
        return sorted(name for name in self.files if name.startswith(prefix))

    def read(self, name: str) -> bytes | None:
        return self.files.get(name)

    def lines(self, name: str) -> Iterator[bytes]:
        file = io.BytesIO(self.files.get(name, b""))
        while line := file.readline(LINE):
            yield line


def judge(files: Mapping[str, bytes], trust: TrustFile) -> Report:
    """``verify_folder`` without the folder. Raises Hang."""
    with bounded():
        return verify_files(Memory(files), trust)


@dataclass(frozen=True)
class Subject:
    """VALID evidence, and ``twins``: VALID evidence under the same trust file, of which parts may
    be replayed."""

    name: str
    files: Files
    trust: bytes
    twins: dict[str, Files] = field(default_factory=dict)


def _elsewhere(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Programs that the same trust file lists: another team's, and another version."""
    other = copy.deepcopy(manifest)
    other["gates"]["finance"]["uses"] = "2"
    return {"team": {**manifest, "owning_team_id": "others"}, "program": other}


def _scene(chain: Any, manifest: Any, listed: Any, **changes: Any) -> Scene:
    """A chain by ``manifest``, under a trust file of two teams that lists the others too: a replay
    may cross between all of them."""

    def trust(statement: dict[str, Any]) -> None:
        for key in statement["keys"].values():
            key["teams"] = ["others", "payments"]
        (program,) = statement["programs"]
        statement["programs"] = [
            {
                **program,
                "owning_team_id": one["owning_team_id"],
                "workflow_version_id": H("manifest", canonical(one, MAX_BYTES, MANIFEST_DEPTH)),
            }
            for one in listed
        ]

    given = {**inputs("approved"), "commits": chain, **changes}
    return build(given, manifest, Forge(trust=trust))


def _later(chain: Any) -> Any:
    """The same chain a week later."""
    text = json.dumps(chain)
    for day in range(28, 22, -1):
        text = text.replace(f"2026-11-{day}T", f"2026-12-{day - 21:02d}T")
    return json.loads(text)


def _subject(name: str, chain: Any, manifest: Any) -> Subject:
    more = _elsewhere(manifest)
    listed = [manifest, *more.values()]
    scene = _scene(chain, manifest, listed)
    twins = {
        "instance": _scene(chain, manifest, listed, instance_id=OTHER_INSTANCE),
        "time": _scene(_later(chain), manifest, listed),
        "program": _scene(chain, more["program"], listed),
        "team": _scene(chain, more["team"], listed, owning_team_id="others"),
    }
    files = {twin: made.files for twin, made in twins.items()}
    return Subject(name, scene.files, scene.trust, files)


@cache
def subjects() -> list[Subject]:
    """Every kind of chain. The vectors are each other's twins: other ends of the same instance."""
    made = [_subject(name, chain, MANIFEST) for name, chain in CHAINS.items()]
    for one in made:
        one.twins.update({other.name: other.files for other in made if other is not one})
    more: list[tuple[str, Any, Any]] = [
        *((name, chain, MANIFEST) for name, chain in EXTRA.items() if name != "empty"),
        *((f"office {name}", chain, OFFICE) for name, chain in CHAINS_OF_OFFICE.items()),
        *((f"guarded {name}", chain, GUARDED) for name, chain in GUARDED_CHAINS.items()),
        *((f"wait {name}", chain, WAITING) for name, chain in WAITED.items()),
        ("two gates", test_several_approvals.chain(), test_several_approvals.two_gates()),
        ("only if", test_only_if.chain(), test_only_if.program()),
    ]
    for name, chain, manifest in more:
        scene = build({**inputs("approved"), "commits": chain}, manifest)
        made.append(Subject(name, scene.files, scene.trust))
    vote, files = late_vote()
    late = approved(files, refusal(vote))
    gone = build(erased("/order/customer", "/input/reason"), MANIFEST)
    made += [Subject("refused vote", late.files, late.trust)]
    made += [Subject("erased", gone.files, gone.trust)]
    return made


@cache
def trust_of(data: bytes) -> TrustFile:
    return TrustFile.load(data)
