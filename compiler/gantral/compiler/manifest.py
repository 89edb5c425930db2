"""The manifest: what evidence, the inbox and every worker need of a program, as closed text."""

from __future__ import annotations

import posixpath
from collections.abc import Set

from gantral.compiler.again import again
from gantral.compiler.automaton import automaton
from gantral.compiler.digest import (
    Tree,
    canonical,
    program_digest,
    tagged_hash,
    workflow_version_id,
)
from gantral.compiler.equal_calls import equal_calls
from gantral.compiler.flow import Flow
from gantral.compiler.manifest_gates import formula_tree, gate_tree, only_if, truth
from gantral.compiler.plan import Plan, plan
from gantral.compiler.program import (
    Event,
    Operation,
    Policy,
    Program,
    ResultRef,
    Wait,
)
from gantral.compiler.program.walk import run_within, waits, waits_beside
from gantral.compiler.shapes import duration_or_none, duration_text, scalar_name, shape
from gantral.compiler.terms import (
    pointer,
    result_path,
)
from gantral.dsl.diagnostics import Diagnostic
from gantral.dsl.frozen import frozen

TYPE = "gantral.dev/manifest/v1"

# What a `retry` leaves unsaid, and what a read has without one (LANGUAGE section 5).
READ_RETRIES = 3
RETRY_EVERY = 1_000
RETRY_UP_TO = 60_000


@frozen
class Manifest:
    """The exact bytes of manifest.json, and why there are none (then `data` is empty)."""

    data: bytes
    diagnostics: tuple[Diagnostic, ...]


def manifest(program: Program) -> Manifest:
    """The manifest of a program that passed every proof.

    What its closed language can't say is an error here: G0321 (an argument of an effect), G0334 (a
    condition), G0352 (what would have to be judged again).
    """
    return _manifest(program, {})


def unsayable(program: Program, flow: Flow) -> tuple[Diagnostic, ...]:
    """The findings of `manifest`, its children's aside, and of what its plans say can only be
    refused: G0311. Whoever checks wants no bytes."""
    planned, found = _planned(program)
    if not found:
        found += equal_calls(program, planned, flow)
    _gates(program, planned, found)
    return tuple(found)


def _planned(program: Program) -> tuple[Plan, list[Diagnostic]]:
    planned = plan(program)
    return planned, [*planned.diagnostics, *again(program).diagnostics]


def _gates(program: Program, planned: Plan, found: list[Diagnostic]) -> dict[str, Tree]:
    unasked = only_if(program)
    gates: dict[str, Tree] = {}
    for name, gate in program.gates.items():
        made_gate = gate_tree(gate, program, planned, found)
        gates[name] = {**made_gate, "only_if": unasked[name]} if name in unasked else made_gate
    return gates


def _manifest(program: Program, known: dict[int, Manifest]) -> Manifest:
    if id(program) not in known:
        known[id(program)] = _made(program, known)
    return known[id(program)]


def _made(program: Program, known: dict[int, Manifest]) -> Manifest:
    planned, found = _planned(program)
    gates = _gates(program, planned, found)
    versions: dict[str, str] = {}
    for name, child in program.children.items():
        made = _manifest(child, known)
        found += made.diagnostics
        versions[name] = workflow_version_id(made.data)
    if found:
        return Manifest(b"", tuple(found))
    tree: dict[str, Tree] = {
        "type": TYPE,
        "workflow_id": program.name,
        "version": program.version,
        "owning_team_id": program.team,
        "program_digest": program_digest(program),
        "start_by": [*sorted(program.start_by)],
        "key": _key(program),
        "input": shape(program.input),
        "output": shape(program.output),
        "policies": {name: _policy(one) for name, one in program.policies.items()},
        "operations": {key: _operation(one) for key, one in program.operations.items()},
        "gates": gates,
        "automaton": automaton(program),
    }
    if program.events:
        # What waits for no event has the manifest that it always had (ADR 0120).
        tree["events"] = {name: _event(one) for name, one in sorted(program.events.items())}
        beside = waits_beside(program.run)
        tree["waits"] = {one.id: _wait(one, beside.get(one.id)) for one in waits(program.run)}
    if program.children:
        # A program that runs no child has no such member: so it was before children could be run.
        tree["children"] = {
            run.id: {
                "workflow_id": run.workflow,
                "workflow_version_id": versions[run.workflow],
                **({"keyed": "true"} if program.children[run.workflow].key is not None else {}),
                **({"loops": [str(loop.at_most) for loop in around]} if around else {}),
            }
            for run, around in run_within(program.run)
        }
    return Manifest(canonical(tree), ())


