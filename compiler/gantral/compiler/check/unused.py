"""Warnings: what is declared and nothing uses (LANGUAGE section 9)."""

from __future__ import annotations

from collections.abc import Mapping

from gantral.compiler.check.env import Env
from gantral.compiler.names.findings import Findings
from gantral.compiler.names.module import Kind, Names
from gantral.compiler.program.declarations import Gate
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Edit
from gantral.dsl.span import Span

_WARNED: tuple[Kind, ...] = (
    *("type", "role", "assurance", "calendar", "service", "policy", "gate", "event"),
)


def names(
    findings: Findings, scope: Names, lets: list[tuple[syn.Identifier, bool]], env: Env
) -> None:
    """Declarations of a workflow and names bound in it that nothing reads."""
    declarations(findings, scope)
    for name, approval in lets:
        if name.span not in env.read:
            what = "approval" if approval else "value"
            findings.warning(
                "G0261",
                name.span,
                f"nothing uses the {what} `{name.text}`",
                f"leave `let {name.text} =` out",
            )


def variables(findings: Findings, declared: list[syn.Var], set_at: set[Span], env: Env) -> None:
    """Variables that nothing reads (G0261), and that nothing sets (G0271)."""
    for one in declared:
        name = one.name
        if name.span not in env.read:
            findings.warning(
                "G0261",
                name.span,
                f"nothing uses the variable `{name.text}`",
                f"leave `var {name.text}` out, and every `set {name.text}`",
            )
        elif name.span not in set_at:
            word = Span(one.span.source, one.span.start, one.span.start + len("var"))
            findings.warning(
                "G0271",
                name.span,
                f"nothing sets the variable `{name.text}`",
                "bind it by `let`: then tests of it narrow it, and nothing can change it",
                (Edit(word, "let"),),
            )


def declarations(findings: Findings, scope: Names) -> None:
    """Declarations of one scope that nothing in the file mentions."""
    for kind, one in scope.declared:
        if kind in _WARNED and one.name.span not in scope.used:
            findings.warning(
                "G0261", one.name.span, f"nothing uses the {kind} `{one.name.text}`", "leave it out"
            )


def imports(findings: Findings, scope: Names) -> None:
    """Imports of a file through which nothing is named."""
    for alias, (one, _) in scope.source.imports.items():
        if one.alias.span not in scope.used:
            findings.warning(
                "G0261", one.alias.span, f"nothing uses the import `{alias}`", "leave it out"
            )


def amendments(findings: Findings, gates: Mapping[str, Gate], env: Env, asked: set[str]) -> None:
    """Fields that people may amend and that nothing reads through an approval afterwards."""
    for name, gate in gates.items():
        if name not in asked:
            continue
        read = [path for path, count in env.approved_reads.get(name, {}).items() if count > 0]
        for one in gate.amend:
            shortest = [min(len(path), len(one.path)) for path in read]
            if any(path[:n] == one.path[:n] for path, n in zip(read, shortest, strict=True)):
                continue
            findings.warning(
                "G0262",
                one.span,
                f"people may amend `{'.'.join(one.path)}`, and nothing reads what they decide",
                "read it through the approval, or leave this `amend` out",
            )
