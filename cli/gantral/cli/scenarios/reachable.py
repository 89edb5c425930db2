"""What scenarios can reach in a generated workflow: its gates, branches and ends, line by line."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from gantral.cli.simulating.places import lines_of, site_of

Kind = Literal["gate", "branch", "end"]

# The ways out of a gate that end a run: the cause, and what must stand in the manifest for it.
_REFUSALS = {
    "rejected": "a vote rejects",
    "veto": "a veto",
    "deadline": "nobody decides in time",
    "withdrawn": "withdrawn by who started it",
    "policy_deny": "the policy denies",
    "policy_failure": "the policy fails",
}
_CALLS = ("read", "notify", "effect")


@dataclass(frozen=True)
class Lines:
    """Reached where a step of the run comes to one of these lines."""

    first: int
    last: int


@dataclass(frozen=True)
class Part:
    """Reached where something runs from this place (line, column) on, before the other."""

    first: tuple[int, int]
    last: tuple[int, int]


@dataclass(frozen=True)
class Past:
    """Reached where a step leads from the condition to outside of the statement."""

    condition: Lines
    whole: Lines


@dataclass(frozen=True)
class Ended:
    """Reached where an instance ended at this site for this cause; "" is any."""

    site: str
    cause: str


@dataclass(frozen=True)
class Decided:
    """Reached where the gate was asked at this line and came to this state (or "waived", or
    "skipped": it was not asked)."""

    gate: str
    asked: Lines
    state: str


@dataclass(frozen=True)
class Failed:
    """Reached where a call at this site failed."""

    site: str


Test = Lines | Part | Past | Ended | Decided | Failed


@dataclass(frozen=True)
class Item:
    """Something to reach. ``file`` and ``line`` of the spec; ``what``: in words."""

    file: str
    line: int
    kind: Kind
    what: str
    test: Test


def reachable(source_map: bytes, code: str, manifest: Mapping[str, Any]) -> list[Item]:
    """Everything to reach in a workflow, in the order of the spec."""
    found = _Reading(lines_of(source_map), manifest)
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.AsyncFunctionDef) and node.name in ("body", "on_failure"):
            if node.name == "on_failure":
                found.branch(node.body, "on failure")
            found.block(node.body)
    items = list(dict.fromkeys(found.items))
    return sorted(items, key=lambda one: (one.file, one.line))


class _Reading:
    def __init__(self, lines: Mapping[int, tuple[str, int]], manifest: Mapping[str, Any]) -> None:
        self._lines = lines
        self._manifest = manifest
        self.items: list[Item] = []

    def block(self, body: Sequence[ast.stmt]) -> None:
        for number, statement in enumerate(body):
            self._statement(statement, body[number + 1 :])

    def branch(self, body: Sequence[ast.stmt], what: str) -> None:
        """A block that may run or not. One that only ends the run is an end, told elsewhere."""
        if _is_end(body) or isinstance(body[0], ast.Raise):
            return
        self._add(body[0], "branch", what, _span(body[0]))

    def _statement(self, node: ast.stmt, rest: Sequence[ast.stmt]) -> None:
        match node:
            case ast.If(test=test, body=then, orelse=otherwise):
                self.branch(then, "if")
                self.block(then)
                if otherwise:
                    nested = len(otherwise) == 1 and isinstance(otherwise[0], ast.If)
                    if not nested:
                        self.branch(otherwise, "else")
                    self.block(otherwise)
                elif not _is_required(then) and not _is_end(_done(rest)):
                    past = Past(_span(test), _span(node))
                    self._add(node, "branch", "not so", past)
            case ast.Match(cases=cases):
                for case in cases:
                    self.branch(case.body, "case")
                    self.block(case.body)
            case ast.Try(body=body, handlers=handlers):
                self.block(body)
                for handler in handlers:
                    self.branch(handler.body, "else: it failed")
                    self.block(handler.body)
            case ast.For() | ast.AsyncFor():
                self.branch(node.body, "a round")
                self.block(node.body)
                if node.orelse:
                    self.branch(node.orelse, "else: no round was the last")
                    self.block(node.orelse)
            case ast.With(body=body):
                # `contextlib.suppress`: a handler in which nothing happens.
                for call in _calls(node):
                    if (site := _site(call)) and _method(call) in _CALLS:
                        self._add(call, "branch", "else: it failed", Failed(site))
                self.block(body)
            case ast.AsyncWith(body=body) | ast.AsyncFunctionDef(body=body):
                self.block(body)
            case ast.FunctionDef():
                pass
            case _:
                for call in _calls(node):
                    self._call(call, _span(node))
                for one in ast.walk(node):
                    if isinstance(one, ast.IfExp) and not _is_absent(one):
                        self._ways(one)

    def _ways(self, node: ast.IfExp) -> None:
        """An `if` that is an expression in the generated code."""
        ways = [("if", node.body)]
        if not isinstance(node.orelse, ast.IfExp):
            ways.append(("else", node.orelse))
        for what, way in ways:
            last = (way.end_lineno or way.lineno, way.end_col_offset or way.col_offset)
            self._add(way, "branch", what, Part((way.lineno, way.col_offset), last))

    def _call(self, call: ast.Call, span: Lines) -> None:
        site, method = _site(call), _method(call)
        if not site:
            return
        match method:
            case "complete" | "terminate":
                self._add(call, "end", _named(site, method), span)
            case "require":
                self._add(call, "end", "require fails", Ended(site, ""))
            case "ask":
                self._ask(call, site, span)
            case "read" | "notify" | "effect" if not _has(call, "handled"):
                operation = site.split("/")[0]
                self._add(call, "end", f"{operation} fails", Ended(site, "action_failed"))
                if method == "effect":
                    what = f"nobody knows of {operation}"
                    self._add(call, "end", what, Ended(site, "effect_unknown"))
            case _:
                pass

    def _ask(self, call: ast.Call, site: str, span: Lines) -> None:
        gate = site.split("/")[0]
        clauses = self._manifest["gates"][gate]
        policy = clauses["waived"] != "none" or clauses["guarded"] != "none"
        ways = {"APPROVED": "approved"}
        if clauses["amend"]:
            ways["OVERRIDDEN"] = "amended"
        if clauses["waived"] != "none":
            ways["waived"] = "waived by policy"
        if _has(call, "only_if"):
            self._add(call, "branch", f"{gate} is not asked", Decided(gate, span, "skipped"))
        for state, what in ways.items():
            self._add(call, "gate", f"{gate} {what}", Decided(gate, span, state))
        for cause, what in _REFUSALS.items():
            if cause == "veto" and not clauses["veto"]:
                continue
            if cause.startswith("policy") and not policy:
                continue
            self._add(call, "end", f"{gate}: {what}", Ended(site, cause))

    def _add(self, node: ast.AST, kind: Kind, what: str, test: Test) -> None:
        span = _span(node)
        for line in range(span.first, span.last + 1):
            if line in self._lines:
                file, at = self._lines[line]
                self.items.append(Item(file, at, kind, what, test))
                return


def _span(node: ast.AST) -> Lines:
    first: int = node.lineno  # type: ignore[attr-defined]
    last: int = node.end_lineno  # type: ignore[attr-defined]
    return Lines(first, last)


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    return (one for one in ast.walk(node) if isinstance(one, ast.Call))


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _site(call: ast.Call) -> str:
    return next((site for one in call.keywords if (site := site_of(one))), "")


def _has(call: ast.Call, name: str) -> bool:
    return any(one.arg == name for one in call.keywords)


def _is_absent(node: ast.IfExp) -> bool:
    """Whether it is what `?.` comes to: absent where the other is absent."""
    return isinstance(node.body, ast.Constant) and node.body.value is None


def _is_end(body: Sequence[ast.stmt]) -> bool:
    """Whether a block is an end and no more."""
    return len(body) == 1 and any(
        _method(call) in ("complete", "terminate") for call in _calls(body[0])
    )


def _done(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """What a block does: without other names for what there is."""
    return [
        one for one in body if not (isinstance(one, ast.Assign) and isinstance(one.value, ast.Name))
    ]


def _is_required(body: Sequence[ast.stmt]) -> bool:
    """Whether a block stands for a `require` that fails: what is not so is then what goes on."""
    return _is_end(body) and any(_site(call).startswith("require/") for call in _calls(body[0]))


def _named(site: str, method: str) -> str:
    return "require fails" if site.startswith("require/") else method
