"""Parser, verifier and bundle reader, fuzzed by coverage (atheris, where it installs): for a
moment in `make test`, for long in `make soak`. Without it the properties beside this file, by
Hypothesis, are what looks further."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

pytest.importorskip("atheris", reason="atheris has no wheel for this machine")
RUNS = 50 if settings.get_current_profile_name() == "house" else 100_000


@pytest.mark.hypothesis
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("target", ["parser", "verifier", "bundle"])
def test_guided_by_coverage(target: str, tmp_path: Path) -> None:
    script = Path(__file__).with_name("fuzz.py")
    limits = [f"-runs={RUNS}", "-max_len=65536", "-timeout=60", "-seed=1"]
    done = subprocess.run(
        [sys.executable, script, target, tmp_path, *limits],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    told = done.stderr.decode(errors="replace")
    assert done.returncode == 0, told[-4000:]
    assert f"Done {RUNS} runs" in told
