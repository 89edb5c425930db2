"""Proof P10: what policy is asked fits it, and what it answers is one of the three words.

OPA itself reads the policy (`opa check --strict --schema`, the schema made from the gate that asks)
and parses it; its findings become ours, at their place in the policy. The runtime trusts none of
this: whatever OPA answers then is held to the three words again.
"""

from __future__ import annotations

import contextlib
import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gantral.cli.answers import Fault, Module, answers, module_of, place
from gantral.cli.failure import Failure
from gantral.cli.project import Project
from gantral.cli.specs import STDIN, Checked
from gantral.compiler.manifest import policy_path
from gantral.compiler.policy_input import input_schema
from gantral.compiler.program import Gate, Policy, Program
from gantral.dsl.diagnostics import Diagnostic, Label, in_order
from gantral.dsl.span import Span

MISSING, UNREAD, NO_QUERY, ANSWERS, INPUT, NO_OPA = (
    "G0601",
    "G0602",
    "G0603",
    "G0604",
    "G0605",
    "G0606",
)
_TOKEN = re.compile(r"[\w.\[\]\"]+")
# A gate that asks a policy, and of which program.
_Asking = tuple[Program, Policy, Gate]
# Enough for every fault of a file; without it OPA stops at ten of all files together.
_ALL = "10000"


def proved(checked: Checked) -> Checked:
    """The same, with what is wrong with the policies that its gates ask. A spec that has an error
    is not looked at: what it would ask is not known."""
    if checked.path == STDIN or any(one.severity == "error" for one in checked.shown):
        return checked
    asking = [
        (program, program.policies[name], gate)
        for program in checked.analysis.programs
        for gate in program.gates.values()
        for name in _asks(gate)
    ]
    if not asking:
        return replace(checked, proved=(*checked.proved, "P10"))
    # Only here: most specs of a project ask no policy, and the tools cost an import.
    from gantral.cli.tools.home import OPA_VERSION, tools_folder

    known = tools_folder() / "policies" / _digest(OPA_VERSION, checked, asking)
    if known.exists():
        return replace(checked, proved=(*checked.proved, "P10"))
    from gantral.cli.tools.opa import opa_at_hand

    opa = opa_at_hand()
    if opa is None:
        _, policy, _ = asking[0]
        found = Diagnostic(
            NO_OPA,
            "warning",
            "the policies are not checked: there is no OPA of the pinned version here",
            _declared(checked, policy),
            help="put it on PATH, or let `gantral policy build` fetch it; until then P10 is open",
        )
        return replace(checked, shown=(*checked.shown, found))
    look = _Look(checked, opa)
    findings = in_order([one for each in asking for one in look.at(*each)])
    if not findings:
        with contextlib.suppress(OSError):
            known.parent.mkdir(parents=True, exist_ok=True)
            known.touch()
        return replace(checked, proved=(*checked.proved, "P10"))
    sources = {**checked.shown_sources, **look.sources}
    return replace(checked, shown=(*checked.shown, *findings), shown_sources=sources)


def _digest(opa: str, checked: Checked, asking: Sequence[_Asking]) -> str:
    """All that the answer depends on. What was proved once is not asked of OPA again."""
    from hashlib import sha256

    found = sha256(opa.encode())
    for program, policy, gate in asking:
        question = [policy_path(policy), policy.query, gate.name, input_schema(program, gate)]
        found.update(json.dumps(question).encode())
    files = {policy_path(policy) for _, policy, _ in asking} | set(policies(checked.project))
    for name in sorted(files):
        data = checked.project.read(name)
        found.update(f"{name} {-1 if data is None else len(data)}\n".encode() + (data or b""))
    return found.hexdigest()


def policies(project: Project) -> list[str]:
    """The policy files of a project that OPA serves: posix paths from the root, sorted."""
    return sorted(
        name
        for folder in project.settings.policies
        for file in (project.root / folder).rglob("*.rego")
        if not (name := file.relative_to(project.root).as_posix()).endswith("_test.rego")
        and project.read(name) is not None
    )


def _asks(gate: Gate) -> tuple[str, ...]:
    named = (gate.guarded_by, gate.waived_by)
    return tuple(dict.fromkeys(name for name in named if name is not None))


def _declared(checked: Checked, policy: Policy) -> Span:
    return replace(policy.span, source=checked.seen(policy.span.source))


