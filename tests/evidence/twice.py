"""What the tests here have judged, the second verifier judges too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gantral.cli.main import main
from gantral.evidence import Report, TrustFile, errors, verify_folder
from gantral.evidence.children import link_children
from gantral.evidence.report import Finding
from gantral.evidence.verify import verify_disclosure
from second import KEPT, ask, codes_of, run


class NOW:
    """``alone``: the second verifier is not asked. ``test``: which one runs."""

    alone = False
    test = ""


_refuse = errors.refuse
_load = TrustFile.load
_trusts: dict[str, Path] = {}
_asked: Counter[str] = Counter()
# The report is kept, so that its id stays its own.
_folders: dict[int, tuple[Report, Path, str]] = {}
# A test that judges thousands of folders has the first ones judged twice, then every hundredth.
_ALL, _EACH = 60, 101


def remembered(data: bytes) -> TrustFile:
    trust = _load(data)
    if trust.digest not in _trusts:
        place = Path(KEPT.name) / f"{trust.digest}.json"
        place.write_bytes(data)
        _trusts[trust.digest] = place
    return trust


def _codes(findings: Any) -> list[tuple[str, str, str]]:
    plain = [one.__dict__ if isinstance(one, Finding) else one for one in findings]
    return [(one["code"], one["severity"], one["commit"]) for one in plain]


def _unlike(reports: Sequence[Report], told: Sequence[Any]) -> str:
    """Where the two differ, in words."""
    first = [(one.verdict, _codes(one.findings)) for one in reports]
    second = [(one["verdict"], _codes(one["findings"])) for one in told]
    return "" if first == second else f"{first}, the second verifier: {second}"


def judged_twice(path: Any, trust: TrustFile) -> Report:
    """``verify_folder``, held to what the second verifier says of the same folder."""
    report = verify_folder(path, trust)
    _folders[id(report)] = (report, Path(path), trust.digest)
    _asked[NOW.test] += 1
    number = _asked[NOW.test]
    if number <= _ALL or number % _EACH == 0:
        told = ask(_trusts[trust.digest], [Path(path)])["instances"]
        if errors.refuse is _refuse:
            assert not (wrong := _unlike([report], told)), wrong
        else:
            # A forgery, and the first verifier without the rule that sees it: the second has it.
            assert told[0]["verdict"] != "VALID"
    return report


def linked_twice(reports: Sequence[Report]) -> list[Report]:
    """``link_children``, of folders that were judged above."""
    linked = link_children(reports)
    trusts = {_folders[id(one)][2] for one in reports}
    # Both commands judge the folders of one run by one trust file.
    if errors.refuse is _refuse and len(trusts) == 1:
        (digest,) = trusts
        told = ask(_trusts[digest], [_folders[id(one)][1] for one in reports])["instances"]
        assert not (wrong := _unlike(linked, told)), wrong
    return linked


def second_of_bytes(trust: bytes, data: bytes, *, pipe: bool) -> tuple[str, list[str]] | None:
    """What the second verifier says of a bundle or disclosure: the word and the codes. None when it
    is not asked."""
    number = _asked[NOW.test] = _asked[NOW.test] + 1
    if NOW.alone or (number > _ALL and number % _EACH):
        return None
    place, file = Path(KEPT.name) / "trust", Path(KEPT.name) / "file"
    place.write_bytes(trust)
    file.write_bytes(data)
    told = ask(place, ["-" if pipe else file], data=data if pipe else None)
    return told["verdict"], codes_of(told)


def disclosure_twice(data: bytes, trust: TrustFile) -> Any:
    """``verify_disclosure``, held to what the second verifier says."""
    report, disclosed = verify_disclosure(data, trust)
    if errors.refuse is _refuse:
        told = second_of_bytes(_trusts[trust.digest].read_bytes(), data, pipe=False)
        assert told in (None, (report.verdict, [one.code for one in report.findings]))
    return report, disclosed


def main_twice(words: Sequence[str]) -> int:
    """The command, and of `verify` the second one's status too."""
    status = main(words)
    # Of processes the second one knows nothing.
    if words[0] == "verify" and "--jobs" not in words and errors.refuse is _refuse:
        second = run(words[1:])
        assert second.returncode == status, second.stderr.decode()
    return status


def forget(test: str) -> None:
    """A test begins."""
    NOW.test = test
    _folders.clear()


TWICE: dict[str, tuple[Any, Any]] = {
    "verify_folder": (verify_folder, judged_twice),
    "link_children": (link_children, linked_twice),
    "verify_disclosure": (verify_disclosure, disclosure_twice),
    "main": (main, main_twice),
}
