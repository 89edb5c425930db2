"""Where the evidence that a command names lies: a file, a folder, or the deployment's store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gantral.cli.failure import MISUSE, Failure
from gantral.cli.settings_said import settings_said

if TYPE_CHECKING:
    from gantral.cli.handing.sources import Source
    from gantral.evidence import Store
    from gantral.evidence.log_proofs import LogProofs
    from gantral.evidence.pack import Instance
    from gantral.runtime.settings import Evidence, Settings


def settings_of(path: str) -> Settings:
    """The deployment's settings. Raises Failure."""
    from gantral.runtime.settings import load

    with settings_said(path):
        return load(path)


def evidence_of(settings: Settings) -> Evidence:
    """Their section on evidence. Raises Failure."""
    with settings_said(settings.file):
        return settings.need_evidence()


def store_of(settings: Settings) -> Store:
    """The store, to read. Raises Failure."""
    from gantral.runtime.workers.assembly import open_store

    with settings_said(settings.file):
        return open_store(settings)


def log_of(settings: Settings) -> LogProofs | None:
    """The deployment's log as of its newest checkpoint, read to its end; None when it has none.

    Raises:
        Failure: it can't be read, or is not the trust file's.
    """
    if settings.log is None:
        return None
    from gantral.api.log.client import LogClient, LogUnreachable
    from gantral.evidence import EvidenceError
    from gantral.evidence.log_proofs import LogProofs
    from gantral.evidence.logged import judge_checkpoint
    from gantral.evidence.tiles import Tiles
    from gantral.runtime.workers.assembly import read_trust

    with settings_said(settings.file):
        client, trust = LogClient(settings.log), read_trust(settings)
    try:
        note = client.checkpoint()
        if note is None:
            return None
        seen = judge_checkpoint(note, trust)
        return LogProofs(note, seen, Tiles(client.fetch, seen.size))
    except (LogUnreachable, EvidenceError) as error:
        raise Failure(
            f"the log can't be read: {error}",
            "mend it, or take [log] out of the settings: then the evidence goes without its proofs",
        ) from None


def chosen(known: list[Instance], asked: list[str]) -> list[Instance]:
    """The instances whose ids begin so, each beginning's one.

    Raises:
        Failure: one has none, or several.
    """
    found = []
    for start in asked:
        meant = [one for one in known if one[1].startswith(start)]
        if len(meant) != 1:
            several = f"{len(meant)} instances begin" if meant else "no instance begins"
            raise Failure(f"{several} with {start}", "gantral list names them")
        found += meant
    return found


def source_of(evidence: str, settings: str) -> tuple[Source, Path | None]:
    """A bundle, the folder of an instance, or an instance of the store by the beginning of its id;
    of the store with the trust file of its settings.

    Raises:
        Failure: it is none of these.
    """
    from gantral.cli.handing.sources import of_bundle, of_folder

    path = Path(evidence)
    if path.exists():
        return (of_folder if path.is_dir() else of_bundle)(path), None
    if not Path(settings).is_file():
        raise Failure(
            f"{evidence} is no file and no folder, and {settings} names no store",
            "name a bundle; or the deployment's settings with --settings",
            MISUSE,
        )
    return _stored(evidence, settings)


def _stored(start: str, path: str) -> tuple[Source, Path]:
    from gantral.cli.handing.sources import of_parts
    from gantral.cli.handing.texts import at_hand
    from gantral.evidence import EvidenceError, StoreError
    from gantral.evidence.export import Export
    from gantral.evidence.pack import Asked, instances, with_children

    settings = settings_of(path)
    evidence = evidence_of(settings)
    store, log = store_of(settings), log_of(settings)
    try:
        known = instances(store, Asked())
        (one,) = chosen(known, [start])
        found: dict[str, dict[str, bytes]] = {}
        named: set[str] = set()
        for team, instance_id in sorted(with_children(store, [one], known)):
            made = Export(store, team, instance_id, log)
            found[instance_id] = {part.name: b"".join(part.chunks) for part in made.parts()}
            named |= made.named
        beside = dict(at_hand(named, [Path(path).parent], [settings]))
    except (EvidenceError, StoreError) as error:
        raise Failure(f"the evidence can't be read: {error}") from None
    return of_parts(found, one[1], beside), evidence.trust
