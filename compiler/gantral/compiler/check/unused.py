"""Warnings: what is declared and nothing uses (LANGUAGE section 9)."""

from __future__ import annotations

from collections.abc import Mapping

from gantral.compiler.check.env import Env
from gantral.compiler.names.findings import Findings
from gantral.compiler.names.module import Kind, Names
from gantral.compiler.program.declarations import Gate
from gantral.dsl import syntax as syn

_WARNED: tuple[Kind, ...] = ("type", "role", "assurance", "service", "policy", "gate")


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
