"""``gantral verify``: judge evidence offline. stdout is the word alone."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from gantral.cli.failure import MISUSE, Failure
from gantral.cli.main import Subparsers
from gantral.evidence import EvidenceError, Report, TrustFile, verify_folder
from gantral.evidence.children import link_children
from gantral.evidence.report import Finding, find_forks, verdict_of

_EXIT = {"VALID": 0, "INVALID": 1, "INCONCLUSIVE": 2}
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
        description="Judge the evidence of instances, one folder each, against a trust file. "
        "Opens no socket and reads no clock. Prints one word for all folders together; findings go "
        "to stderr. A child (`run workflow`) is judged with its parent: give both folders. "
        "Exit 0 VALID, 1 INVALID, 2 INCONCLUSIVE.",
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--trust", type=Path, required=True, metavar="FILE")
    parser.add_argument(
        "--trust-sha256", metavar="HEX", help="refuse a trust file with another digest"
    )
    parser.add_argument(
        "--require",
        action="append",
        default=[],
        metavar="GATE=WORD",
        help=f"also demand how a gate ended last: {', '.join(_MEETS)} (repeatable)",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Print the verdict; returns its exit status."""
    required = [_requirement(text) for text in args.require]
    trust = _trust(args.trust, args.trust_sha256)
    judged = link_children(find_forks([_judged(folder, trust) for folder in args.folders]))
    # Once it is told who started it: a child is not VALID before.
    held = [_held(report, required) for report in judged]
    reports = list(zip(args.folders, held, strict=True))
    verdict = verdict_of([finding for _, report in reports for finding in report.findings])
    if args.format == "json":
        print(json.dumps(_plain(verdict, reports), ensure_ascii=False, indent=2))
    else:
        for folder, report in reports:
            for finding in report.findings:
                place = f" commit {finding.commit}" if finding.commit else ""
                line = f"{finding.severity}[{finding.code}] {folder}{place}: {finding.message}"
                print(_printable(line), file=sys.stderr)
        print(
            f"trust file {trust.trust_id}, serial {trust.serial}, sha256 {trust.digest}",
            file=sys.stderr,
        )
        print(verdict)
    return _EXIT[verdict]


def _printable(text: str) -> str:
    # Messages quote what lies in evidence, which a stranger wrote: no control characters.
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _requirement(text: str) -> tuple[str, str]:
    gate, equals, word = text.partition("=")
    if not equals or word not in _MEETS:
        raise Failure(
            f"--require {text}: not GATE=WORD", f"WORD is one of {', '.join(_MEETS)}", MISUSE
        )
    return gate, word


def _trust(path: Path, pinned: str | None) -> TrustFile:
    try:
        trust = TrustFile.load(path.read_bytes())
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


def _judged(folder: Path, trust: TrustFile) -> Report:
    try:
        return verify_folder(folder, trust)
    except OSError as error:
        raise Failure(
            f"cannot read {error.filename or folder}: {error.strerror}",
            "name the folder of one instance: it holds manifest.json and commits/",
            MISUSE,
        ) from None


def _held(report: Report, required: list[tuple[str, str]]) -> Report:
    wrong = [
        Finding("required", "INVALID", "", f"the gate {gate} is {_ended(report, gate)}, not {word}")
        for gate, word in required
        if report.verdict == "VALID" and _ended(report, gate) not in _MEETS[word]
    ]
    if not wrong:
        return report
    findings = (*report.findings, *wrong)
    return Report(**{**report.__dict__, "verdict": verdict_of(findings), "findings": findings})


def _ended(report: Report, gate: str) -> str:
    return report.decisions.get(gate, "not asked")


def _plain(verdict: str, reports: list[tuple[Path, Report]]) -> dict[str, Any]:
    return {
        "verdict": verdict,
        "trust": {"sha256": reports[0][1].trust_digest, "serial": reports[0][1].trust_serial},
        "folders": [
            {
                "folder": _printable(str(folder)),
                "verdict": report.verdict,
                "instance_id": report.instance_id,
                "state": report.state,
                "decisions": dict(report.decisions),
                "findings": [
                    {**finding.__dict__, "message": _printable(finding.message)}
                    for finding in report.findings
                ],
            }
            for folder, report in reports
        ],
    }
