"""`ask … only if`: an approval that may stand for nobody's yes (LANGUAGE section 8, rule 2)."""

from __future__ import annotations

from collections.abc import Collection

from gantral.compiler.names.findings import Findings
from gantral.compiler.program import statements as st
from gantral.dsl.span import Span


def certain(findings: Findings, call: st.ServiceCall, uncertain: Collection[Span]) -> None:
    """Rule 2: an effect names at least one approval that is asked for whatever the case."""
    if call.under and all(one.binding in uncertain for one in call.under):
        names = ", ".join(f"`{one.name}`" for one in call.under)
        findings.error(
            "G0349",
            call.head,
            f"nobody may have been asked before this effect: {names} is asked `only if`",
            "act under an approval of another gate as well, which is asked in every case",
        )
