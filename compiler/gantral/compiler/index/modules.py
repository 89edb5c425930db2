"""A file and what it imports, read as they stand; and how a declaration is found by its path."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from gantral.compiler.index.symbols import DECLARED, Module, Place, Shape, Symbol, SymbolKind
from gantral.compiler.names.project import MAX_IMPORT_DEPTH, Project, imported_path
from gantral.dsl import syntax as syn
from gantral.dsl.cursor import read_all_the_same

Found = tuple[tuple[syn.Identifier, Symbol], ...]


class Modules:
    """The files of one project, each read once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._known: dict[str, Module | None] = {}
        self._places: dict[str, Place] = {}

    def module(self, path: str, depth: int = 0) -> Module | None:
        """The file at a path from the root; None when there is nothing to read in it."""
        path = posixpath.normpath(path)
        if path in self._known:
            return self._known[path]
        text = self._project.read(path)
        tree = None if text is None else read_all_the_same(path, text)
        if text is None or tree is None:
            self._known[path] = None
            return None
        # Known before its imports are: a circle of imports, which the checker refuses, ends here.
        module = self._known[path] = Module(path, text, tree)
        for one in tree.imports:
            target = imported_path(path, one.path.value)
            found = None
            if target is not None and depth < MAX_IMPORT_DEPTH:
                found = self.module(target, depth + 1)
            module.imports.setdefault(one.alias.text, (one, found))
        return module

    def place(self, module: Module) -> Place:
        """Where the names of a file's own declarations are looked up."""
        made = self._places.get(module.path)
        if made is None:
            made = self._places[module.path] = Place(module, None)
            _declare(made, module.tree.declarations)
        return made

    def inside(self, outer: Place, one: syn.Workflow) -> Place:
        """Where the names of a workflow's declarations are looked up."""
        made = Place(outer.module, outer)
        _declare(made, one.declarations)
        return made

    def alias(self, place: Place, name: str) -> Symbol | None:
        """The import of that name in the place's file."""
        one = place.module.imports.get(name)
        if one is None:
            return None
        return Symbol("import", name, one[0].alias.span, one[0], self.place(place.module))

    def imported(self, place: Place, alias: str) -> Place | None:
        """Where the names of the imported file are looked up."""
        one = place.module.imports.get(alias)
        return None if one is None or one[1] is None else self.place(one[1])

    def find(self, place: Place, kind: SymbolKind, parts: Sequence[syn.Identifier]) -> Found:
        """What each part of a path stands for, as far as it is known: an import, if two parts are
        there, and the declaration; for an operation its service before it."""
        if kind == "operation":
            service = self.find(place, "service", parts[:-1])
            if not service or service[-1][1].kind != "service":
                return service
            found = operation(service[-1][1], parts[-1].text)
            return service if found is None else (*service, (parts[-1], found))
        if not parts:
            return ()
        if len(parts) == 1:
            here: Place | None = place
            while here is not None:
                symbol = here.declared.get((kind, parts[0].text))
                if symbol is not None:
                    return ((parts[0], symbol),)
                here = here.outer
            return ()
        alias = self.alias(place, parts[0].text)
        if alias is None:
            return ()
        target = self.imported(place, parts[0].text)
        symbol = None if target is None else target.declared.get((kind, parts[1].text))
        if symbol is None or len(parts) > 2:
            return ((parts[0], alias),)
        return ((parts[0], alias), (parts[1], symbol))

    def resolved(self, shape: Shape | None) -> Shape | None:
        """The shape with named types looked up and `?` taken off."""
        for _ in range(_MAX_NAMES):
            if shape is None or shape.type is None:
                return shape
            if isinstance(shape.type, syn.OptionalType):
                shape = Shape(shape.place, shape.type.inner, shape.given)
                continue
            if not isinstance(shape.type, syn.NamedType):
                return shape
            one = shape.type
            parts = (one.name,) if one.module is None else (one.module, one.name)
            found = self.find(shape.place, "type", parts)
            symbol = found[-1][1] if found else None
            if symbol is None or not isinstance(symbol.node, syn.TypeDeclaration):
                return None
            shape = Shape(symbol.place, symbol.node.type, shape.given)
        return None

    def fields(self, shape: Shape | None) -> tuple[Symbol, ...]:
        """The members of a value: the fields of its record, then what the language gives."""
        found = self.resolved(shape)
        if found is None:
            return ()
        fields = found.type.fields if isinstance(found.type, syn.RecordType) else ()
        return (
            *(field(found.place, one) for one in fields),
            *(self._given(found, name) for name in found.given),
        )

    def _given(self, shape: Shape, name: str) -> Symbol:
        inner = None
        if name == "proposed":
            inner = Shape(shape.place, shape.type)
        elif name == "decision":
            inner = Shape(shape.place, None, DECISION)
        return Symbol("given", name, None, None, shape.place, inner)


DECISION = ("deciders", "at", "reason", "waived")
# Deeper than any chain of names that the checker takes.
_MAX_NAMES = 64


def field(place: Place, one: syn.Field) -> Symbol:
    """The symbol of a record's field, or of a parameter."""
    return Symbol("field", one.name.text, one.name.span, one, place, Shape(place, one.type))


def operation(service: Symbol, name: str) -> Symbol | None:
    """The operation of a service, by its name."""
    if not isinstance(service.node, syn.Service):
        return None
    for one in service.node.operations:
        if one.name.text == name:
            shape = Shape(service.place, one.result)
            return Symbol("operation", name, one.name.span, one, service.place, shape)
    return None


def _declare(place: Place, declarations: Sequence[syn.Declaration]) -> None:
    for one in declarations:
        kind = DECLARED.get(type(one))
        if kind is not None:
            symbol = Symbol(kind, one.name.text, one.name.span, one, place)
            place.declared.setdefault((kind, one.name.text), symbol)
