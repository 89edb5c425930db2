"""Judge an instance's folder offline: VALID, INVALID or INCONCLUSIVE (FORMAT section 8).

Opens no socket, reads no clock and no environment: the same folder and trust file give the same
verdict for ever.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gantral.evidence import errors, forms
from gantral.evidence.envelope import judge, read_envelope
from gantral.evidence.errors import EvidenceError
from gantral.evidence.folder import Folder
from gantral.evidence.hashes import H, leaf_of, read_text
from gantral.evidence.manifest import check_manifest
from gantral.evidence.records import ERASURE, REFUSAL, VOTE
from gantral.evidence.report import Finding, Report, verdict_of
from gantral.evidence.trust import TrustFile
from gantral.evidence.walk import Walk

_ENDS = frozenset({"REJECTED", "COMPLETED", "TERMINATED"})


def verify_folder(path: str | os.PathLike[str], trust: TrustFile) -> Report:
    """Judge the folder of one instance against a trust file.

    Raises:
        OSError: the folder cannot be read. Whatever lies in it never raises.
    """
    return _Judge(Folder(path), trust).report()


@dataclass
class _Judge:
    folder: Folder
    trust: TrustFile
    findings: list[Finding] = field(default_factory=list)
    at: str = ""

    def note(self, error: EvidenceError) -> None:
        severity: Any = "INCONCLUSIVE" if error.inconclusive else "INVALID"
        self.findings.append(Finding(error.code, severity, self.at, error.message))

    def missing(self, what: str) -> None:
        self.note(EvidenceError("missing", f"{what} is missing", inconclusive=True))

    def report(self) -> Report:
        walk: Walk | None = None
        try:
            if self.folder.strangers:
                errors.refuse("layout", f"{self.folder.strangers[0][:100]} does not belong here")
            walk = self._walk()
        except EvidenceError as error:
            self.note(error)
        return Report(
            verdict=verdict_of(self.findings),
            findings=tuple(self.findings),
            instance_id=walk.instance_id if walk else "",
            state=str(walk.state) if walk and walk.state else "none",
            decisions=dict(walk.decisions) if walk else {},
            trust_digest=self.trust.digest,
            trust_serial=self.trust.serial,
        )

    def _walk(self) -> Walk | None:
        commits = self.folder.under("commits/")
        if not commits:
            self.missing("every commit")
            return None
        data = self.folder.read("manifest.json")
        if data is None:
            self.missing("manifest.json")
            return None
        manifest = check_manifest(data)
        walk = Walk(manifest, H("manifest", data), self.trust, self.note)
        whole = self._commits(walk, commits)
        if not whole:
            return walk
        self.at = ""
        if str(walk.state) not in _ENDS:
            self.note(EvidenceError("no_end", "the instance has no end yet", inconclusive=True))
        for call in walk.ledger.without_outcome():
            unknown = f"{call} was begun, and nothing says how it ended"
            self.note(EvidenceError("no_outcome", unknown, inconclusive=True))
        self._votes(walk)
        for name in self.folder.under("uses/"):
            late = f"{name} is in no commit"
            self.note(EvidenceError("use_unaccounted", late, inconclusive=True))
        self._texts(walk, self._erased(walk))
        return walk

    def _commits(self, walk: Walk, commits: list[str]) -> bool:
        """Walk the chain; False when it cannot be walked to its last commit."""
        lines = self.folder.lines("artifacts.jsonl")
        missing_lines = False
        for index, name in enumerate(commits):
            self.at = str(index)
            if name != f"commits/{index:08d}.json":
                self.missing(f"commits/{index:08d}.json")
                return False
            try:
                sealed = read_envelope(self.folder.read(name) or b"", "commit")
                artifacts = walk.step(sealed)
            except EvidenceError as error:
                self.note(error)
                return False
            for line in artifacts:
                found = next(lines, b"")
                if found != line + b"\n":
                    if found and not (line + b"\n").startswith(found):
                        errors.refuse("jsonl", "artifacts.jsonl is not what was sealed")
                    missing_lines = True
        self.at = ""
        if next(lines, b""):
            errors.refuse("jsonl_more", "artifacts.jsonl holds more than what was sealed")
        if missing_lines:
            self.missing("a line of artifacts.jsonl")
        return True

    def _votes(self, walk: Walk) -> None:
        """Votes beside the commits: each is accounted for by a sealed refusal, or is open."""
        refused = set()
        names = self.folder.under("votes/")
        for name in names:
            if name.endswith(".refusal.json"):
                refused.add(self._refusal(name, walk))
        for name in names:
            if name.endswith(".refusal.json"):
                continue
            sealed = read_envelope(self.folder.read(name) or b"", "authority-decision")
            VOTE.require(sealed.statement)
            if name != f"votes/{sealed.hash}.json":
                errors.refuse("vote_name", f"{name} is not named by its hash")
            if sealed.statement["instance_id"] != walk.instance_id:
                errors.refuse("other_instance", f"{name} is a vote of another instance")
            self._judge(sealed, frozenset({"decision"}), walk)
            if sealed.hash in walk.votes:
                errors.refuse("vote_twice", f"{name} is in a commit already")
            if sealed.hash not in refused:
                open_vote = f"{name} is neither counted nor refused"
                self.note(EvidenceError("vote_unaccounted", open_vote, inconclusive=True))
            refused.discard(sealed.hash)
            for bound in (
                sealed.statement["justification"],
                sealed.statement["assurance"]["identity"],
            ):
                if bound != "none":
                    walk.bound.setdefault(bound.removeprefix("leaf:"), "")
        for vote in sorted(refused):
            self.missing(f"votes/{vote}.json, which was refused,")

    def _refusal(self, name: str, walk: Walk) -> str:
        sealed = read_envelope(self.folder.read(name) or b"", "refusal")
        REFUSAL.require(sealed.statement)
        if name != f"votes/{sealed.statement['vote']}.refusal.json":
            errors.refuse("vote_name", f"{name} is not named by the vote it refuses")
        if sealed.statement["instance_id"] != walk.instance_id:
            errors.refuse("other_instance", f"{name} is of another instance")
        self._judge(sealed, frozenset({"decision", "closer"}), walk)
        if sealed.statement["vote"] in walk.votes:
            errors.refuse("vote_refused", f"{name} refuses a vote that was counted")
        return str(sealed.statement["vote"])

    def _judge(self, sealed: Any, uses: frozenset[str], walk: Walk) -> None:
        at = sealed.statement["timestamp"]
        if not forms.is_instant(at):
            errors.refuse("instant", "a sealed statement's time is no instant")
        try:
            judge(sealed, self.trust, uses, walk.team, at)
        except EvidenceError as error:
            self.note(error)

    def _erased(self, walk: Walk) -> set[str]:
        erased: set[str] = set()
        for name in self.folder.under("erasures/"):
            sealed = read_envelope(self.folder.read(name) or b"", "erasure")
            ERASURE.require(sealed.statement)
            if name != f"erasures/{sealed.hash}.json":
                errors.refuse("erasure_name", f"{name} is not named by its hash")
            statement = sealed.statement
            if (statement["instance_id"], statement["owning_team_id"]) != (
                walk.instance_id,
                walk.team,
            ):
                errors.refuse("other_instance", f"{name} is of another instance")
            self._judge(sealed, frozenset({"erasure"}), walk)
            if not erased.isdisjoint(statement["leaves"]) or not walk.bound.keys() >= set(
                statement["leaves"]
            ):
                errors.refuse("erasure", f"{name} erases what nothing binds, or twice")
            erased.update(statement["leaves"])
        return erased

    def _texts(self, walk: Walk, erased: set[str]) -> None:
        """Every bound text is there, or erased; every text that is there is bound."""
        found = set()
        for name, hashed in _text_names(self.folder):
            data = self.folder.read(name) or b""
            text = read_text(data)
            if text is None:
                raise EvidenceError("text_form", f"{name} is no [salt, instance, path, value]")
            if leaf_of(data) != hashed:
                errors.refuse("text_hash", f"{name} is not the text of its leaf")
            if text[1] != walk.instance_id:
                errors.refuse("text_instance", f"{name} is of another instance")
            path = walk.bound.get(hashed)
            if path is None:
                errors.refuse("text_unbound", f"nothing binds {name}")
            if path and path != text[2]:
                errors.refuse("text_path", f"{name} is bound at {path[:80]}")
            if hashed in erased:
                errors.refuse("text_erased", f"{name} is there, and an erasure says it is gone")
            found.add(hashed)
        for hashed in sorted(walk.bound.keys() - found - erased):
            self.missing(f"texts/{hashed}.json")


def _text_names(folder: Folder) -> Iterator[tuple[str, str]]:
    for name in folder.under("texts/"):
        yield name, name[len("texts/") : -len(".json")]


__all__ = ["Finding", "Report", "verify_folder"]