class _Look:
    """Looks at the policies of one file. `sources` has those that a finding points into."""

    def __init__(self, checked: Checked, opa: Path) -> None:
        self._checked = checked
        self._root = checked.project.root
        self._command = opa
        self.sources: dict[str, str] = {}
        self._parsed: dict[str, Module] = {}

    def at(self, program: Program, policy: Policy, gate: Gate) -> Iterator[Diagnostic]:
        """What is wrong with a policy as one gate asks it."""
        path = policy_path(policy)
        if self._checked.project.read(path) is None:
            yield Diagnostic(
                MISSING,
                "error",
                f"there is no policy file `{path}` in this project",
                _declared(self._checked, policy),
                help=f"write it; the answer at `{policy.query}` is "
                '{"decision": "ALLOW"}, "REQUIRE_HUMAN" or "DENY"',
            )
            return
        module, faults = self._module(path)
        if module is None:
            for fault in faults:
                yield self._finding(UNREAD, fault, f"OPA can't read it: {fault.message}", policy)
            return
        files = self._with(path)
        # What another policy reads of another gate's question is no fault here.
        found = [
            fault
            for fault in self._check(program, gate, files)
            if fault.file == path or not fault.of_types
        ]
        for fault in found:
            if fault.of_types:
                said = f"{fault.message}, as gate `{gate.name}` asks"
                yield self._finding(INPUT, fault, said, policy)
            else:
                yield self._finding(UNREAD, fault, fault.message, policy)
        if found:
            return
        where, _, rule = policy.query.rpartition(".")
        rules: dict[str, list[Any]] = {}
        # A package may lie in several files, and each may add to a rule.
        for file in files:
            if self._parsed[file].package == module.package:
                for name, each in self._parsed[file].rules.items():
                    rules.setdefault(name, []).extend(each)
        package = f"data.{module.package}"
        if where != package or rule not in rules:
            yield Diagnostic(
                NO_QUERY,
                "error",
                f"`{policy.query}` is no rule of `{path}`",
                _declared(self._checked, policy),
                help=f"its rules: {', '.join(f'{package}.{name}' for name in rules) or 'none'}",
            )
            return
        for fault in answers(rules, rule):
            yield self._finding(ANSWERS, fault, fault.message, policy)

    def _module(self, path: str) -> tuple[Module | None, list[Fault]]:
        """A file as OPA parses it, or what OPA says of it."""
        if path not in self._parsed:
            done = self._opa("parse", "--json-include", "locations", path)
            if isinstance(done, list):
                return None, done
            self._parsed[path] = module_of(done)
        return self._parsed[path], []

    def _with(self, path: str) -> list[str]:
        """The policy file and the others that OPA serves beside it and that matter to it: of its
        own package, of packages that it reads, and of those that they read."""
        others: dict[str, list[str]] = {}
        for name in policies(self._checked.project):
            module, _ = self._module(name)
            if module is not None:
                others.setdefault(module.package, []).append(name)
        found = [path]
        for name in found:
            own = self._parsed[name]
            for package, names in others.items():
                if package == own.package or any(
                    f"{one}.".startswith(f"{package}.") for one in own.reads
                ):
                    found += [name for name in names if name not in found]
        return found

    def _check(self, program: Program, gate: Gate, files: list[str]) -> list[Fault]:
        # Here and below: what was proved before needs no process.
        import tempfile

        with tempfile.TemporaryDirectory(prefix="gantral-schema-") as made:
            schema = Path(made) / "input.json"
            schema.write_text(json.dumps(input_schema(program, gate)), "utf-8")
            done = self._opa("check", "--strict", "-m", _ALL, "--schema", str(schema), *files)
        return done if isinstance(done, list) else []

    def _opa(self, command: str, *arguments: str) -> Any | list[Fault]:
        """What OPA prints, or the faults that it names.

        Raises:
            Failure: it ends without either.
        """
        import subprocess

        done = subprocess.run(
            [self._command, command, "--format", "json", *arguments],
            cwd=self._root,
            capture_output=True,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode == 0:
            return json.loads(done.stdout or b"null")
        try:
            return [_fault(one) for one in json.loads(done.stderr or done.stdout)["errors"]]
        except (ValueError, KeyError, TypeError):
            said = done.stderr.decode("utf-8", "replace").strip()
            raise Failure(f"opa {command} failed: {said or done.returncode}") from None

    def _finding(self, code: str, fault: Fault, message: str, policy: Policy) -> Diagnostic:
        name = self._checked.seen(fault.file)
        text = (self._checked.project.read(fault.file) or b"").decode("utf-8", "replace")
        self.sources[name] = text
        return Diagnostic(
            code,
            "error",
            message,
            _place(name, text, fault.row, fault.column),
            (Label(_declared(self._checked, policy), "the policy is declared here"),),
            help=fault.help,
        )


def _fault(one: Mapping[str, Any]) -> Fault:
    """An error as OPA prints it."""
    file, row, column = place(one)
    known = (one.get("details") or {}).get("oneOf") or []
    return Fault(
        one["message"],
        posixpath.normpath(file),
        row,
        column,
        f"there is: {', '.join(map(str, known))}" if known else "mend what OPA names",
        one.get("code") == "rego_type_error",
    )


def _place(name: str, text: str, row: int, column: int) -> Span:
    """The word at a row and column (from 1) of a text."""
    lines = text.splitlines(keepends=True)
    start = min(sum(map(len, lines[: row - 1])) + column - 1, len(text))
    word = _TOKEN.match(text, start)
    return Span(name, start, word.end() if word else min(start + 1, len(text)))
