"""``gantral verify``: judge evidence offline. stdout is the word alone."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import Any, cast

from gantral.cli.failure import MISUSE, Failure
from gantral.cli.main import Subparsers
from gantral.evidence import EvidenceError, Report, TrustFile, verify_folder
from gantral.evidence.disclosure import MOST as MOST_DISCLOSED
from gantral.evidence.disclosure import Disclosed
from gantral.evidence.log_views import Whole
from gantral.evidence.report import Finding, Verdict, with_findings, worse
from gantral.evidence.together import judge_together
from gantral.evidence.trust_line import load_at
from gantral.evidence.verify import Judged, one_by_one, verify_bundle, verify_disclosure

_EXIT = {"VALID": 0, "INVALID": 1, "INCONCLUSIVE": 2}
_NOT_SHOWN = "completeness is not shown: no log says that these are all instances there were"
_PART = "completeness can't be shown: {}, and a log is held to all instances, or all of a team"
# What --require may ask for; an amendment is a yes, a waiver is not.
_MEETS = {
    "approved": {"approved", "amended"},
    "amended": {"amended"},
    "waived": {"waived"},
    "unasked": {"unasked"},
    "rejected": {"rejected"},
}


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "verify",
        help="judge evidence offline: VALID, INVALID or INCONCLUSIVE",
        description="Judge evidence against a trust file: bundles (.evidence), folders of one "
        "instance each, disclosures of one field, or one of these files on standard input (-). "
        "Opens no socket and reads no clock and no environment. Prints one word for all together; "
        "findings go to stderr. A child (`run workflow`) is judged with its parent: give both. A "
        "disclosure is of a field alone: no decision is judged. "
        "Exit 0 VALID, 1 INVALID, 2 INCONCLUSIVE.",
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a file, a folder, or -")
    parser.add_argument(
        "--trust",
        type=Path,
        required=True,
        metavar="PATH",
        help="the trust file; or a folder of its whole line, serial 1 to the last, which judges",
    )
    parser.add_argument(
        "--trust-sha256", metavar="HEX", help="refuse a trust file with another digest"
    )
    parser.add_argument(
        "--require",
        action="append",
        default=[],
        metavar="GATE=WORD",
        help="also demand of every instance how a gate ended last: "
        f"{', '.join(_MEETS)} (repeatable)",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=1,
        metavar="N",
        help="judge the instances of a bundle's file in N processes (default 1)",
    )
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="json: docs/evidence/verdict.schema.json; written while it is found",
    )


def run(args: argparse.Namespace) -> int:
    """Print the verdict; returns its exit status."""
    required = [_requirement(text) for text in args.require]
    trust = read_trust(args.trust, args.trust_sha256)
    tell = _Json(trust) if args.format == "json" else _Text(trust)
    verdict: Verdict = "VALID"
    several = len(args.paths) > 1
    if args.jobs < 1 or (args.jobs > 1 and os.name != "posix"):
        raise Failure(
            "--jobs wants a number of at least 1, and more than 1 a POSIX system",
            "leave it out for one process",
            MISUSE,
        )
    found = (one for path in args.paths for one in judged(path, trust, args.jobs))
    for place, report in judge_together(found, several=several, also=_meeting(required)):
        tell.report(place, report)
        verdict = worse(verdict, report.verdict)
    tell.end(verdict)
    return _EXIT[verdict]


def judged(path: str, trust: TrustFile, jobs: int = 1) -> Iterator[tuple[Place, Report]]:
    """The reports on a bundle, a folder, or (-) a bundle on standard input, each with its place.

    Raises:
        Failure: it can't be read.
    """
    try:
        if path == "-":
            yield from _file(path, cast(BufferedReader, sys.stdin.buffer), trust, stream=True)
        elif Path(path).is_dir():
            report = verify_folder(path, trust)
            yield Place(path, report.instance_id, alone=True), report
        else:
            with open(path, "rb") as file:
                # A pipe has a name too (<(…) of a shell), and can't be read twice.
                yield from _file(path, file, trust, stream=not file.seekable(), jobs=jobs)
    except OSError as error:
        raise Failure(
            f"cannot read {error.filename or path}: {error.strerror}",
            "name a bundle that gantral evidence export wrote, or the folder of one instance",
            MISUSE,
        ) from None


def _file(
    path: str, file: BufferedReader, trust: TrustFile, *, stream: bool, jobs: int = 1
) -> Iterator[tuple[Place, Report]]:
    # No bundle begins so: its first file is contents.json.
    if file.peek(1)[:1] == b"{":
        report, disclosed = verify_disclosure(file.read(MOST_DISCLOSED + 1), trust)
        yield Place(path, report.instance_id, alone=True, disclosed=disclosed), report
        return
    judge: Judged = one_by_one
    if jobs > 1 and not stream:  # A stream is read once, by one.
        from gantral.evidence.several import judge_in_processes

        judge = partial(judge_in_processes, jobs=jobs)
    for instance, report in verify_bundle(file, trust, stream=stream, judge=judge):
        yield Place(path, instance), report


@dataclass(frozen=True)
class Place:
    """Where evidence was found: in which input, of which instance ("" for a bundle itself).
    ``alone``: the input is of one instance."""

    path: str
    instance_id: str
    alone: bool = False
    disclosed: Disclosed | None = None

    def __str__(self) -> str:
        return (
            self.path if self.alone or not self.instance_id else f"{self.path} {self.instance_id}"
        )


class _Text:
    """The word on stdout, all else on stderr."""

    def __init__(self, trust: TrustFile) -> None:
        self._trust = trust
        # The bundles, and those of them that a log shows to be complete.
        self._bundles: set[str] = set()
        self._complete: set[str] = set()
        self._parts: dict[str, str] = {}

    def report(self, place: Place, report: Report) -> None:
        if not place.alone:
            self._bundles.add(place.path)
        if report.part:
            self._parts[place.path] = report.part
        for finding in report.findings:
            at = f" commit {finding.commit}" if finding.commit else ""
            line = f"{finding.severity}[{finding.code}] {place}{at}: {finding.message}"
            print(printable(line), file=sys.stderr)
        if place.disclosed is not None and report.verdict != "INVALID":
            one = place.disclosed
            at = f"at gate {one.gate} " if one.gate != "none" else ""
            state = one.state or "records alone"
            line = f"disclosed: {one.pointer} is {one.value!r}, as commit {one.commit} ({state}) "
            line += f"of {one.instance_id} tells it {at}at {one.timestamp}. No decision is judged."
            print(printable(line), file=sys.stderr)

        if report.whole is not None:
            self._complete.add(place.path)
            print(printable(f"{place}: {report.whole}"), file=sys.stderr)

    def end(self, verdict: str) -> None:
        for path in sorted(self._bundles - self._complete):
            part = self._parts.get(path)
            why = _PART.format(part) if part else _NOT_SHOWN
            print(printable(f"{path}: {why}"), file=sys.stderr)
        trust = self._trust
        print(
            f"trust file {trust.trust_id}, serial {trust.serial}, sha256 {trust.digest}",
            file=sys.stderr,
        )
        print(verdict)


class _Json:
    """docs/evidence/verdict.schema.json, written instance by instance, the verdict last."""

    def __init__(self, trust: TrustFile) -> None:
        self._findings: list[dict[str, str]] = []
        self._complete: list[dict[str, str]] = []
        self._first = True
        about = {"trust_id": trust.trust_id, "sha256": trust.digest, "serial": trust.serial}
        print(f'{{"trust": {_dump(about)},\n"instances": [', end="")

    def report(self, place: Place, report: Report) -> None:
        findings = [
            {**finding.__dict__, "message": printable(finding.message)}
            for finding in report.findings
        ]
        where = printable(place.path)
        if not place.instance_id and not place.alone:
            self._findings += [{"path": where, **one} for one in findings]
            if report.whole is not None:
                self._complete.append({"path": where, **_whole(report.whole)})
            return
        one = {
            "path": where,
            "instance_id": place.instance_id,
            "verdict": report.verdict,
            "state": report.state,
            "decisions": dict(report.decisions),
            "findings": findings,
        }
        if place.disclosed is not None and report.verdict != "INVALID":
            said = place.disclosed.__dict__.items()
            one["disclosed"] = {name: value for name, value in said if name != "instance_id"}
        print(f"{'' if self._first else ','}\n{_dump(one)}", end="")
        self._first = False

    def end(self, verdict: str) -> None:
        told = f'"findings": {_dump(self._findings)},\n"complete": {_dump(self._complete)}'
        print(f'],\n{told},\n"verdict": {_dump(verdict)}}}')


def _whole(whole: Whole) -> dict[str, str]:
    seen = whole.seen
    return {
        "origin": seen.origin,
        "size": str(seen.size),
        "root": seen.root.hex(),
        "cosigned": seen.at or "none",
        "team": whole.team,
        "instances": str(whole.instances),
    }


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def printable(text: str) -> str:
    """Without control characters: messages quote what lies in evidence, which a stranger wrote."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _requirement(text: str) -> tuple[str, str]:
    gate, equals, word = text.partition("=")
    if not equals or word not in _MEETS:
        raise Failure(
            f"--require {text}: not GATE=WORD", f"WORD is one of {', '.join(_MEETS)}", MISUSE
        )
    return gate, word


