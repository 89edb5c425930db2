"""What is declared where, and how a path finds it (LANGUAGE section 2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from gantral.compiler.names.findings import Findings, meant
from gantral.compiler.names.project import Source
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Label
from gantral.dsl.span import Span

Kind: TypeAlias = Literal[
    "type", "role", "assurance", "calendar", "event", "service", "policy", "gate", "workflow"
]

KINDS: dict[type[object], Kind] = {
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

GIVEN = ("input", "initiator", "instance", "failure")
"""Value names that the language gives; none can be bound again."""


class Names:
    """The declarations of a file, or of a workflow inside it (`outer` is then the file's).

    `used` holds the name spans of declarations and imports that something mentions.
    """

    def __init__(
        self,
        source: Source,
        declarations: Iterable[syn.Declaration],
        findings: Findings,
        outer: Names | None,
        modules: dict[str, Names],
    ) -> None:
        self.source = source
        self.outer = outer
        self.modules = modules
        """The names of each loaded file, by path."""
        self.used: set[Span] = outer.used if outer is not None else set()
        self.tables: dict[Kind, dict[str, syn.Declaration]] = {k: {} for k in KINDS.values()}
        self.declared: list[tuple[Kind, syn.Declaration]] = []
        self._findings = findings
        for one in declarations:
            self._declare(KINDS[type(one)], one)

    def _declare(self, kind: Kind, one: syn.Declaration) -> None:
        name = one.name.text
        first = self.find(kind, name)
        span = first.name.span if first is not None else None
        if kind == "service" and span is None:
            span = self.value(name)
            if name in GIVEN:
                self._findings.error(
                    "G0203",
                    one.name.span,
                    f"`{name}` is a name that the language gives",
                    "give the service another name",
                )
                return
        if span is not None:
            self._findings.error(
                "G0203",
                one.name.span,
                f"{kind} `{name}` is bound twice: a name binds once, and none hides another",
                "give one of the two another name",
                (Label(span, "first bound here"),),
            )
            return
        self.tables[kind][name] = one
        self.declared.append((kind, one))

    def find(self, kind: Kind, name: str) -> syn.Declaration | None:
        """The declaration of a bare name, here or outside."""
        found = self.tables[kind].get(name)
        if found is None and self.outer is not None:
            return self.outer.find(kind, name)
        return found

    def value(self, name: str) -> Span | None:
        """Where a service or an import of that name is bound: the outermost value names."""
        service = self.find("service", name)
        if service is not None:
            return service.name.span
        one = self.source.imports.get(name)
        return one[0].alias.span if one is not None else None

    def known(self, kind: Kind) -> list[str]:
        """The paths by which declarations of this kind can be mentioned."""
        names = list(self.tables[kind])
        outer = self.outer
        while outer is not None:
            names += outer.tables[kind]
            outer = outer.outer
        for alias, (_, source) in self.source.imports.items():
            if source is not None and source.path in self.modules:
                names += [f"{alias}.{name}" for name in self.modules[source.path].tables[kind]]
        return names

    def module(self, alias: syn.Identifier) -> Names | None:
        """The names of an imported file; None after a finding, or when the file has its own."""
        one = self.source.imports.get(alias.text)
        if one is None:
            help, edits = meant(
                alias.span, alias.text, self.source.imports, "import the file that declares it"
            )
            self._findings.error(
                "G0201", alias.span, f"there is no import `{alias.text}`", help, (), edits
            )
            return None
        self.used.add(one[0].alias.span)
        return self.modules.get(one[1].path) if one[1] is not None else None

    def lookup(
        self, kind: Kind, parts: tuple[syn.Identifier, ...], span: Span
    ) -> tuple[Names, syn.Declaration] | None:
        """The declaration that a path of one or two parts names, with the names it stands among.

        None after a finding, or silently when the imported file itself could not be read.
        """
        where: Names | None = self
        if len(parts) == 2:
            where = self.module(parts[0])
            if where is None:
                return None
        elif len(parts) > 2:
            self._unknown(kind, parts, span)
            return None
        assert where is not None
        found = where.find(kind, parts[-1].text)
        if found is None:
            self._unknown(kind, parts, span)
            return None
        self.used.add(found.name.span)
        if parts[-1].text not in where.tables[kind] and where.outer is not None:
            where = where.outer
        return where, found

    def _unknown(self, kind: Kind, parts: tuple[syn.Identifier, ...], span: Span) -> None:
        name = ".".join(part.text for part in parts)
        help, edits = meant(span, name, self.known(kind), f"declare it: `{_EXAMPLE[kind]}`")
        self._findings.error("G0202", span, f"there is no {kind} `{name}`", help, (), edits)


_EXAMPLE: dict[Kind, str] = {
    "type": "type Order = { id: string }",
    "role": "role clerk",
    "assurance": "assurance mfa",
    "calendar": "calendar office { … }",
    "event": "event paid { } from clerk",
    "service": 'service bank on queue "bank" { … }',
    "policy": 'policy limits = rego "limits.rego" query "data.limits.decision"',
    "gate": "gate review(…) { … }",
    "workflow": "workflow refund { … }",
}
