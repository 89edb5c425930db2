"""The flow graph, its textual form, and walks over it."""

from __future__ import annotations

from gantral.compiler.flow.build import build_flow
from gantral.compiler.flow.graph import ENDING, Argument, Edge, Flow, FlowNode
from gantral.compiler.flow.text import FlowTextError, parse_flow, print_flow

__all__ = [
    "ENDING",
    "Argument",
    "Edge",
    "Flow",
    "FlowNode",
    "FlowTextError",
    "build_flow",
    "parse_flow",
    "print_flow",
]