def read_trust(path: Path, pinned: str | None = None) -> TrustFile:
    """The trust file, or the last of a folder's line of them, with the digest ``pinned`` when one
    is given.

    Raises:
        Failure: it can't be read or used, or is another one.
    """
    try:
        trust = load_at(path)
    except OSError as error:
        raise Failure(f"cannot read the trust file {path}: {error.strerror}", "", MISUSE) from None
    except EvidenceError as error:
        raise Failure(
            f"the trust file {path} cannot be used: {error.message}",
            "get it again from who publishes it; gantral keys trust writes one",
            MISUSE,
        ) from None
    if pinned is not None and pinned.lower() != trust.digest:
        raise Failure(
            f"the trust file {path} has the digest {trust.digest}, not {pinned}",
            "get the trust file that was pinned",
            MISUSE,
        )
    return trust


def _meeting(required: list[tuple[str, str]]) -> Callable[[Report], Report]:
    def also(report: Report) -> Report:
        # Of a log that travels in a bundle no gate is asked.
        if report.verdict != "VALID" or report.whole is not None:
            return report
        return with_findings(
            report,
            *(
                Finding("required", "INVALID", "", f"the gate {gate} is {ended}, not {word}")
                for gate, word in required
                if (ended := report.decisions.get(gate, "not asked")) not in _MEETS[word]
            ),
        )

    return also
