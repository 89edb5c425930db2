"""Expressions, types and their named lists."""

from __future__ import annotations

from typing import Any

from gantral.dsl.build import Part
from gantral.dsl.syntax import Field
from gantral.dsl.yaml.nodes import Mapping, Node, Scalar, Sequence
from gantral.dsl.yaml.scalars import Scalars
from gantral.grammar.lexer import Token


class Values(Scalars):
    """Reads values and types."""

    def expression(self, key: Scalar, node: Node) -> Any:
        """An expression: a scalar in text form, a text in quotes, a mapping for a record, a list
        for a list."""
        if isinstance(node, Mapping):
            return self.record(node)
        if isinstance(node, Sequence):
            items = [self.expression(key, one) for one in node.items]
            return None if None in items else self.build("list", node.start, node.end, items)
        tokens = self.tokens(key, node, quotes=True)
        return None if tokens is None else self.sentence(tokens, "hole")

    def record(self, node: Mapping) -> Any:
        """A record of a mapping."""
        fields = self.named("record_field", node)
        return None if fields is None else self.build("record", node.start, node.end, fields)

    def named(self, rule: str, node: Mapping) -> list[Any] | None:
        """Each `name: value` of a mapping as the rule's."""
        found: list[Any] = []
        for key, value in node.pairs:
            name, given = self.label(key), self.expression(key, value)
            whole = name is not None and given is not None
            found.append(self.build(rule, key.start, value.end, [name, given]) if whole else None)
        return None if None in found else found

    def arguments(self, name: str, found: tuple[Scalar, Node] | None, at: Node) -> Part | None:
        """The arguments after `with`; none where it is not said."""
        if found is None:
            return Part(name, self.context.span(at.end, at.end), [])
        key, node = found
        if not isinstance(node, Mapping):
            self.shape(key, node, "a mapping: name and value")
            return None
        items = self.named("named_argument", node)
        return None if items is None else self.part(name, key, node, items)

    # --- types --------------------------------------------------------------------------------

    def type(self, key: Scalar, node: Node) -> Any:
        """A type: a scalar in text form, or a mapping for a record."""
        if isinstance(node, Mapping):
            return self.record_type(key, node)
        if isinstance(node, Sequence):
            self.shape(key, node, "a type, or a mapping: name and type")
            return None
        tokens = self.tokens(key, node)
        return None if tokens is None else self.sentence(tokens, "type")

    def record_type(self, key: Scalar, node: Node) -> Any:
        """A record's type of a mapping."""
        fields = self.fields(key, node)
        return None if fields is None else self.build("record_type", node.start, node.end, fields)

    def fields(self, key: Scalar, node: Node) -> list[Field] | None:
        """The fields of a mapping, name and type."""
        if not isinstance(node, Mapping):
            self.shape(key, node, "a mapping: name and type")
            return None
        found = [self._field(name, value) for name, value in node.pairs]
        whole = [one for one in found if one is not None]
        return whole if len(whole) == len(found) else None

    def _field(self, key: Scalar, node: Node) -> Any:
        name = self.label(key)
        if isinstance(node, (Mapping, Sequence)):
            inner = self.type(key, node)
            if name is None or inner is None:
                return None
            return self.build("field", key.start, node.end, [name, inner])
        tokens = self.tokens(key, node)
        if name is None or tokens is None:
            return None
        colon = Token(":", ":", key.end, key.end, False, 0)
        return self.sentence([name, colon, *tokens], "field")
