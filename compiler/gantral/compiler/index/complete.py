"""The names and words that can be written at a place: few, right, and the same each time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias

from gantral.compiler.check.functions import BUILT
from gantral.compiler.index import Index
from gantral.compiler.index.context import chain, kind_after, opened
from gantral.compiler.index.hover import gate_head, operation_head
from gantral.compiler.index.modules import operation
from gantral.compiler.index.symbols import Place, Shape, Symbol, SymbolKind
from gantral.compiler.index.walk import parameters
from gantral.compiler.types.resolve import SCALARS
from gantral.dsl import syntax as syn
from gantral.dsl.cursor import Cursor, Word, cursor
from gantral.dsl.front import is_yaml
from gantral.dsl.frozen import frozen

CompletionKind: TypeAlias = SymbolKind | Literal["keyword", "function", "label", "builtin"]


@frozen(order=True)
class Completion:
    """One thing to write: `insert` is the text, `label` what is shown, `detail` more of it."""

    label: str
    kind: CompletionKind
    insert: str
    detail: str = ""


def complete(index: Index, offset: int) -> tuple[Completion, ...]:
    """What can be written there, by label. Nothing in comments and texts, and where a new name is
    bound. The text is the index's own."""
    # What may stand at a place of YAML its schema says (docs/yaml.schema.json).
    found = None if is_yaml(index.module.path) else cursor(index.module.text, offset)
    if found is None:
        return ()
    return tuple(sorted(dict.fromkeys(_all(index, offset, found))))


def _all(index: Index, offset: int, found: Cursor) -> Iterator[Completion]:
    place = index.place_at(offset)
    if found.before and found.before[-1].text in (".", "?."):
        yield from _members(index, place, found)
        return
    if "LABEL" in found.expected:
        labels = list(_labels(index, place, offset, found))
        if labels:
            yield from labels
            return
    for word in found.keywords:
        yield Completion(word, "keyword", word)
    if "TYPE_NAME" in found.expected:
        yield from (Completion(word, "builtin", word) for word in SCALARS)
        yield from _declared(index, place, "type")
    elif "true" in found.expected:
        yield from (_item(one) for one in _values(index, offset))
        yield from (Completion(word, "function", word) for word in BUILT)
        if "ask" in found.expected:
            yield from _declared(index, place, "service")
    elif "let" in found.expected:
        yield from _declared(index, place, "service")
    elif "MEMBER" in found.expected:
        yield from _undoing(index, place, found)
    elif "NAME" in found.expected:
        yield from _named(index, place, offset, kind_after(found.before))


def _named(
    index: Index, place: Place, offset: int, kind: SymbolKind | None
) -> Iterator[Completion]:
    """Names of the one kind that belongs there."""
    if kind is None:
        return
    if kind == "given":
        yield Completion("initiator", "given", "initiator")
        yield Completion("input", "given", "input")
    elif kind in ("approval", "parameter", "let", "var"):
        for one in _values(index, offset):
            if one.kind == kind and (kind != "let" or _undoable(index, place, one)):
                yield _item(one)
    else:
        yield from _declared(index, place, kind, kind == "service")


def _values(index: Index, offset: int) -> list[Symbol]:
    """The values whose names can be read there. A name is not yet bound right at its `let`'s end:
    the value may still be being typed."""
    return [one.symbol for one in index.visible if one.start < offset <= one.end]


def _undoable(index: Index, place: Place, one: Symbol) -> bool:
    """Whether a name is bound to a call that has an undo, or to a child."""
    value = getattr(one.node, "value", None)
    if isinstance(value, syn.RunWorkflow):
        return True
    if not isinstance(value, syn.ServiceCall):
        return False
    called = index.modules.find(place, "operation", value.operation.parts)
    node = called[-1][1].node if called else None
    return isinstance(node, syn.Operation) and node.undo is not None


def _acts(one: Symbol) -> bool:
    """Whether a service has something that a gate can release."""
    node = one.node
    return isinstance(node, syn.Service) and any("effect" in each.kind for each in node.operations)


def _declared(
    index: Index, place: Place, kind: SymbolKind, acting: bool = False
) -> Iterator[Completion]:
    """Declarations of a kind, and the imports that have some; `acting`: only what has effects."""

    def those(where: Place) -> list[Symbol]:
        found = [one for (of, _), one in where.declared.items() if of == kind]
        return [one for one in found if _acts(one)] if acting else found

    here: Place | None = place
    while here is not None:
        yield from (_item(one) for one in those(here))
        here = here.outer
    for alias in place.module.imports:
        target = index.modules.imported(place, alias)
        if target is not None and those(target):
            yield Completion(alias, "import", alias)