def wire_name(operation: Operation) -> str:
    """The activity's name: kind and signature are part of it, so that a worker never serves
    another reading of the operation (LANGUAGE section 5). With `as`, that plain name."""
    if operation.plain_name is not None:
        return operation.plain_name
    undo: Tree = "none"
    if operation.undo is not None:
        undo = [operation.undo.operation, _undo_arguments(operation)]
    signature: Tree = {
        "operation": operation.key,
        "kind": operation.kind,
        "arguments": _unmarked(shape(operation.parameters)),
        "result": "none" if operation.result is None else _unmarked(shape(operation.result)),
        "needs": _needs(operation),
        "idempotent": truth(operation.idempotent),
        "undo": undo,
    }
    digest = tagged_hash("operation", canonical(signature))[:16]
    return f"gantral/{operation.kind.replace(' ', '_')}/{operation.key}/{digest}"


def _needs(operation: Operation) -> Tree:
    if operation.needs is None:
        return "none"
    return {
        "formula": formula_tree(operation.needs.formula),
        "initiator_may_decide": truth(operation.needs.initiator_may_decide),
    }


def _unmarked(tree: Tree) -> Tree:
    """The shape without its `personal` marks: who may read a field is no part of a signature."""
    if isinstance(tree, list):
        return [_unmarked(part) for part in tree]
    if isinstance(tree, dict):
        return {name: _unmarked(part) for name, part in tree.items() if name != "personal"}
    return tree


def policy_path(policy: Policy) -> str:
    """The policy's file relative to the project root: specs name it relative to themselves."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(policy.span.source), policy.path))


def _policy(policy: Policy) -> Tree:
    return {"path": policy_path(policy), "query": policy.query}


def _key(program: Program) -> Tree:
    if program.key is None:
        return "none"
    return {
        "mode": program.key.mode,
        "paths": [pointer(path) for path in program.key.paths],
    }


def _operation(operation: Operation) -> Tree:
    undo: Tree = "none"
    if operation.undo is not None:
        undo = {"operation": operation.undo.operation, "arguments": _undo_arguments(operation)}
    return {
        "kind": operation.kind,
        "queue": operation.queue,
        "wire": wire_name(operation),
        "arguments": shape(operation.parameters),
        "result": "none" if operation.result is None else shape(operation.result),
        "timeout": duration_text(operation.timeout),
        "heartbeat": duration_or_none(operation.heartbeat),
        "retry": _retry(operation),
        "idempotent": truth(operation.idempotent),
        "undo": undo,
    }


def _event(event: Event) -> Tree:
    senders = [*(["initiator"] if event.initiator else []), *event.roles]
    return {"data": shape(event.data), "from": [*senders]}


def _wait(wait: Wait, beside: Set[str] | None) -> Tree:
    names: list[Tree] = [*sorted(one.event.name for one in wait.arrivals)]
    made: dict[str, Tree] = {"events": names, "within": duration_text(wait.longest)}
    # Only what stands beside another wait says so (ADR 0157).
    return {**made, "beside": [*sorted(beside)]} if beside else made


def _retry(operation: Operation) -> Tree:
    retry = operation.retry
    if retry is None and operation.kind != "read":
        return "none"
    every = RETRY_EVERY if retry is None or retry.every is None else retry.every
    longest = RETRY_UP_TO if retry is None or retry.up_to is None else retry.up_to
    return {
        "count": str(READ_RETRIES if retry is None else retry.count),
        "every": duration_text(every),
        "up_to": duration_text(max(every, longest)),
    }


def _undo_arguments(operation: Operation) -> Tree:
    undo = operation.undo
    return (
        {} if undo is None else {name: _undo_term(one, operation) for name, one in undo.arguments}
    )


def _undo_term(reference: ResultRef, operation: Operation) -> Tree:
    """An undo's argument: `result` of the effect itself, a path of its arguments, or a constant."""
    match reference.source:
        case "const":
            return {"const": [scalar_name(reference.type), reference.value or ""]}
        case "args":
            return {"path": pointer(reference.path)}
        case "result":
            return {"result": ["self", result_path(operation.result, reference.path)]}
