"""What a name in a text stands for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from gantral.dsl import syntax as syn
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Node, Span

SymbolKind: TypeAlias = Literal[
    "file", "import", "type", "role", "assurance", "calendar", "event", "service", "operation",
    "policy", "gate", "workflow", "let", "approval", "var", "parameter", "field", "handler",
    "element", "given",
]  # fmt: skip

DECLARED: dict[type[Node], SymbolKind] = {
    syn.TypeDeclaration: "type",
    syn.Role: "role",
    syn.Assurance: "assurance",
    syn.Calendar: "calendar",
    syn.Event: "event",
    syn.Service: "service",
    syn.Policy: "policy",
    syn.Gate: "gate",
    syn.Workflow: "workflow",
}


@dataclass(slots=True, eq=False)
class Module:
    """One file as it stands, half typed or not. `imports` has what each alias names: the file is
    None when it is not there or can't be read at all."""

    path: str
    text: str
    tree: syn.File
    imports: dict[str, tuple[syn.Import, Module | None]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Place:
    """Where declarations are looked up: a file's own (`outer` is None), or a workflow's in it."""

    module: Module
    outer: Place | None
    declared: dict[tuple[SymbolKind, str], Symbol] = field(default_factory=dict)


@frozen(eq=False)
class Shape:
    """What is known of a value without checking anything: the type it is written with, read where
    `place` says, and members that no declaration has (`given`)."""

    place: Place
    type: syn.Type | None
    given: tuple[str, ...] = ()


@frozen(eq=False)
class Symbol:
    """A thing with a name. `span` is where it is bound, None for what the language gives; `node` is
    what binds it; `place` is where its own text looks names up."""

    kind: SymbolKind
    name: str
    span: Span | None
    node: Node | None
    place: Place
    shape: Shape | None = None


@frozen(eq=False)
class Mention:
    """A name in the text, where it is bound or used, and what it stands for."""

    span: Span
    symbol: Symbol


@frozen(eq=False)
class Visible:
    """A value's name can be used in [start, end)."""

    start: int
    end: int
    symbol: Symbol
