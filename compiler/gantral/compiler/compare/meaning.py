"""What an expression means apart from the names of its lets: where its value comes from."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from gantral.compiler.digest import canonical, meaning
from gantral.compiler.program import (
    Approval,
    ApprovalMeta,
    ApprovalRef,
    Arrival,
    Ask,
    AskOnlyIf,
    Comprehension,
    ElementRef,
    Expr,
    FailureRef,
    Handler,
    Let,
    LetRef,
    Literal,
    Narrowed,
    Program,
    ProposedRef,
    ServiceCall,
    Typed,
    Undo,
    Widen,
)
from gantral.compiler.program.walk import bindings, calls, waits
from gantral.dsl.span import Span

# What names a binding by its place; a node of another kind that does so is not understood here.
_BINDERS = (
    LetRef,
    ElementRef,
    Comprehension,
    ApprovalRef,
    ApprovalMeta,
    ProposedRef,
    FailureRef,
    Let,
    Handler,
    Approval,
    Arrival,
    Undo,
)
# Names that their author may change, and what follows from the rest of a node.
_LEFT_OUT = ("name", "span", "binding", "head", "type", "personal", "ordinal")


class Meaning:
    """Keys of the expressions of one program: equal in two programs only when both read the same
    from the same asks, calls and inputs. `understood` turns false at a node of an unknown kind
    that binds: then no key says anything."""

    def __init__(self, program: Program) -> None:
        self.understood = True
        self._lets = {one.binding: one.value for one in bindings(program.run + program.on_failure)}
        self._known: dict[Span, str] = {}
        self._elements: dict[Span, str] = {}
        self._handled: dict[Span, str] = {}
        self._calls: dict[Span, str] = {}
        for wait in waits(program.run):
            for one in wait.arrivals:
                if one.binding is not None:
                    self._known[one.binding] = _hash("event", wait.id, one.event.name)
        seen: Counter[str] = Counter()
        for call in calls(program.run + program.on_failure):
            if call.handler is not None and call.handler.binding is not None:
                self._handled[call.handler.binding] = call.id
            # Two like calls are two readings: which of them is read is part of the meaning.
            key = self._call(call)
            seen[key] += 1
            self._calls[call.span] = f"{key}#{seen[key]}"

    def key(self, value: Any) -> str:
        """The key of an expression or a statement."""
        match value:
            case Narrowed(base=base) | Widen(base=base):
                return self.key(base)
            case LetRef(binding=binding):
                return self._bound(binding)
            case ElementRef(binding=binding):
                return self._element(binding)
            case Comprehension():
                return self._comprehension(value)
            case ApprovalRef(binding=binding):
                return _hash("approved", self.ask(binding))
            case ApprovalMeta(binding=binding, field=part):
                return _hash("decision", self.ask(binding), part)
            case ProposedRef(binding=binding):
                return _hash("proposed", self.ask(binding))
            case FailureRef(binding=binding, field=part):
                return _hash("failure", part, self._handled.get(binding, "") if binding else "run")
            case ServiceCall():
                return self._calls.get(value.span) or self._call(value)
            case Ask():
                asked = [self.key(value.only_if)] if isinstance(value, AskOnlyIf) else []
                return _hash("ask", value.id, *self._pairs(value.arguments), *asked)
            case Literal(value=text):
                return _hash("constant", canonical(meaning(value.type)).decode(), text)
            case tuple():
                return _hash("list", *(self.key(one) for one in value))
            case _ if is_dataclass(value):
                return self._node(value)
            case _:
                return _hash(type(value).__name__, repr(value))

    def resolved(self, value: Expr) -> Expr:
        """The expression that a let's name stands for, and what a test or scale is said of."""
        while True:
            match value:
                case Narrowed(base=base) | Widen(base=base):
                    value = base
                case LetRef(binding=binding):
                    bound = self._lets.get(binding)
                    if not isinstance(bound, Typed):
                        return value
                    value = bound
                case _:
                    return value

    def arguments(self, values: tuple[tuple[str, Any], ...]) -> Mapping[str, str]:
        """The key of each argument."""
        return {name: self.key(value) for name, value in values}

    def ask(self, binding: Span) -> str:
        """The site of the ask that binds an approval."""
        value = self._lets.get(binding)
        if isinstance(value, Ask):
            return value.id
        self.understood = False
        return ""

    def _bound(self, binding: Span) -> str:
        if binding not in self._known:
            value = self._lets.get(binding)
            if value is None:
                self.understood = False
                return ""
            self._known[binding] = self.key(value)
        return self._known[binding]

    def _comprehension(self, value: Comprehension) -> str:
        items = self.key(value.items)
        # By how many stand around it, whatever it is called.
        self._elements[value.binding] = f"element {len(self._elements)}"
        parts = ("each", items, self.key(value.condition), self.key(value.element))
        del self._elements[value.binding]
        return _hash(*parts)

    def _element(self, binding: Span) -> str:
        if binding not in self._elements:
            self.understood = False
        return self._elements.get(binding, "")

    def _call(self, call: ServiceCall) -> str:
        under = sorted(self.ask(one.binding) for one in call.under)
        handler = "" if call.handler is None else self.key(call.handler.body)
        parts = self._pairs(call.arguments)
        return _hash("call", call.operation, *parts, "under", *under, "else", handler)

    def _pairs(self, values: tuple[tuple[str, Any], ...]) -> list[str]:
        return [part for name, value in values for part in (name, self.key(value))]

    def _node(self, value: Any) -> str:
        parts = [type(value).__name__]
        for one in fields(value):
            if one.name == "binding" and not isinstance(value, _BINDERS):
                self.understood = False
            if one.name in _LEFT_OUT and not (one.name == "name" and _names(value)):
                continue
            parts += [one.name, self.key(getattr(value, one.name))]
        return _hash(*parts)


def _names(value: Any) -> bool:
    """Whether the name of a node is what it means (a field, a function), not what binds it."""
    return not isinstance(value, _BINDERS)


def _hash(*parts: str) -> str:
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()
