"""The one counter of runtime, evidence worker and verifier against the words of LANGUAGE section 6,
tried by hand on every small company: persons with any roles, some named by the proposal."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from gantral.evidence import EvidenceError
from gantral.evidence.formula import (
    MAX_POINTS,
    MAX_SPLITS,
    Electorate,
    Voter,
    clauses,
    eligible,
    possible,
    satisfied,
)
from gantral.evidence.recount import Waiting, count
from hypothesis import given, settings
from hypothesis import strategies as st

ROLES = ("a", "b", "c")
PRINCIPALS: list[Any] = [*ROLES, {"actor": "/owner"}, {"actors": "/team"}]
GROUPS = st.lists(st.sampled_from(PRINCIPALS), min_size=1, max_size=3, unique_by=str)
QUORUMS = st.tuples(st.integers(1, 3).map(str), GROUPS).map(lambda pair: {"quorum": list(pair)})
POINTS = st.tuples(st.integers(1, 6).map(str), GROUPS, st.lists(st.integers(1, 4), min_size=3)).map(
    lambda made: {
        "points": [made[0], [[who, str(n)] for who, n in zip(made[1], made[2], strict=False)]]
    }
)
FORMULAS = st.recursive(
    st.one_of(QUORUMS, POINTS),
    lambda inner: st.tuples(
        st.sampled_from(["any", "all"]), st.lists(inner, min_size=1, max_size=3)
    ).map(lambda pair: {pair[0]: pair[1]}),
    max_leaves=4,
)
NAMES = ("0", "1", "2", "3")
VOTERS = st.lists(st.frozensets(st.sampled_from(ROLES)), max_size=4).map(
    lambda roles: [Voter(name, held) for name, held in zip(NAMES, roles, strict=False)]
)
NAMED = st.fixed_dictionaries(
    {
        "/owner": st.sampled_from(NAMES).map(lambda one: [one]),
        "/team": st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True),
    }
)
WIDENED = st.lists(st.tuples(st.sampled_from(PRINCIPALS), st.sampled_from(PRINCIPALS)), max_size=2)
ELECTORATES = st.builds(Electorate, NAMED, WIDENED)


def stands(voter: Voter, who: Any, electorate: Electorate) -> bool:
    """Whether the voter is this principal, or one to whom it was widened."""
    reached, before = [who], 0
    while before < len(reached):
        before = len(reached)
        reached += [to for of, to in electorate.widened if of in reached and to not in reached]
    return any(
        one in voter.roles
        if isinstance(one, str)
        else voter.actor in electorate.named[next(iter(one.values()))]
        for one in reached
    )


def by_hand(formula: Any, voters: Sequence[Voter], electorate: Electorate) -> bool:
    """`A and B` by every way to give each voter to one part; a quorum by counting heads; points by
    each voter's largest weight."""
    ((operator, operand),) = formula.items()
    if operator == "quorum":
        wanted, group = operand
        who = [v for v in voters if any(stands(v, one, electorate) for one in group)]
        return len(who) >= int(wanted)
    if operator == "points":
        wanted, rows = operand
        brought = [
            max((int(n) for one, n in rows if stands(v, one, electorate)), default=0)
            for v in voters
        ]
        return sum(brought) >= int(wanted)
    if operator == "any":
        return any(by_hand(part, voters, electorate) for part in operand)
    return any(
        all(
            by_hand(part, [v for v, s in zip(voters, split, strict=True) if s == at], electorate)
            for at, part in enumerate(operand)
        )
        for split in itertools.product(range(len(operand)), repeat=len(voters))
    )


@settings(max_examples=3 * settings.default.max_examples)
@given(FORMULAS, VOTERS, ELECTORATES)
def test_a_formula_is_met_exactly_when_some_split_meets_it(
    formula: Any, voters: list[Voter], electorate: Electorate
) -> None:
    assert satisfied(formula, voters, electorate) == by_hand(formula, voters, electorate)


