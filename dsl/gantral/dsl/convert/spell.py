"""Expressions, types and clauses from the tree alone, each on one line in text form.

Parentheses stand where the tree needs them and nowhere else, so what is spelled parses to what it
was spelled of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gantral.dsl import syntax as syn
from gantral.dsl.format import level
from gantral.dsl.span import Node

# How tightly the operands of these must bind (gantral.lark).
_OR, _DEFAULT, _ACCESS = 1, 5, 9
_SIGNS = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}


class Speller:
    """Spells nodes. `tight` leaves out the space after a colon, which ends a key in YAML."""

    def __init__(self, tight: bool = False) -> None:
        self._colon = ":" if tight else ": "

    def __call__(self, node: Node) -> str:
        """The node on one line."""
        return _SPELLERS[type(node)](self, node)

    def within(self, node: Node, least: int) -> str:
        """The node where only what binds so tightly stands without parentheses."""
        return f"({self(node)})" if level(node) < least else self(node)

    def all(self, nodes: Sequence[Node]) -> str:
        """The nodes, with commas between them."""
        return ", ".join(map(self, nodes))

    def labelled(self, name: syn.Identifier, value: str) -> str:
        """`name: value`."""
        return f"{name.text}{self._colon}{value}"

    def braced(self, parts: list[str]) -> str:
        """A record, or what looks like one."""
        return "{ " + ", ".join(parts) + " }" if parts else "{}"

    # --- expressions --------------------------------------------------------------------------

    def argument(self, node: syn.Argument) -> str:
        value = self(node.value)
        return value if node.name is None else self.labelled(node.name, value)

    def generator(self, node: syn.Generator) -> str:
        where = "" if node.condition is None else f" where {self(node.condition)}"
        return f"{self(node.element)} for {node.name.text} in {self(node.items)}{where}"

    def member(self, node: syn.Member) -> str:
        mark = "?." if node.optional else "."
        return f"{self.within(node.target, _ACCESS)}{mark}{node.name.text}"

    def unary(self, node: syn.Unary) -> str:
        gap = " " if node.operator == "not" else ""
        return f"{node.operator}{gap}{self.within(node.operand, level(node))}"

    def binary(self, node: syn.Binary) -> str:
        own = level(node)
        left, right = self.within(node.left, own), self.within(node.right, own + 1)
        return f"{left} {node.operator} {right}"

    def comparison(self, node: syn.Comparison) -> str:
        left, right = self.within(node.left, _DEFAULT), self.within(node.right, _DEFAULT)
        return f"{left} {node.operator} {right}"

    def conditional(self, node: syn.Conditional) -> str:
        condition = self.within(node.condition, _OR)
        return f"if {condition} then {self(node.then)} else {self(node.otherwise)}"

    def text(self, node: syn.Text) -> str:
        parts = [
            quoted(part, True) if isinstance(part, str) else "{" + self(part) + "}"
            for part in node.parts
        ]
        return f'"{"".join(parts)}"'

    # --- types --------------------------------------------------------------------------------

    def refined(self, word: str, refinements: Sequence[Node]) -> str:
        return f"{word}({self.all(refinements)})" if refinements else word

    def list_type(self, node: syn.ListType) -> str:
        return f"{self.refined('list', node.refinements)} of {self.within(node.element, 1)}"

    def named_type(self, node: syn.NamedType) -> str:
        return node.name.text if node.module is None else f"{node.module.text}.{node.name.text}"

    def field(self, node: syn.Field) -> str:
        return self.labelled(node.name, self.field_type(node))

    def field_type(self, node: syn.Field) -> str:
        """What stands behind the name of a field."""
        personal = " personal" if node.personal else ""
        wire = "" if node.wire_name is None else f" as {self(node.wire_name)}"
        return f"{self(node.type)}{personal}{wire}"

    # --- clauses ------------------------------------------------------------------------------

    def group(self, principals: Sequence[Node]) -> str:
        return self(principals[0]) if len(principals) == 1 else f"[{self.all(principals)}]"

    def joined(self, node: syn.AnyOf | syn.AllOf) -> str:
        word = " or " if isinstance(node, syn.AnyOf) else " and "
        return word.join(self.within(part, level(node) + 1) for part in node.parts)

    def weighted(self, node: syn.Weighted) -> str:
        weights = [f"{self(one.principal)}{self._colon}{self(one.points)}" for one in node.weights]
        return f"{self(node.points)} points of {self.braced(weights)}"

    def release(self, node: syn.Release) -> str:
        flows = ", ".join(f"{one.argument.text} from {self(one.operation)}" for one in node.flows)
        return f"{self(node.operation)}({flows})" if flows else self(node.operation)

    def decide(self, node: syn.Decide) -> str:
        when = "" if node.condition is None else f" when {self(node.condition)}"
        return self(node.formula) + when

    def prove(self, node: syn.Prove) -> str:
        return ", ".join(self.proofs(node))

    def proofs(self, node: syn.Prove) -> list[str]:
        """What a vote must bring, one by one."""
        found = [self.refined("reason", node.reason_refinements)] if node.reason else []
        found += [] if node.assurance is None else [f"assurance {self(node.assurance)}"]
        within = node.login_within
        return found + ([] if within is None else [f"login within {self(within)}"])

    def widen(self, node: syn.Widen) -> str:
        return f"after {node.after.text} widen {self.group(node.narrow)} to {self.all(node.wide)}"

    def lasts(self, node: syn.Lasts) -> str:
        uses = "" if node.uses is None else f", uses {self(node.uses)}"
        return f"{node.duration.text}{uses}{' alike' if node.alike else ''}"

    def retry(self, node: syn.Retry) -> str:
        every = "" if node.every is None else f" every {node.every.text}"
        return (
            f"{self(node.times)}{every}{'' if node.up_to is None else f' up to {node.up_to.text}'}"
        )

    def needs(self, node: syn.Needs) -> str:
        too = ", initiator may decide" if node.initiator_may_decide else ""
        return self(node.formula) + too

    def outcome(self, node: syn.OutcomePattern) -> str:
        return node.outcome.text + ("" if node.name is None else f" as {node.name.text}")


def quoted(text: str, holes: bool) -> str:
    """What stands between our quotes for a text."""
    pieces = []
    for sign in text:
        if sign == "{" and holes:
            pieces.append("\\{")
        elif sign in _SIGNS:
            pieces.append(_SIGNS[sign])
        else:
            pieces.append(sign if sign.isprintable() else f"\\u{{{ord(sign):x}}}")
    return "".join(pieces)


def _time(node: syn.Time) -> str:
    return f"{node.minutes // 60:02}:{node.minutes % 60:02}"


_SPELLERS: dict[type[Node], Callable[[Speller, Any], str]] = {
    syn.Identifier: lambda s, n: n.text,
    syn.Path: lambda s, n: n.text,
    syn.PlainText: lambda s, n: f'"{quoted(n.value, False)}"',
    syn.Name: lambda s, n: n.text,
    syn.Text: Speller.text,
    syn.Integer: lambda s, n: str(n.value),
    syn.Decimal: lambda s, n: format(n.value, "f"),
    syn.Duration: lambda s, n: n.text,
    syn.Boolean: lambda s, n: "true" if n.value else "false",
    syn.NoneLiteral: lambda s, n: "none",
    syn.Member: Speller.member,
    syn.Argument: Speller.argument,
    syn.Generator: Speller.generator,
    syn.Comprehension: lambda s, n: f"[{s(n.generator)}]",
    syn.Call: lambda s, n: f"{n.function.text}({s.all(n.arguments)})",
    syn.ListLiteral: lambda s, n: f"[{s.all(n.items)}]",
    syn.Record: lambda s, n: s.braced([s(one) for one in n.fields]),
    syn.RecordField: lambda s, n: s.labelled(n.name, s(n.value)),
    syn.Unary: Speller.unary,
    syn.Binary: Speller.binary,
    syn.Comparison: Speller.comparison,
    syn.NoneTest: lambda s, n: f"{s.within(n.operand, _DEFAULT)} is {'some' if n.some else 'none'}",
    syn.Conditional: Speller.conditional,
    syn.ScalarType: lambda s, n: s.refined(n.name.text, n.refinements),
    syn.ListType: Speller.list_type,
    syn.NamedType: Speller.named_type,
    syn.Field: Speller.field,
    syn.RecordType: lambda s, n: s.braced([s(one) for one in n.fields]),
    syn.EnumType: lambda s, n: " | ".join(map(s, n.words)),
    syn.OptionalType: lambda s, n: f"{s.within(n.inner, 1)}?",
    syn.Time: lambda s, n: _time(n),
    syn.RolePrincipal: lambda s, n: n.path.text,
    syn.Actor: lambda s, n: f"actor {n.path.text}",
    syn.Actors: lambda s, n: f"actors {n.path.text}",
    syn.DecidersOf: lambda s, n: f"deciders of {n.gate.text}",
    syn.AtLeast: lambda s, n: f"{s(n.count)} of {s.group(n.group)}",
    syn.Weighted: Speller.weighted,
    syn.AllOf: Speller.joined,
    syn.AnyOf: Speller.joined,
    syn.Release: Speller.release,
    syn.Decide: Speller.decide,
    syn.Amend: lambda s, n: f"{s(n.path)} where {s(n.condition)}",
    syn.Prove: Speller.prove,
    syn.Remind: lambda s, n: f"after {n.after.text} remind",
    syn.Widen: Speller.widen,
    syn.Reject: lambda s, n: f"after {n.after.text} reject",
    syn.Lasts: Speller.lasts,
    syn.Retry: Speller.retry,
    syn.Needs: Speller.needs,
    syn.EnumPattern: lambda s, n: " | ".join(map(s, n.words)),
    syn.OutcomePattern: Speller.outcome,
    syn.ElsePattern: lambda s, n: "else",
}
