"""The methods of the generated client: one a gate, with what may be amended as typed arguments."""

from __future__ import annotations

from gantral.compiler.codegen.layout import Atom, Invoke, Piece, lines, literal
from gantral.compiler.codegen.names import PackageNames
from gantral.compiler.codegen.types import either, plain
from gantral.compiler.mangle import mangle
from gantral.compiler.program import Gate, OptionalType, Program
from gantral.compiler.terms import pointer

# Parameters of every such method.
_PARAMETERS = frozenset({"self", "waiting", "vote", "reason"})


def decide_methods(program: Program, names: PackageNames) -> list[list[str]]:
    """`decide_<gate>(waiting, vote, …)` for each gate."""
    return [_method(gate, names) for gate in program.gates.values()]


def _method(gate: Gate, names: PackageNames) -> list[str]:
    arguments: list[tuple[str, Piece]] = [
        ("", Atom("self")),
        ("waiting: ", Atom("Waiting")),
        ("vote: ", Atom("Vote")),
        ("", Atom("*")),
        ("reason: ", Atom('str = ""')),
    ]
    values: list[tuple[str, Piece]] = []
    taken = set(_PARAMETERS)
    for one in gate.amend:
        # Two paths may read alike when their steps are joined.
        name = mangle("_".join(one.path))
        while name in taken:
            name += "_"
        taken.add(name)
        bare = one.type.inner if isinstance(one.type, OptionalType) else one.type
        wanted = either(plain(bare, names), Atom("None = None"))
        arguments.append((f"{name}: ", wanted))
        values.append((f"{literal(pointer(one.path))}: ", Atom(name)))
    passed: tuple[tuple[str, Piece], ...] = (
        ("", Atom("waiting")),
        ("", Atom(literal(gate.name))),
        ("", Atom("vote")),
        ("", Atom("reason")),
        ("", Invoke("", tuple(values), "{}")),
    )
    head = Invoke(f"def decide_{gate.name}", tuple(arguments))
    return [
        *lines(head, "", " -> dict[str, Any]:", indent=4),
        *lines(Invoke("self.decide_", passed), "return ", indent=8),
    ]
