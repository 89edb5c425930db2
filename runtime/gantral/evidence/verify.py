"""Judge evidence offline: VALID, INVALID or INCONCLUSIVE (FORMAT section 8).

Opens no socket, reads no clock and no environment: the same bytes and trust file give the same
verdict for ever.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

from gantral.evidence import errors
from gantral.evidence.beside import Late, check_uses, check_votes, judge_sealed, looks_like_a_store
from gantral.evidence.bundle import Bundle, check_text
from gantral.evidence.children import PARENT
from gantral.evidence.disclosure import Disclosed, read_disclosure
from gantral.evidence.envelope import read_envelope
from gantral.evidence.errors import EvidenceError
from gantral.evidence.folder import Files, Folder
from gantral.evidence.hashes import H, leaf_of, read_text
from gantral.evidence.log_views import Comparison, Whole, find_split
from gantral.evidence.logged import Seen, check_log, judge_checkpoint
from gantral.evidence.manifest import check_manifest
from gantral.evidence.records import ERASURE
from gantral.evidence.report import Finding, Report, verdict_of, with_findings
from gantral.evidence.trust import TrustFile
from gantral.evidence.walk import Walk

_STORE = (
    "this is an instance's folder as a store keeps it, not one to be judged: "
    "`gantral evidence export` writes that"
)
_PARENT = (
    "another instance ran it as its child, and who started that is not told here: "
    "give that one's folder too"
)
_ENDS = frozenset({"REJECTED", "COMPLETED", "TERMINATED"})
# More of one instance say nothing new, and a stranger may have written a million.
_MOST_FINDINGS = 1000


def verify_folder(path: str | os.PathLike[str], trust: TrustFile) -> Report:
    """Judge the folder of one instance against a trust file.

    Raises:
        OSError: the folder cannot be read. Whatever lies in it never raises.
    """
    return _Judge(Folder(path), trust).report()


def verify_files(files: Files, trust: TrustFile) -> Report:
    """Judge the files of one instance, wherever they lie. Raises OSError as they do."""
    return _Judge(files, trust).report()


Judged = Callable[[Bundle, TrustFile], Iterator[tuple[str, Report]]]


def one_by_one(bundle: Bundle, trust: TrustFile) -> Iterator[tuple[str, Report]]:
    """Each instance's id and its report. Raises EvidenceError as the sections do, OSError."""
    for section in bundle.sections():
        yield section.instance_id, verify_files(section, trust)


def verify_bundle(
    file: BinaryIO, trust: TrustFile, *, stream: bool = False, judge: Judged = one_by_one
) -> Iterator[tuple[str, Report]]:
    """Judge a bundle, one instance at a time: each instance's id and its report, then, with the id
    "", a report on the file itself if anything is wrong with that. Memory does not grow with the
    number of instances. ``judge`` may judge several at once, and tells of them in their order.

    Raises:
        OSError: the file cannot be read. Whatever lies in it never raises.
    """
    bundle = Bundle(file, stream=stream)
    shown = _Shown(trust)
    named: set[str] = set()
    # What an instance names counts when keys that are listed vouch for it. Where one is not
    # vouched for, nobody can say that a text belongs to none.
    vouched = True
    empty = True
    try:
        for instance, report in judge(bundle, trust):
            if report.instance_id not in ("", instance):
                wrong = f"{instance} holds the evidence of another instance"
                report = with_findings(report, Finding("bundle", "INVALID", "", wrong))
            if all(one.code in ("no_end", PARENT) for one in report.findings):
                named |= report.named
            else:
                vouched = False
            empty = False
            if part := _part(bundle.contents):
                report = replace(report, part=part)
            shown.instance(bundle, instance, report)
            yield instance, report
        shown.log(bundle)
        for name, data in bundle.texts():
            if check_text(name, data) not in named and vouched:
                errors.refuse("text_unnamed", f"no evidence names {name}")
        if empty:
            errors.refuse("missing", "the bundle holds no instance", inconclusive=True)
    except EvidenceError as error:
        severity: Any = "INCONCLUSIVE" if error.inconclusive else "INVALID"
        shown.findings.append(Finding(error.code, severity, "", error.message))
    about = shown.report()
    if about.findings or about.whole:
        yield "", about


def _part(contents: Mapping[str, Any]) -> str:
    if contents["asked_since"] != "none":
        return f"only instances started since {contents['asked_since']} were asked for"
    return "" if contents["asked_instances"] == "all" else "only instances by name were asked for"


@dataclass
class _Shown:
    """What the log that travels in a bundle shows of its instances."""

    trust: TrustFile
    findings: list[Finding] = field(default_factory=list)
    seen: set[Seen] = field(default_factory=set)
    compared: Comparison | None = None
    whole: Whole | None = None
    instances: int = 0

    def instance(self, bundle: Bundle, instance_id: str, report: Report) -> None:
        self.seen |= report.seen
        self.instances += 1
        if bundle.contents["completeness"] != "logged":
            return
        if self.compared is None:
            self.compared = Comparison(bundle.contents["asked_team"])
        if report.verdict == "INVALID":
            self.compared.broken(instance_id)
        elif report.team:
            self.compared.given(report.team, instance_id, report.commits)

    def log(self, bundle: Bundle) -> None:
        """Read the log to its end. Raises as ``Bundle.log`` and ``judge_checkpoint``."""
        own: Seen | None = None
        for data in bundle.log():
            if own is None:
                own = judge_checkpoint(data, self.trust)
                self.compared = self.compared or Comparison(bundle.contents["asked_team"])
            elif self.compared is not None:
                self.compared.entry(data)
        if own is not None and self.compared is not None:
            self.seen.add(own)
            self.findings += self.compared.findings(own)
            # Of an instance that is INVALID nobody knows how far it went.
            if not self.findings and not self.compared.anything_broken:
                self.whole = Whole(own, self.compared.team, self.instances)

    def report(self) -> Report:
        trees = [self.compared.tree] if self.compared and self.whole else []
        split = find_split(self.seen, trees)
        findings = [*self.findings, *([split] if split else [])]
        return replace(
            _about(self.trust, *findings),
            seen=frozenset(self.seen),
            tree=trees[0] if trees else None,
            whole=None if findings else self.whole,
        )