@settings(deadline=None)
@given(FORMULAS, VOTERS, ELECTORATES, st.sampled_from(ROLES))
def test_more_voters_more_roles_and_later_instants_never_undo_it(
    formula: Any, voters: list[Voter], electorate: Electorate, role: str
) -> None:
    if not satisfied(formula, voters, electorate):
        return
    assert satisfied(formula, [*voters, Voter("x", frozenset())], electorate)
    assert satisfied(formula, [Voter(one.actor, one.roles | {role}) for one in voters], electorate)
    wider = Electorate(electorate.named, [*electorate.widened, ("a", "c")])
    assert satisfied(formula, voters, wider)


@settings(deadline=None)
@given(FORMULAS, VOTERS, ELECTORATES)
def test_who_is_not_eligible_changes_nothing(
    formula: Any, voters: list[Voter], electorate: Electorate
) -> None:
    counted = [one for one in voters if eligible(formula, one, electorate)]
    assert satisfied(formula, counted, electorate) == satisfied(formula, voters, electorate)


@settings(deadline=None)
@given(FORMULAS, ELECTORATES, st.frozensets(st.sampled_from(NAMES), max_size=2))
def test_a_formula_is_possible_exactly_when_enough_people_would_meet_it(
    formula: Any, electorate: Electorate, excluded: frozenset[str]
) -> None:
    # Of each role more people than any of these formulas wants, and everybody who is named.
    crowd = [Voter(f"{role}{n}", frozenset({role})) for role in ROLES for n in range(24)]
    named = [Voter(one, frozenset(ROLES)) for one in NAMES if one not in excluded]
    assert possible(formula, electorate, excluded) == satisfied(
        formula, [*crowd, *named], electorate
    )


@settings(deadline=None)
@given(FORMULAS, VOTERS, ELECTORATES, st.frozensets(st.sampled_from(NAMES), max_size=2))
def test_with_a_directory_it_is_possible_exactly_when_all_who_are_left_meet_it(
    formula: Any, holders: list[Voter], electorate: Electorate, excluded: frozenset[str]
) -> None:
    listed = {one.actor: one.roles for one in holders}
    everybody = [Voter(one, listed.get(one, frozenset())) for one in NAMES if one not in excluded]
    found = possible(formula, electorate, excluded, holders)
    assert found == by_hand(formula, everybody, electorate)
    # It never says more than names alone do.
    assert possible(formula, electorate, excluded) or not found


AMOUNTS = ("5.00", "20.00")
BALLOTS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.frozensets(st.sampled_from(ROLES)),
        st.sampled_from(("APPROVE", "OVERRIDE", "OVERRIDE", "RETRACT")),
        st.sampled_from(AMOUNTS),
    ),
    max_size=5,
)


@settings(max_examples=3 * settings.default.max_examples)
@given(FORMULAS, FORMULAS, st.sampled_from(AMOUNTS), BALLOTS, NAMED)
def test_votes_decide_exactly_when_those_for_one_value_meet_its_case_and_the_proposals(
    small: Any, large: Any, proposed: str, ballots: list[Any], named: Any
) -> None:
    when = {"<": [{"path": ["decimal", "/fee"]}, {"const": ["decimal", "10.00"]}]}
    gate = {
        "decide": [{"when": when, "formula": small}, {"when": "always", "formula": large}],
        "veto": [],
    }
    waiting = Waiting(
        instance_id="", artifact_hash="", context_hash="", opened_at="2026-01-01T00:00:00.000Z",
        instants=[["2026-01-02T00:00:00.000Z", "reject", "none", "none"]],
        excluded=(), named=named, initiator="none", values={"/fee": proposed},
    )  # fmt: skip
    votes = [
        {
            "human_actor_id": who,
            "role": sorted(roles),
            "decision_type": kind,
            "amendment": [["/fee", amount]] if kind == "OVERRIDE" else [],
        }
        for who, roles, kind, amount in ballots
    ]
    told = count(gate, waiting, votes, "2026-01-01T12:00:00.000Z")
    # By hand: the last vote of each counts, a value that was proposed is no change.
    last = {who: (roles, kind, amount) for who, roles, kind, amount in ballots}
    wanted = {
        value
        for value in AMOUNTS
        if all(
            by_hand(
                small if chosen == "5.00" else large,
                [
                    Voter(who, roles)
                    for who, (roles, kind, amount) in last.items()
                    if kind != "RETRACT" and (amount if kind == "OVERRIDE" else proposed) == value
                ],
                Electorate(named),
            )
            for chosen in (proposed, value)
        )
    }
    decided = {"approved": proposed, "amended": dict(told.amendment).get("/fee")}
    if told.outcome == "open":
        assert not wanted
    else:
        assert decided[told.outcome] in wanted


