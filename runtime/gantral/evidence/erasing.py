"""Erase texts of one instance: first the signed record, then the drafts, then the texts.

Whoever is killed in between leaves a record whose texts are still there. From the record on they
go out with no evidence and are shown to nobody, and the next run deletes them (docs/adr/0170).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gantral.evidence import Report, Store, TrustFile, parse
from gantral.evidence.envelope import read_envelope, unwrap
from gantral.evidence.erasable import Erasable, erasable
from gantral.evidence.erasures import Holds, erasure_parts, erasures, said_of
from gantral.evidence.export import Export
from gantral.evidence.folder import Kept
from gantral.evidence.signers import Signer
from gantral.evidence.verify import verify_files


class Standing(Exception):  # noqa: N818 - the instance's state, not a fault of ours
    """Nothing may be erased now: ``rule`` names why, ``remedy`` says what to do."""

    def __init__(self, rule: str, message: str, remedy: str = "") -> None:
        self.rule = rule
        self.remedy = remedy
        super().__init__(message)


@dataclass(frozen=True)
class Instance:
    """One instance that has ended, judged. ``texts``: those that are there and that no erasure
    names; ``begun``: leaves that one names and whose text is there still."""

    team: str
    instance_id: str
    report: Report
    retain_until: str
    texts: list[Erasable]
    begun: list[str]
    children: list[str]


@dataclass(frozen=True)
class Eraser:
    """The store, the drafts and the trust file. Methods raise StoreError, and EvidenceError when
    what lies there can't be read as evidence."""

    store: Store
    drafts: Store
    trust: TrustFile

    def look(self, team: str, instance_id: str) -> Instance:
        """The instance, if something may be erased of it.

        Raises:
            Standing: ``invalid``, ``unknown``, ``open``, ``unsettled``.
        """
        made = Export(self.store, team, instance_id)
        files = {part.name: b"".join(part.chunks) for part in made.parts()}
        report = verify_files(Kept(files), self.trust)
        if report.verdict == "INVALID":
            first = next(one for one in report.findings if one.severity == "INVALID")
            raise Standing(
                "invalid",
                f"its evidence is INVALID: [{first.code}] {first.message}",
                "find out what happened first: texts are part of that",
            )
        if any(one.code == "key_unknown" for one in report.findings):
            raise Standing(
                "unknown",
                "keys signed it that the trust file does not list, so nobody vouches for its end"
                " or for how long it is kept",
                "list them with `gantral keys trust --previous`",
            )
        if not report.ended:
            raise Standing(
                "open",
                "it has not ended, or its evidence is not whole up to its end",
                "wait for its end; `gantral reconcile` ends what was lost",
            )
        if any(one.code == "vote_unaccounted" for one in report.findings):
            raise Standing(
                "unsettled",
                "a vote of it is neither counted nor refused yet",
                "`gantral serve` settles it within a minute",
            )
        erased = said_of(erasures(self.store, self.trust, team, instance_id))
        submission = _submission(files["commits/00000000.json"])
        return Instance(
            team=team,
            instance_id=instance_id,
            report=report,
            retain_until=submission["retain_until"],
            texts=erasable(files),
            begun=[leaf for leaf in sorted(erased) if self._there(team, instance_id, leaf)],
            children=made.children,
        )

    def erase(
        self, one: Instance, chosen: list[Erasable], reason: str, now: str, key: Signer
    ) -> None:
        """Erase these texts, and those whose erasure was begun.

        Raises:
            Standing: ``held``. EvidenceError: the key may not sign it.
        """
        self.free(one)
        for name, data in erasure_parts(
            one.team, one.instance_id, {text.leaf for text in chosen}, reason, now, key, self.trust
        ):
            self.store.put(name, data)
        # A hold that was put since is seen here; one that is put from here on finds the record.
        self.free(one)
        place = f"{one.team}/{one.instance_id}"
        # A draft holds the same values, and an instance that has ended commits nothing more.
        for name in list(self.drafts.list(place)):
            self.drafts.delete(name)
        gone = {*one.begun, *(text.leaf for text in chosen)}
        # The same value under another salt, of a commit or a vote that never came to be.
        alike = self._alike({(text.path, text.value) for text in chosen}, place)
        gone |= alike - {text.leaf for text in one.texts}
        for leaf in sorted(gone):
            self.store.delete(f"{place}/texts/{leaf}.json")

    def due(self, team: str, instance_id: str, now: str) -> bool:
        """Whether the retention that its submission seals is over. One that seals none is kept."""
        data = self.store.get(f"{team}/{instance_id}/commits/00000000.json")
        until = "none" if data is None else _submission(data)["retain_until"]
        return until != "none" and bool(until < now)

    def free(self, one: Instance) -> None:
        """Raises Standing ``held`` when it is under a legal hold."""
        hold = Holds(self.store, self.trust, one.team, one.instance_id).standing()
        if hold is not None:
            raise Standing(
                "held",
                f"it is under a legal hold since {hold['timestamp']}: {hold['reason']}",
                "gantral evidence release ends the hold",
            )

    def _alike(self, values: set[tuple[str, str]], place: str) -> set[str]:
        found = set()
        for name in list(self.store.list(f"{place}/texts")):
            data = self.store.get(name)
            text: Any = parse(data) if data is not None else None
            if isinstance(text, list) and len(text) == 4 and (text[2], text[3]) in values:
                found.add(name.rpartition("/")[2].removesuffix(".json"))
        return found

    def _there(self, team: str, instance_id: str, leaf: str) -> bool:
        return self.store.get(f"{team}/{instance_id}/texts/{leaf}.json") is not None


def _submission(data: bytes) -> Mapping[str, Any]:
    first = read_envelope(data, "commit").statement
    return unwrap(first["decision"]["submission"], "submission").statement
