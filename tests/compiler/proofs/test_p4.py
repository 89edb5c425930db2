"""P4 against trying every person: small companies, every initiator and every absence."""

from __future__ import annotations

from itertools import combinations

import pytest
from gantral.compiler import Project, analyse, formulas
from gantral.compiler.program import Program
from gantral.compiler.proofs.p4 import Roster, blocked, smallest
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.hypothesis

ROLES = ("clerk", "head", "chief")
SPEC = """
role clerk
role head
role chief
workflow w version "1.0.0" {{
  team t
  start by clerk
  gate review(a: int) {{
    decide {decide}
    {initiator}
    clock  {{ after 8h reject }}
  }}
  run {{ ask review(a: 1) complete }}
}}
"""
PARTS = st.one_of(
    st.builds(lambda n, who: f"{n} of {who}", st.integers(1, 3), st.sampled_from(ROLES)),
    st.builds(lambda n: f"{n} of [clerk, head]", st.integers(1, 3)),
    st.builds(lambda n: f"{n} points of {{ head: 2, clerk: 1 }}", st.integers(1, 4)),
)
FORMULAS = st.builds(
    lambda parts, word: f" {word} ".join(parts),
    st.lists(PARTS, min_size=1, max_size=2),
    st.sampled_from(["and", "or"]),
)
COMPANIES = st.lists(st.frozensets(st.sampled_from(ROLES)), max_size=5)


def program_of(decide: str, own: bool) -> Program:
    text = SPEC.format(decide=decide, initiator="initiator may decide" if own else "")
    (program,) = analyse(Project({"w.gantral": text}.get), "w.gantral").programs
    return program


def decides(clause: tuple[formulas.Part, ...], people: list[frozenset[str]]) -> bool:
    """Whether some sharing out of the people meets every part: each way is tried."""
    if not clause:
        return True
    (wanted, weights), *rest = clause
    for size in range(len(people) + 1):
        for chosen in combinations(range(len(people)), size):
            points = sum(
                max((weight for who, weight in weights if who in people[one]), default=0)
                for one in chosen
            )
            left = [one for at, one in enumerate(people) if at not in chosen]
            if points >= wanted and decides(tuple(rest), left):
                return True
    return False


def can_be_blocked(program: Program, people: list[frozenset[str]], absent: int) -> bool:
    gate = program.gates["review"]
    starters = [at for at, roles in enumerate(people) if "clerk" in roles]
    clauses = formulas.alternatives(gate.cases[0].formula)
    for starter in starters if starters and not gate.initiator_may_decide else [-1]:
        there = [one for at, one in enumerate(people) if at != starter]
        for away in combinations(range(len(there)), min(absent, len(there))):
            left = [one for at, one in enumerate(there) if at not in away]
            if not any(decides(clause, left) for clause in clauses):
                return True
    return False


@given(FORMULAS, st.booleans(), COMPANIES, st.integers(0, 3))
def test_it_says_what_trying_everybody_says(
    decide: str, own: bool, people: list[frozenset[str]], absent: int
) -> None:
    roster = Roster({f"p{at}": roles for at, roles in enumerate(people)})
    program = program_of(decide, own)
    gate = program.gates["review"]
    found = blocked(program, gate, gate.cases[0], roster, absent)
    assert (found is not None) == can_be_blocked(program, people, absent)
    fewest = smallest(program, gate, roster)
    if fewest is not None:
        count = len(fewest.absent)
        assert can_be_blocked(program, people, count)
        assert not any(can_be_blocked(program, people, fewer) for fewer in range(count))
