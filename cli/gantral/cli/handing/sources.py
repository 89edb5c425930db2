"""What `gantral evidence show` tells of: a bundle, a folder or an instance of the store, judged."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from gantral.evidence import EvidenceError, Report, TrustFile
from gantral.evidence.bundle import Bundle, check_text
from gantral.evidence.folder import Files, Folder, Kept
from gantral.evidence.log_views import Whole
from gantral.evidence.together import judge_together
from gantral.evidence.verify import verify_bundle, verify_files


@dataclass(frozen=True)
class Judged:
    """The verdict on one instance, without what was found on the way to it."""

    verdict: str = "VALID"
    findings: tuple[tuple[str, str], ...] = ()  # code, message


@dataclass
class Population:
    """Verdicts on all instances of a source. Those that are VALID are not kept one by one.

    ``whole`` is what is wrong with the file itself, ``children`` those that are told of and
    ``here`` those that are there. ``complete`` is what a log in the file shows.
    """

    others: dict[str, Judged] = field(default_factory=dict)
    whole: list[tuple[str, str, str]] = field(default_factory=list)  # severity, code, message
    told: dict[str, str] = field(default_factory=dict)  # child -> its parent
    count: int = 0
    complete: Whole | None = None

    def enter(self, instance_id: str, report: Report) -> None:
        """Take in a report that stands."""
        findings = tuple((one.code, one.message) for one in report.findings)
        if not instance_id:
            self.whole += [(one.severity, one.code, one.message) for one in report.findings]
            self.complete = report.whole
            return
        self.count += 1
        if report.verdict != "VALID":
            self.others[instance_id] = Judged(report.verdict, findings)
        if report.verdict != "INVALID":
            self.told.update((one.instance_id, instance_id) for one in report.children)

    def of(self, instance_id: str) -> Judged:
        """The verdict on one."""
        return self.others.get(instance_id, Judged())

    @property
    def invalid(self) -> bool:
        """Whether anything is INVALID, of the instances or of the file itself."""
        return any(one.verdict == "INVALID" for one in self.others.values()) or any(
            severity == "INVALID" for severity, _, _ in self.whole
        )


@dataclass(frozen=True)
class Source:
    """Instances that can be read twice. ``again`` reads them, ``texts`` what lies beside."""

    judge: Callable[[TrustFile], Iterator[tuple[str, Report]]]
    again: Callable[[], Iterator[tuple[str, Files]]]
    texts: Callable[[], dict[str, bytes]]

    def population(self, trust: TrustFile) -> Population:
        """Judge every instance, each with its family."""
        population = Population()
        for instance_id, report in judge_together(self.judge(trust), several=False):
            population.enter(instance_id, report)
        return population

    def ids(self) -> Iterator[str]:
        """The instances, in order."""
        return (instance_id for instance_id, _ in self.again())


def draw(ids: Iterable[str], number: int, seed: str) -> set[str]:
    """The sample: the ``number`` instances whose SHA-256 of ``gantral.dev/sample/v1``, seed and id,
    each with a line end but the last, is smallest (docs/evidence/bundle.md)."""

    def lot(instance_id: str) -> str:
        return sha256(f"gantral.dev/sample/v1\n{seed}\n{instance_id}".encode()).hexdigest()

    return set(heapq.nsmallest(number, ids, key=lot))


def of_bundle(path: Path) -> Source:
    """A bundle."""

    def judge(trust: TrustFile) -> Iterator[tuple[str, Report]]:
        with path.open("rb") as file:
            yield from verify_bundle(file, trust)

    def again() -> Iterator[tuple[str, Files]]:
        with path.open("rb") as file:
            yield from _sections(file)

    def texts() -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        with path.open("rb") as file:
            bundle = Bundle(file)
            try:
                for _ in bundle.sections():
                    pass
                for name, data in bundle.texts():
                    found[check_text(name, data)] = data
            except EvidenceError:
                # Said by the verdict on the file; what was whole until then is what it says.
                pass
        return found

    return Source(judge, again, texts)


def _sections(file: BinaryIO) -> Iterator[tuple[str, Files]]:
    try:
        for section in Bundle(file).sections():
            yield section.instance_id, section
    except EvidenceError:
        return  # said by the verdict on the file


def of_folder(path: Path) -> Source:
    """The folder of one instance."""

    def judge(trust: TrustFile) -> Iterator[tuple[str, Report]]:
        report = verify_files(Folder(path), trust)
        yield report.instance_id or path.name, report

    def again() -> Iterator[tuple[str, Files]]:
        folder = Folder(path)
        yield _id(folder) or path.name, folder

    return Source(judge, again, dict)


def of_parts(instances: dict[str, dict[str, bytes]], told: str, texts: dict[str, bytes]) -> Source:
    """One instance, with its children to be judged with, out of a store."""

    def judge(trust: TrustFile) -> Iterator[tuple[str, Report]]:
        for instance_id, files in instances.items():
            yield instance_id, verify_files(Kept(files), trust)

    return Source(judge, lambda: iter([(told, Kept(instances[told]))]), lambda: texts)


def _id(folder: Folder) -> str:
    """The instance of a folder, as its first line says it."""
    from gantral.evidence import parse

    try:
        line = parse(next(folder.lines("artifacts.jsonl"), b"").rstrip(b"\n"))
    except EvidenceError:
        return ""
    return str(line.get("instance_id", "")) if isinstance(line, dict) else ""