def _members(index: Index, place: Place, found: Cursor) -> Iterator[Completion]:
    """What comes after a dot."""
    names = chain(found.before)
    ahead = cursor(index.module.text, names[0].start) if names else None
    if ahead is None:
        return
    head = names[0]
    kind = kind_after(ahead.before)
    calling = "true" in ahead.expected or "let" in ahead.expected
    if "TYPE_NAME" in ahead.expected:
        kind = "type"
    elif calling:
        kind = "service"
    value = _head(index, place, head, kind)
    if value is not None:
        yield from (_item(one) for one in _read(index, value, names[1:]))
        return
    target = index.modules.imported(place, head.text)
    if kind is not None and target is not None and len(names) == 1:
        yield from (_item(one) for (of, _), one in target.declared.items() if of == kind)
    elif kind == "service":
        parts = [syn.Identifier(index.module.tree.span, one.text) for one in names]
        service = index.modules.find(place, "service", parts)
        if service:
            yield from _operations(service[-1][1], calling)


def _head(index: Index, place: Place, head: Word, kind: SymbolKind | None) -> Symbol | None:
    """The value that a path begins with, where values can stand."""
    if kind == "given":
        # The key in a workflow's header reads `input`, which statements alone have in scope.
        known = [one.symbol for one in index.visible if one.symbol.place is place]
        known = [one for one in known if one.kind == "given"]
    else:
        known = _values(index, head.start) if kind in ("service", "parameter") else []
    return next((one for one in known if one.name == head.text), None)


def _operations(service: Symbol, calling: bool) -> Iterator[Completion]:
    """The operations of a service; where none is called, those that a gate can release."""
    if not isinstance(service.node, syn.Service):
        return
    for each in service.node.operations:
        one = operation(service, each.name.text)
        if one is not None and (calling or "effect" in each.kind):
            yield _item(one)


def _read(index: Index, value: Symbol, names: Iterable[Word]) -> tuple[Symbol, ...]:
    shape = value.shape
    for name in names:
        members = {one.name: one for one in index.modules.fields(shape)}
        shape = members[name.text].shape if name.text in members else None
    return index.modules.fields(shape)


def _undoing(index: Index, place: Place, found: Cursor) -> Iterator[Completion]:
    """The operations of its own service that an operation may name as its undo."""
    if not found.before or found.before[-1].text != "undo":
        return
    for service in place.declared.values():
        node = service.node
        if isinstance(node, syn.Service) and node.span.start <= found.start <= node.span.end:
            yield from _operations(service, calling=False)


def _labels(index: Index, place: Place, offset: int, found: Cursor) -> Iterator[Completion]:
    """The names of arguments that are not given yet, or of the fields of the output."""
    before = found.before
    at = opened(before)
    if at < 1:
        return
    wanted: dict[str, Symbol] = {}
    if before[at].text == "(":
        end = at - 1
        begin = end
        while begin > 1 and before[begin - 1].text == ".":
            begin -= 2
        words = before[begin : end + 1 : 2]
        parts = [syn.Identifier(index.module.tree.span, one.text) for one in words]
        lead = kind_after(before[:begin])
        kind: SymbolKind = lead if lead in ("gate", "workflow") else "operation"
        called = index.modules.find(place, kind, parts)
        if called and called[-1][1].kind == kind:
            wanted = parameters(called[-1][1])
    elif before[at - 1].text == "complete":
        wanted = _output(index, offset)
    given = {one.text for one in before[at:] if one.label}
    for name, one in wanted.items():
        if name not in given:
            yield Completion(f"{name}:", "label", f"{name}: ", _item(one).detail)


def _output(index: Index, offset: int) -> dict[str, Symbol]:
    """The fields of the output of the workflow around a place."""
    for one in index.module.tree.declarations:
        if isinstance(one, syn.Workflow) and one.span.start <= offset <= one.span.end:
            fields = index.modules.fields(Shape(index.place_at(offset), one.output))
            return {each.name: each for each in fields}
    return {}


def _item(one: Symbol) -> Completion:
    """A symbol as something to write."""
    detail = ""
    if isinstance(one.node, syn.Gate) and one.kind == "gate":
        detail = gate_head(one, one.node)
    elif isinstance(one.node, syn.Operation):
        detail = operation_head(one, one.node)
    elif one.shape is not None and one.shape.type is not None and one.kind != "approval":
        span = one.shape.type.span
        detail = " ".join(one.shape.place.module.text[span.start : span.end].split())
    return Completion(one.name, one.kind, one.name, detail)
