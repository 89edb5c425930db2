"""A program's flow of control as a picture, written as Mermaid, DOT or SVG text."""

from __future__ import annotations

from gantral.compiler.graph.dot import dot
from gantral.compiler.graph.mermaid import mermaid
from gantral.compiler.graph.picture import Arrow, Box, Kind, Picture, picture
from gantral.compiler.graph.svg import svg

__all__ = ["Arrow", "Box", "Kind", "Picture", "dot", "mermaid", "picture", "svg"]
