"""The scenes beside the tests are imported by their plain names; and what any test here has judged,
the second verifier judges too (``twice``)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from gantral.evidence import TrustFile
from twice import NOW, TWICE, forget, remembered


@pytest.fixture(autouse=True)
def _each_test(request: pytest.FixtureRequest) -> None:
    forget(request.node.nodeid)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--first-alone",
        action="store_true",
        help="judge by the first verifier alone: what the second says depends on no Python",
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The tests that are about the second verifier."""
    alone = config.getoption("--first-alone", False)
    return True if alone and collection_path.name == "test_second_verifier.py" else None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Every test module here that judges does so twice from now on."""
    NOW.alone = session.config.getoption("--first-alone", False)
    if NOW.alone:
        return
    TrustFile.load = staticmethod(remembered)  # type: ignore[method-assign]
    here = str(Path(__file__).parent)
    for module in list(sys.modules.values()):
        if (getattr(module, "__file__", None) or "").startswith(here + "/test_"):
            for name, (own, twice) in TWICE.items():
                if vars(module).get(name) is own:
                    vars(module)[name] = twice
