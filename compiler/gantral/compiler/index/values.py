"""The names inside types and expressions, and what is known of an expression's value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass

from gantral.compiler.index.modules import Modules
from gantral.compiler.index.modules import field as field_of
from gantral.compiler.index.symbols import Mention, Place, Shape, Symbol, SymbolKind, Visible
from gantral.dsl import syntax as syn
from gantral.dsl.span import Node, Span

Env = dict[str, Symbol]
"""The value names in scope."""


def children(one: Node) -> Iterator[Node]:
    """The nodes right below, in the order of their fields."""
    assert is_dataclass(one)
    for each in fields(one):
        value = getattr(one, each.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Node):
                yield part


class Values:
    """Collects mentions and where names are visible. A part that is missing (None) in a half
    typed text says nothing."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self.mentions: list[Mention] = []
        self.visible: list[Visible] = []

    # --- names --------------------------------------------------------------------------------

    def see(self, span: Span, symbol: Symbol | None) -> None:
        """A name stands there."""
        if symbol is not None:
            self.mentions.append(Mention(span, symbol))

    def bind(self, env: Env, symbol: Symbol, start: int, end: int) -> None:
        """A value's name is bound, to be used in [start, end)."""
        if symbol.span is not None and symbol.kind != "given":
            self.see(symbol.span, symbol)
        env.setdefault(symbol.name, symbol)
        self.visible.append(Visible(start, end, symbol))

    def declared(
        self, place: Place, kind: SymbolKind, parts: Sequence[syn.Identifier]
    ) -> Symbol | None:
        """A path to a declaration; gives what its last part stands for, if that is known."""
        found = self.modules.find(place, kind, parts)
        for part, symbol in found:
            self.see(part.span, symbol)
        return found[-1][1] if found and found[-1][1].kind == kind else None

    def at(self, place: Place, kind: SymbolKind, path: syn.Path | None) -> Symbol | None:
        """`declared` of a path that may be missing."""
        return None if path is None else self.declared(place, kind, path.parts)

    def path(self, env: Env, parts: Sequence[syn.Identifier]) -> Shape | None:
        """A path that reads a value: a name in scope, then members."""
        symbol = env.get(parts[0].text) if parts else None
        if symbol is None:
            return None
        self.see(parts[0].span, symbol)
        shape = symbol.shape
        for part in parts[1:]:
            shape = self.member(shape, part)
        return shape

    def member(self, shape: Shape | None, name: syn.Identifier) -> Shape | None:
        """A member of a value."""
        for symbol in self.modules.fields(shape):
            if symbol.name == name.text:
                self.see(name.span, symbol)
                return symbol.shape
        return None

    # --- types --------------------------------------------------------------------------------

    def type(self, place: Place, one: Node | None) -> None:
        """The names in a type; a record's fields are mentions of themselves."""
        if one is None:
            return
        if isinstance(one, syn.NamedType):
            parts = (one.name,) if one.module is None else (one.module, one.name)
            self.declared(place, "type", parts)
            return
        if isinstance(one, syn.Field):
            self.see(one.name.span, field_of(place, one))
        for part in children(one):
            self.type(place, part)

    # --- expressions --------------------------------------------------------------------------

    def value(self, place: Place, env: Env, one: Node | None) -> Shape | None:
        """The names in an expression; gives what is known of its value."""
        match one:
            case None:
                return None
            case syn.Name():
                symbol = env.get(one.text)
                if symbol is None:
                    # `service.operation` without its brackets yet reads like a value.
                    parts = (syn.Identifier(one.span, one.text),)
                    if self.declared(place, "service", parts) is None:
                        self.see(one.span, self.modules.alias(place, one.text))
                    return None
                self.see(one.span, symbol)
                return symbol.shape
            case syn.Member():
                return self.member(self.value(place, env, one.target), one.name)
            case syn.Generator():
                inner = self._element(place, env, one.name, one.items, one.span.end)
                self.value(place, inner, one.element)
                self.value(place, inner, one.condition)
                return None
            case syn.Conditional():
                self.value(place, env, one.condition)
                then = self.value(place, env, one.then)
                return self.value(place, env, one.otherwise) if then is None else then
            case syn.Binary(operator="??"):
                left = self.value(place, env, one.left)
                self.value(place, env, one.right)
                return left
            case _:
                for part in children(one):
                    self.value(place, env, part)
                return None

    def _element(self, place: Place, env: Env, name: syn.Identifier, items: Node, end: int) -> Env:
        inner = dict(env)
        self.bind(inner, self.element(place, env, name, items), name.span.start, end)
        return inner

    def element(self, place: Place, env: Env, name: syn.Identifier, items: Node) -> Symbol:
        """The name that stands for each element of a list."""
        shape = self.modules.resolved(self.value(place, env, items))
        element = None
        if shape is not None and isinstance(shape.type, syn.ListType):
            element = Shape(shape.place, shape.type.element)
        return Symbol("element", name.text, name.span, name, place, element)

    def arguments(
        self,
        place: Place,
        env: Env,
        given: Sequence[syn.Argument | syn.RecordField],
        wanted: Mapping[str, Symbol],
    ) -> None:
        """Arguments, or a record's fields, by the names of what they fill."""
        for one in given:
            if one.name is not None:
                self.see(one.name.span, wanted.get(one.name.text))
            self.value(place, env, one.value)