A, B = Voter("1", frozenset({"a"})), Voter("2", frozenset({"b"}))
BOTH = Voter("3", frozenset({"a", "b"}))
OWNER = Electorate({"/owner": ["1"], "/team": ["1", "2"]})
ONE_A, ONE_B = {"quorum": ["1", ["a"]]}, {"quorum": ["1", ["b"]]}


@pytest.mark.parametrize(
    ("formula", "voters", "met"),
    [
        # One person in two roles takes one seat.
        ({"all": [ONE_A, ONE_B]}, [BOTH], False),
        ({"all": [ONE_A, ONE_B]}, [BOTH, A], True),
        ({"any": [ONE_A, ONE_B]}, [BOTH], True),
        ({"quorum": ["2", ["a", "b"]]}, [BOTH], False),
        ({"points": ["3", [["a", "2"], ["b", "1"]]]}, [BOTH], False),
        # The owner holds the role too, and is one person.
        ({"quorum": ["2", ["a", {"actor": "/owner"}]]}, [A], False),
        ({"quorum": ["2", ["a", {"actor": "/owner"}]]}, [A, BOTH], True),
        # Who votes twice is one voter.
        ({"quorum": ["2", ["a"]]}, [A, A], False),
        # The same person can't bring points here and sit there.
        ({"all": [{"points": ["2", [["a", "2"]]]}, ONE_A]}, [A], False),
        ({"all": [{"points": ["2", [["a", "2"]]]}, ONE_A]}, [A, BOTH], True),
        # Who brings most has to be left where less would do.
        (
            {"all": [{"points": ["3", [["a", "2"], ["b", "1"]]]}, {"quorum": ["1", ["a", "b"]]}]},
            [A, B, BOTH],
            True,
        ),
        ({"all": [{"all": [ONE_A, ONE_B]}, {"any": [ONE_A, ONE_B]}]}, [A, B], False),
        ({"all": [{"all": [ONE_A, ONE_B]}, {"any": [ONE_A, ONE_B]}]}, [A, B, BOTH], True),
    ],
)
def test_cases(formula: Any, voters: list[Voter], met: bool) -> None:
    assert satisfied(formula, voters, OWNER) == met


@pytest.mark.parametrize(
    "formula",
    [
        {"points": ["0", [["a", "1"]]]},
        {"points": ["01", [["a", "1"]]]},
        {"points": ["١", [["a", "1"]]]},
        {"points": [str(MAX_POINTS + 1), [["a", "900"]]]},
        {"points": ["9" * 5000, [["a", "900"]]]},
        {"points": ["1", []]},
        {"points": ["1", [["a", "0"]]]},
        {"points": ["1", [["a", "1", "1"]]]},
        {"points": ["1", ["a"]]},
        {"points": ["1", [[{"anybody": "/x"}, "1"]]]},
        {"points": [1, [["a", "1"]]]},
        {"points": ["201", [["a", "1"]]]},
        {"quorum": ["201", ["a"]]},
        {"quorum": ["02", ["a"]]},
        {"all": [{"points": [str(MAX_SPLITS // 2), [["a", "9"]]]}, ONE_B]},
        {"some": [ONE_A]},
    ],
)
def test_a_formula_of_another_form_is_refused(formula: Any) -> None:
    with pytest.raises(EvidenceError) as refused:
        clauses(formula)
    assert refused.value.code == "manifest"


def test_the_largest_formula_is_counted_soon() -> None:
    rows = [["a", "3"], ["b", "2"], ["c", "1"]]
    largest = {"all": [{"points": ["31", rows]}, {"points": ["31", rows]}]}
    crowd = [Voter(str(n), frozenset(ROLES[n % 3])) for n in range(31)]
    # 63 points are there, so one more than all that is wanted.
    assert satisfied(largest, crowd, Electorate({}))
    assert not satisfied(largest, crowd[1:], Electorate({}))
