"""The scenes beside the tests are imported by their plain names; and what any test here has judged,
the second verifier judges too."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from gantral.evidence import Report, TrustFile, errors, verify_folder
from gantral.evidence.children import link_children
from gantral.evidence.report import Finding
from second import KEPT, ask

_refuse = errors.refuse
_load = TrustFile.load
_trusts: dict[str, Path] = {}
_asked: Counter[str] = Counter()
# A test that judges thousands of folders has the first ones judged twice, then every hundredth.
_ALL, _EACH = 60, 101


def _remembered(data: bytes) -> TrustFile:
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
    _asked[_now[0]] += 1
    number = _asked[_now[0]]
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


_now = [""]
# The report is kept, so that its id stays its own.
_folders: dict[int, tuple[Report, Path, str]] = {}


@pytest.fixture(autouse=True)
def _each_test(request: pytest.FixtureRequest) -> None:
    _now[0] = request.node.nodeid
    _folders.clear()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Every test module here that judges folders does so twice from now on."""
    TrustFile.load = staticmethod(_remembered)  # type: ignore[method-assign]
    here = str(Path(__file__).parent)
    twice = {"verify_folder": judged_twice, "link_children": linked_twice}
    once = {"verify_folder": verify_folder, "link_children": link_children}
    for module in list(sys.modules.values()):
        if (getattr(module, "__file__", None) or "").startswith(here + "/test_"):
            for name, own in once.items():
                if vars(module).get(name) is own:
                    vars(module)[name] = twice[name]
