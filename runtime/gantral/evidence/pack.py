"""Write a bundle from a store, as a stream: one instance in hand at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

from gantral.evidence.bundle import CONTENTS_NAME, TYPE, text_path
from gantral.evidence.bytes import canonical
from gantral.evidence.envelope import read_envelope
from gantral.evidence.errors import EvidenceError
from gantral.evidence.export import Export
from gantral.evidence.log_proofs import LogProofs
from gantral.evidence.store import Store
from gantral.evidence.tar import TarWriter

Instance = tuple[str, str]
"""Team and instance id."""


@dataclass(frozen=True)
class Asked:
    """What a bundle was asked to hold: instances by name (else all), of a team, started since an
    instant; "none" where nothing was said."""

    named: bool = False
    team: str = "none"
    since: str = "none"


def instances(store: Store, asked: Asked) -> list[Instance]:
    """Every instance of the store, of the team and since the instant that was asked, sorted by id.

    Raises:
        StoreError. EvidenceError: a first commit can't be read.
    """
    found: dict[Instance, None] = {}
    for key in store.list("" if asked.team == "none" else asked.team):
        team, _, rest = key.partition("/")
        instance_id, _, name = rest.partition("/")
        if name.startswith("commits/"):
            found[team, instance_id] = None
    return sorted(
        (one for one in found if asked.since == "none" or _started(store, one) >= asked.since),
        key=lambda one: one[1],
    )


def _started(store: Store, one: Instance) -> str:
    data = store.get(f"{one[0]}/{one[1]}/commits/00000000.json")
    # Without its beginning it is evidence that something is wrong: it goes along.
    return "9" if data is None else str(read_envelope(data, "commit").statement["timestamp"])


def with_children(
    store: Store, wanted: Iterable[Instance], known: Sequence[Instance]
) -> set[Instance]:
    """The instances, and those that they ran as their children, theirs too. One that has no commit
    yet was told and not begun.

    Raises:
        StoreError, EvidenceError.
    """
    there = set(known)
    found = list(dict.fromkeys(wanted))
    for team, instance_id in found:
        made = Export(store, team, instance_id)
        for _ in made.parts():
            pass
        ran = [(team, child) for child in made.children]
        found += [one for one in ran if one in there and one not in found]
    return set(found)


def pack(
    file: BinaryIO,
    store: Store,
    wanted: Iterable[Instance],
    asked: Asked,
    texts: Callable[[set[str]], Iterable[tuple[str, bytes]]],
    log: LogProofs | None = None,
) -> set[str]:
    """Write the bundle of these instances.

    Args:
        file: opened for writing bytes; need not be able to seek.
        texts: given the names ``policies/<hex>``, ``roles/<hex>``, ``specs/<hex>`` that the
            evidence names, those of them that are at hand, with their bytes.
        log: each instance takes its proof along; and when all were asked for, all of the log's
            entries go along, to be held against them.

    Returns: the names that the evidence names and that do not travel along.

    Raises:
        StoreError, EvidenceError, OSError.
    """
    ordered = sorted(wanted, key=lambda one: one[1])
    if len({instance_id for _, instance_id in ordered}) != len(ordered):
        raise EvidenceError("bundle", "two teams have an instance of the same id")
    writer = TarWriter(file)
    whole = log is not None and not asked.named and asked.since == "none"
    contents = canonical(
        {
            "type": TYPE,
            "asked_instances": "named" if asked.named else "all",
            "asked_since": asked.since,
            "asked_team": asked.team,
            "completeness": "logged" if whole else "not_shown",
            "instances": str(len(ordered)),
            "instances_hash": _listed(ordered),
        }
    )
    writer.add("", CONTENTS_NAME, len(contents), (contents,))
    named: set[str] = set()
    for team, instance_id in ordered:
        made = Export(store, team, instance_id, log)
        for part in made.parts():
            writer.add(instance_id, part.name, part.size, part.chunks)
        named |= made.named
    for path, data in log.files() if log is not None and whole else ():
        folder, _, rest = f"log/{path}".rpartition("/")
        writer.add(folder, rest, len(data), (data,))
    for path, name, data in sorted(
        (text_path(name, data), name, data) for name, data in texts(named)
    ):
        folder, _, rest = path.rpartition("/")
        writer.add(folder, rest, len(data), (data,))
        named.discard(name)
    writer.end()
    return named


def _listed(ordered: Sequence[Instance]) -> str:
    listed = sha256()
    for _, instance_id in ordered:
        listed.update(f"{instance_id}\n".encode())
    return listed.hexdigest()
