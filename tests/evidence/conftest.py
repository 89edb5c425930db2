"""The scenes beside the tests are imported by their plain names; and what any test here has judged is
judged by the second verifier too."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from gantral.evidence import Report, TrustFile, errors, verify_folder
from gantral.evidence.report import Finding
from second import ask

_refuse = errors.refuse
_load = TrustFile.load
_trusts: dict[str, Path] = {}
_asked: Counter[str] = Counter()
# A test that judges thousands of folders has the first ones judged twice, then every hundredth.
_ALL, _EACH = 60, 101


def _remembered(data: bytes) -> TrustFile:
    trust = _load(data)
    if trust.digest not in _trusts:
        place = Path(tempfile.mkdtemp(prefix="gantral-trust-")) / "trust.json"
        place.write_bytes(data)
        _trusts[trust.digest] = place
    return trust


def _codes(findings: Any) -> list[tuple[str, str, str]]:
    plain = [one.__dict__ if isinstance(one, Finding) else one for one in findings]
    return [(one["code"], one["severity"], one["commit"]) for one in plain]


def judged_twice(path: Any, trust: TrustFile) -> Report:
    """``verify_folder``, held to what the second verifier says of the same folder."""
    report = verify_folder(path, trust)
    _asked[_now[0]] += 1
    number = _asked[_now[0]]
    # Where a rule is switched off there is nothing to compare.
    if errors.refuse is _refuse and (number <= _ALL or number % _EACH == 0):
        told = ask(_trusts[trust.digest], [Path(path)])["folders"][0]
        assert (told["verdict"], _codes(told["findings"])) == (
            report.verdict,
            _codes(report.findings),
        )
    return report


_now = [""]


@pytest.fixture(autouse=True)
def _each_test(request: pytest.FixtureRequest) -> None:
    _now[0] = request.node.nodeid


def pytest_collection_finish(session: pytest.Session) -> None:
    """Every test module here that judges folders does so twice from now on."""
    TrustFile.load = staticmethod(_remembered)  # type: ignore[method-assign]
    here = str(Path(__file__).parent)
    for module in list(sys.modules.values()):
        if (getattr(module, "__file__", None) or "").startswith(here + "/test_"):
            if vars(module).get("verify_folder") is verify_folder:
                vars(module)["verify_folder"] = judged_twice


