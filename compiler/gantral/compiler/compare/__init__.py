"""What changed in authority between two versions of a workflow."""

from __future__ import annotations

from gantral.compiler.compare.report import Comparison, Effect, Finding, Verdict
from gantral.compiler.compare.workflow import compare, only_one

__all__ = ["Comparison", "Effect", "Finding", "Verdict", "compare", "only_one"]
