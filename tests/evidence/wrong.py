"""One thing wrong in a valid chain: hashes agree and the right keys signed, so that one rule alone
stands against it. ``invalid`` publishes them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import test_asks_told_apart as asks
import test_only_if as only_if
import test_several_approvals as several
from forging import EXTRA, OTHER
from gantral.evidence.disclosure import disclose
from gantral.evidence.folder import Kept
from gantral.evidence.hashes import artifact_id
from scenes import Builder, Forge, Scene, build, salt
from test_calendar_gates import CHAINS_OF_OFFICE, OFFICE
from test_guarded_gates import GUARDED, GUARDED_CHAINS
from test_waits_in_chains import CHAIN as WAITED
from test_waits_in_chains import WAITING
from vector_manifest import MANIFEST
from vectors import (
    CHAINS,
    INSTANCE,
    inputs,
    vote,
)

Chain = list[dict[str, Any]]
NO_DAY = "2026-11-31T10:00:00.000Z"
ALICE, CAROL = (
    Builder(inputs("approved"), MANIFEST, Forge()).actor(who) for who in ("alice", "carol")
)
WITHDRAWN: Chain = copy.deepcopy(CHAINS["rejected"])
WITHDRAWN[2] |= {"cause": "withdrawn", "human": "carol"}
WITHDRAWN[2]["votes"] = [
    vote("carol", "WITHDRAW", "2026-11-23T10:44:09.870Z", level="none", role=[])
]
# Valid chains, by the name that they are published under: what a vector changes.
BASES: dict[str, tuple[Chain, dict[str, Any]]] = {
    **{name: (chain, MANIFEST) for name, chain in CHAINS.items()},
    **{name: (EXTRA[name], MANIFEST) for name in ("denied", "undone")},
    "withdrawn": (WITHDRAWN, MANIFEST),
    "calendar": (CHAINS_OF_OFFICE["rejected"], OFFICE),
    "guarded": (GUARDED_CHAINS["amended"], GUARDED),
    "guard_denied": (GUARDED_CHAINS["denied"], GUARDED),
    "waits": (WAITED, WAITING),
    "unasked": (only_if.chain(), only_if.program()),
    "two_gates": (several.chain(), several.two_gates()),
    "two_asks": (asks.chain(), asks.program()),
}


@dataclass
class Wrong:
    """``base`` with one thing wrong. ``chain`` and ``manifest`` stand instead of the base's own,
    ``made`` instead of building it here. ``then``: the codes of further rules that see it too, once
    this one is gone. ``shown``: a disclosure is what is judged, of this pointer at that commit."""

    base: str
    why: str
    forge: Forge = field(default_factory=Forge)
    chain: Chain | None = None
    manifest: dict[str, Any] | None = None
    then: tuple[str, ...] = ()
    shown: tuple[str, int] | None = None
    published: bool = True
    made: Callable[[], Scene] | None = None

    def scene(self) -> Scene:
        if self.made:
            return self.made()
        chain, manifest = BASES[self.base]
        given = {**inputs("approved"), "commits": self.chain or chain}
        scene = build(given, self.manifest or manifest, self.forge)
        if self.shown:
            # What is told of a file in memory is told of a store, too.
            scene.files = {"field.json": disclose(Kept(scene.files), *self.shown)}
        return scene


def statement(number: int, edit: Callable[[dict[str, Any]], Any]) -> Forge:
    return Forge(statement={number: edit})


def orders(number: int, edit: Callable[[dict[str, Any]], Any]) -> Forge:
    return Forge(order={number: edit})


def files(*made: dict[str, bytes]) -> Forge:
    def edit(found: dict[str, bytes]) -> None:
        for one in made:
            found.update(one)

    return Forge(files=edit)


def moved(artifact: dict[str, str], **more: str) -> None:
    """Another instance or sequence, and the id that follows."""
    artifact.update(more)
    artifact["artifact_id"] = artifact_id(artifact["instance_id"], int(artifact["sequence"]))


def elsewhere(made: dict[str, Any]) -> None:
    made["instance_id"] = OTHER
    for artifact in made["artifacts"]:
        moved(artifact, instance_id=OTHER)


def program(**clauses: Any) -> dict[str, Any]:
    made = copy.deepcopy(MANIFEST)
    made["gates"]["finance"].update(clauses)
    return made


def text_of(kind: str, number: int, path: str, value: str) -> list[str]:
    return [salt(kind, number), INSTANCE, path, value]
