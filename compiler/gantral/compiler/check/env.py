"""What the names in scope mean, and what tests on the way here have shown of their values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from gantral.compiler.check.facts import Fact, Key, access, both, facts
from gantral.compiler.names.findings import Findings
from gantral.compiler.names.module import Names
from gantral.compiler.program import expressions as ex
from gantral.compiler.program.types import EnumType, OptionalType, Type
from gantral.compiler.types.resolve import Types
from gantral.dsl.diagnostics import Label
from gantral.dsl.frozen import frozen
from gantral.dsl.span import Span

BindingKind: TypeAlias = Literal[
    "let", "var", "approval", "handler", "element", "parameter", "old", "new", "input",
    "initiator", "instance", "failure", "child", "rejected", "terminated",
]  # fmt: skip


@frozen
class Binding:
    """What a name means; `type` is None when what it is bound to was wrong (then uses are silent).

    `span` is where it is bound, None for a name that the language gives. `gate` is an approval's.
    """

    kind: BindingKind
    name: str
    span: Span | None
    type: Type | None
    personal: bool = False
    gate: str = ""


@dataclass(slots=True)
class Env:
    """The scope that expressions are checked in; blocks open and close it like brackets."""

    findings: Findings
    names: Names
    types: Types
    timeless: bool = False
    """In a gate, whose clauses are read at more than one time and must say the same."""
    bindings: dict[str, Binding] = field(default_factory=dict)
    read: set[Span] = field(default_factory=set)
    """Where the bindings that something reads are bound."""
    approved_reads: dict[str, Counter[tuple[str, ...]]] = field(default_factory=dict)
    """For each gate how often each path is read through its approvals."""
    _facts: dict[Key, Fact] = field(default_factory=dict)
    _facts_trail: list[tuple[Key, Fact | None]] = field(default_factory=list)
    _bound_trail: list[str] = field(default_factory=list)
    _behind: dict[str, Binding] = field(default_factory=dict)
    """Approvals whose block has ended."""
    _told: set[Span] = field(default_factory=set)

    @contextmanager
    def block(self) -> Iterator[None]:
        """A block: names bound and facts learnt inside are gone after it."""
        facts, bound = len(self._facts_trail), len(self._bound_trail)
        yield
        self._forget(facts)
        while len(self._bound_trail) > bound:
            gone = self.bindings.pop(self._bound_trail.pop())
            if gone.kind == "approval" and gone.span is not None:
                self._behind[gone.name] = gone

    @contextmanager
    def knowing(self, condition: ex.Expr | None, truth: bool) -> Iterator[None]:
        """Where the condition is known to be so."""
        facts = len(self._facts_trail)
        self.learn(condition, truth)
        yield
        self._forget(facts)

    def _forget(self, until: int) -> None:
        while len(self._facts_trail) > until:
            key, before = self._facts_trail.pop()
            if before is None:
                del self._facts[key]
            else:
                self._facts[key] = before

    def bind(self, binding: Binding) -> bool:
        """Binds a name in the innermost block; False after a finding when it is taken."""
        name = binding.name
        first = self.bindings.get(name)
        span = first.span if first is not None else self.names.value(name)
        if first is None and span is None:
            self.bindings[name] = binding
            self._bound_trail.append(name)
            return True
        assert binding.span is not None
        labels = (Label(span, "first bound here"),) if span is not None else ()
        given = "" if span is not None else ", a name that the language gives"
        self.findings.error(
            "G0203",
            binding.span,
            f"`{name}` is bound already{given}: a name binds once, and none hides another",
            f"give it another name, such as `{name}_2`",
            labels,
        )
        return False

    def lookup(self, name: str, span: Span) -> Binding | None:
        """What the name is bound to. An approval that ended with its block is still found, after a
        finding, said once for each: what else is wrong, and the path, can then be told too."""
        found = self.bindings.get(name)
        if found is not None or (found := self._behind.get(name)) is None:
            return found
        bound = found.span
        assert bound is not None
        self.read.add(bound)
        if bound not in self._told:
            self._told.add(bound)
            self.findings.error(
                "G0302",
                span,
                f"the approval `{name}` is not obtained on every path to here",
                "act in the block that asks, or ask before the block",
                (Label(bound, "it ends with the block that binds it here"),),
            )
        return found

    def learn(self, condition: ex.Expr | None, truth: bool) -> None:
        """From here to the end of the block the condition is known to be so."""
        if condition is None:
            return
        for key, fact in facts(condition, truth).items():
            before = self._facts.get(key)
            self._facts_trail.append((key, before))
            self._facts[key] = fact if before is None else both(before, fact)

    def narrowed(self, value: ex.Expr) -> ex.Expr:
        """The value at the type that the facts leave it."""
        key = access(value)
        fact = self._facts.get(key) if key is not None else None
        if fact is None:
            return value
        type_: Type = value.type
        if fact.some and isinstance(type_, OptionalType):
            type_ = type_.inner
        if fact.words is not None and isinstance(type_, EnumType):
            left = tuple(word for word in type_.words if word in fact.words)
            if left and left != type_.words:
                type_ = EnumType(left)
        if type_ is value.type:
            return value
        return ex.Narrowed(span=value.span, type=type_, personal=value.personal, base=value)
