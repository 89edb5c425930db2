"""A rule taken out: what it alone refuses passes then, so the rule is needed."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from gantral.evidence import errors


def switch_off(monkeypatch: pytest.MonkeyPatch, codes: Collection[str]) -> None:
    """Let the verifier refuse nothing by these rules, till the test ends."""
    real = errors.refuse

    def without(found: str, message: str, *, inconclusive: bool = False) -> None:
        if found not in codes:
            real(found, message, inconclusive=inconclusive)

    monkeypatch.setattr(errors, "refuse", without)
