"""Section ``[evidence]`` of the settings: where evidence lies, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from gantral.evidence.places import Place
from gantral.runtime.settings_reader import Table, private

# The usual seven years of commercial records, counted in days so that no calendar is asked.
_RETENTION = "2557d"


@dataclass(frozen=True)
class Evidence:
    """Where evidence, its erasable texts and the drafts lie, how long evidence is kept, and the
    trust file, or the folder of its line. ``texts`` is None when they lie in the store;
    ``endpoint`` and ``region`` are AWS's own when None."""

    store: Place
    texts: Place | None
    drafts: Place
    trust: Path
    retention: timedelta
    endpoint: str | None
    region: str | None


def read_evidence(folder: Path, table: Table, production: bool) -> Evidence:
    """The section, paths relative to ``folder``. Raises SettingsError."""
    s3 = table.table("s3")
    evidence = Evidence(
        store=table.place("store", folder),
        texts=table.place("texts", folder) if table.has("texts") else None,
        drafts=table.place("drafts", folder),
        trust=table.file("trust", folder),
        retention=table.days("retention", _RETENTION),
        endpoint=s3.url("endpoint") if s3.has("endpoint") else None,
        region=s3.text_or_none("region"),
    )
    if evidence.endpoint is not None and production and not private(evidence.endpoint):
        s3.fail("endpoint", "in production it is https, or on this machine", "write https://…")
    if evidence.store.bucket and evidence.texts is None:
        table.fail(
            "texts",
            "it is missing: a locked bucket can't erase texts",
            'add texts = "s3://another-bucket/texts"',
        )
    _apart(table, evidence)
    s3.done()
    table.done()
    return evidence


def _apart(table: Table, evidence: Evidence) -> None:
    """No place may hold another: what is deletable is not write-once."""
    places = {"store": evidence.store, "texts": evidence.texts, "drafts": evidence.drafts}
    for name in ("texts", "drafts"):
        mine = places[name]
        for other, place in places.items():
            if mine is None or place is None or other == name:
                continue
            if place.holds(mine):
                what = "the write-once store" if other == "store" else f"the {other}"
                table.fail(name, f"it lies in {what}", f"{name} are deletable: move it")
