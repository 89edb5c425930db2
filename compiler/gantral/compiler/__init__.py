"""Syntax tree to typed program to flow graph to proofs to generated package."""

from __future__ import annotations

from gantral.compiler.analysis import Analysis, analyse, check_text
from gantral.compiler.names.project import Project

__all__ = ["Analysis", "Project", "analyse", "check_text"]