def verify_disclosure(data: bytes, trust: TrustFile) -> tuple[Report, Disclosed | None]:
    """Judge a disclosure's bytes, and what it says if it can be read. The report is of no whole
    instance: VALID says that the field was signed so, and of no decision anything."""
    findings: list[Finding] = []

    def note(error: EvidenceError) -> None:
        severity: Any = "INCONCLUSIVE" if error.inconclusive else "INVALID"
        findings.append(Finding(error.code, severity, "", error.message))

    disclosed: Disclosed | None = None
    try:
        disclosed = read_disclosure(data, trust, note)
    except EvidenceError as error:
        note(error)
    report = replace(
        _about(trust),
        findings=tuple(findings),
        verdict=verdict_of(findings),
        instance_id=disclosed.instance_id if disclosed else "",
    )
    return report, disclosed


def _about(trust: TrustFile, *findings: Finding) -> Report:
    """A report on what is no instance."""
    return Report(
        verdict=verdict_of(findings),
        findings=findings,
        instance_id="",
        state="none",
        decisions={},
        trust_digest=trust.digest,
        trust_serial=trust.serial,
    )


@dataclass
class _Judge:
    folder: Files
    trust: TrustFile
    findings: list[Finding] = field(default_factory=list)
    at: str = ""
    commits: list[str] = field(default_factory=list)
    seen: frozenset[Seen] = frozenset()
    standing: tuple[str, ...] = ()
    late: Late = field(default_factory=Late)

    def note(self, error: EvidenceError) -> None:
        severity: Any = "INCONCLUSIVE" if error.inconclusive else "INVALID"
        if severity == "INVALID" or len(self.findings) < _MOST_FINDINGS:
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
            team=walk.team if walk else "",
            seen=self.seen,
            trust_digest=self.trust.digest,
            trust_serial=self.trust.serial,
            commits=tuple(self.commits),
            parent=walk.parent if walk else "none",
            submission=walk.submission if walk else "",
            last=walk.prev_artifact if walk else "",
            ended=walk is not None and str(walk.state) in _ENDS,
            children=tuple(walk.children.told.values()) if walk else (),
            running=frozenset(walk.running) if walk else frozenset(),
            standing=self.standing,
            undos=frozenset(walk.children.undos) if walk else frozenset(),
            undone=frozenset(walk.children.left.undone()) if walk else frozenset(),
            late=frozenset(self.late.hashes),
            late_undone=frozenset(self.late.undone),
            named=frozenset({*walk.named, f"specs/{walk.version}"}) if walk else frozenset(),
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
        self.standing = tuple(walk.left())
        if not whole:
            return walk
        self.at = ""
        if str(walk.state) not in _ENDS:
            self.note(EvidenceError("no_end", "the instance has no end yet", inconclusive=True))
        if walk.parent != "none":
            self.note(EvidenceError(PARENT, _PARENT, inconclusive=True))
        for call in [*walk.ledger.without_outcome(), *walk.children.left.without_outcome()]:
            unknown = f"{call} was begun, and nothing says how it ended"
            self.note(EvidenceError("no_outcome", unknown, inconclusive=True))
        if looks_like_a_store(self.folder, walk):
            self.note(EvidenceError("store_folder", _STORE, inconclusive=True))
        self._logged(walk)
        check_votes(self.folder, self.trust, walk, self.note)
        self.late = check_uses(self.folder, self.trust, walk, self.note)
        self._texts(walk, self._erased(walk))
        return walk

    def _logged(self, walk: Walk) -> None:
        self.seen = check_log(
            self.folder, self.trust, walk.team, walk.instance_id, self.commits, self.note
        )
        split = find_split(self.seen, ())
        if split is not None:
            self.findings.append(split)

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
                self.commits.append(sealed.hash)
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

    def _erased(self, walk: Walk) -> set[str]:
        erased: set[str] = set()
        for name in self.folder.under("erasures/"):
            sealed = read_envelope(self.folder.read(name) or b"", "erasure")
            ERASURE.require(sealed.statement)
            if name != f"erasures/{sealed.hash}.json":
                errors.refuse("erasure_name", f"{name} is not named by its hash")
            judge_sealed(sealed, self.trust, {"erasure"}, walk, self.note)
            leaves = sealed.statement["leaves"]
            # Two may name one leaf: two people erased at once, and each signed first (ADR 0170).
            if not walk.bound.keys() >= set(leaves):
                errors.refuse("erasure", f"{name} erases what nothing binds")
            erased.update(leaves)
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


def _text_names(folder: Files) -> Iterator[tuple[str, str]]:
    for name in folder.under("texts/"):
        yield name, name[len("texts/") : -len(".json")]
