"""Whether one formula implies another, against every company of a few persons tried by hand."""

from __future__ import annotations

from itertools import combinations, combinations_with_replacement

import pytest
from gantral.compiler import formulas
from gantral.compiler.implication import shortfall
from gantral.compiler.program import (
    ActorOf,
    AllOf,
    AnyOf,
    Formula,
    Points,
    Principal,
    Quorum,
    RoleOf,
)
from gantral.dsl.span import Span
from gantral.evidence import formula as recounted
from hypothesis import given
from hypothesis import strategies as some

HERE = Span("s", 0, 0)
ROLES = ("a", "b", "c")
# Every person there can be; "p" beside the roles is the one whom the proposal names.
PEOPLE = [frozenset(x) for n in range(4) for x in combinations(ROLES, n)]
Company = tuple[frozenset[str], ...]


def _quorums(principals: some.SearchStrategy[Principal]) -> some.SearchStrategy[Formula]:
    groups = some.lists(principals, min_size=1, max_size=3, unique=True).map(tuple)
    weighed = some.lists(
        some.tuples(principals, some.integers(1, 3)),
        min_size=1,
        max_size=3,
        unique_by=lambda pair: pair[0],
    )
    return some.one_of(
        some.builds(Quorum, some.integers(1, 2), groups, some.just(HERE)),
        some.builds(Points, some.integers(1, 4), weighed.map(tuple), some.just(HERE)),
    )


def _formulas(principals: some.SearchStrategy[Principal]) -> some.SearchStrategy[Formula]:
    one = _quorums(principals)
    two = some.lists(one, min_size=2, max_size=2).map(tuple)
    either = some.one_of(
        one, some.builds(AnyOf, two, some.just(HERE)), some.builds(AllOf, two, some.just(HERE))
    )
    return either.flatmap(
        lambda first: some.one_of(
            some.just(first),
            one.flatmap(lambda more: some.sampled_from([AnyOf, AllOf]).map(
                lambda kind: kind((first, more), HERE)
            )),
        )
    )  # fmt: skip


_ROLE = some.sampled_from(ROLES).map(lambda name: RoleOf(name, HERE))
_ACTOR = some.just(ActorOf(("p",), HERE))


def _name(one: Principal) -> str:
    return one.name if isinstance(one, RoleOf) else "p"


def meets(company: Company, formula: Formula) -> bool:
    """The words of LANGUAGE section 6, tried: disjoint sets for `and`, distinct voters for n."""
    match formula:
        case Quorum():
            wanted = {_name(one) for one in formula.principals}
            return sum(bool(wanted & person) for person in company) >= formula.count
        case Points():
            brought = [
                [n for one, n in formula.weights if _name(one) in person] for person in company
            ]
            return sum(max(each, default=0) for each in brought) >= formula.count
        case AnyOf():
            return any(meets(company, part) for part in formula.parts)
        case AllOf():
            first, *rest = formula.parts
            everyone = range(len(company))
            for size in range(len(company) + 1):
                for chosen in combinations(everyone, size):
                    left = tuple(company[n] for n in everyone if n not in chosen)
                    if meets(tuple(company[n] for n in chosen), first) and (
                        meets(left, rest[0] if len(rest) == 1 else AllOf(tuple(rest), HERE))
                    ):
                        return True
            return False


def companies(most: int) -> list[Company]:
    """Up to `most` persons, one of whom at most is the person of the proposal."""
    made: list[Company] = []
    for size in range(1, most + 1):
        made += combinations_with_replacement(PEOPLE, size)
        for plain in combinations_with_replacement(PEOPLE, size - 1):
            made += [(*plain, one | {"p"}) for one in PEOPLE]
    return made


# All that two quorums of two, or three in a row, may need; more would take too long.
SMALL = companies(3)


@given(_formulas(some.one_of(_ROLE, _ACTOR)), _formulas(some.one_of(_ROLE, _ACTOR)))
def test_implication_is_what_trying_everybody_shows(asked: Formula, needed: Formula) -> None:
    told = shortfall(formulas.alternatives(asked), formulas.alternatives(needed))
    against = [one for one in SMALL if meets(one, asked) and not meets(one, needed)]
    if told is None:
        assert not against
    else:
        short = tuple(frozenset({one.replace("actor:", "")}) for one in told)
        assert sum("p" in one for one in short) <= 1
        assert meets(short, asked)
        assert not meets(short, needed)
        assert len(short) <= min(map(len, against), default=len(short))


def _all(*parts: Formula) -> Formula:
    return AllOf(parts, HERE)


def _of(count: int, *roles: str) -> Formula:
    return Quorum(count, tuple(RoleOf(one, HERE) for one in roles), HERE)


def _points(count: int, **weights: int) -> Formula:
    brought = tuple((RoleOf(name, HERE), weight) for name, weight in weights.items())
    return Points(count, brought, HERE)


@pytest.mark.parametrize(
    ("asked", "needed", "told"),
    [
        (_of(2, "a"), _of(1, "a"), None),
        (_of(1, "a"), _of(2, "a"), ("a",)),
        (_all(_of(1, "a"), _of(1, "b")), _of(1, "b"), None),
        # One person who is both does not sit on both chairs.
        (_of(1, "a", "b"), _all(_of(1, "a"), _of(1, "b")), ("a",)),
        (_of(2, "a"), AnyOf((_of(1, "b"), _of(2, "a", "c")), HERE), None),
        (_points(2, a=1), _of(2, "a"), None),
        (_points(3, a=2, b=1), _of(2, "a", "b"), None),
        (_points(3, a=3, b=1), _of(2, "a", "b"), ("a",)),
        (
            _points(3, a=2, b=2, c=1),
            AnyOf((_of(1, "a"), _of(2, "b"), _of(3, "c")), HERE),
            ("b", "c"),
        ),
        # Large numbers cost no more than small ones.
        (_points(1000, a=501, b=500), _of(2, "a", "b"), None),
        (_points(1000, a=501, b=1), _of(1, "a"), ("b",) * 1000),
        (_of(2, "a"), _points(1000, a=500), None),
        (_of(3, "a"), _all(_points(3, a=2), _points(2, a=1)), ("a", "a", "a")),
    ],
)
def test_cases(asked: Formula, needed: Formula, told: tuple[str, ...] | None) -> None:
    assert shortfall(formulas.alternatives(asked), formulas.alternatives(needed)) == told


def test_the_compiler_takes_what_is_recounted_and_no_more() -> None:
    assert formulas.RECOUNTED_ALTERNATIVES == recounted.MAX_CLAUSES
    assert formulas.RECOUNTED_VOTERS == recounted.MAX_PLACES
    assert formulas.RECOUNTED_POINTS == recounted.MAX_POINTS
    assert formulas.RECOUNTED_SPLITS == recounted.MAX_SPLITS


def _tree(one: Formula) -> dict[str, object]:
    match one:
        case AnyOf() | AllOf():
            return {"any" if isinstance(one, AnyOf) else "all": [_tree(part) for part in one.parts]}
        case Quorum():
            return {"quorum": [str(one.count), [_name(each) for each in one.principals]]}
        case Points():
            return {"points": [str(one.count), [[_name(w), str(n)] for w, n in one.weights]]}


_LARGE = some.recursive(
    some.one_of(
        some.builds(_of, some.integers(1, 200), some.just("a")),
        some.builds(lambda count, weight: _points(count, a=weight), *[some.integers(1, 1000)] * 2),
    ),
    lambda inner: some.builds(
        lambda kind, parts: kind(tuple(parts), HERE),
        some.sampled_from([AnyOf, AllOf]),
        some.lists(inner, min_size=2, max_size=3),
    ),
    max_leaves=5,
)


@given(_LARGE)
def test_the_compiler_takes_no_formula_that_is_not_recounted(one: Formula) -> None:
    size = formulas.size(one)
    if (
        size.alternatives <= formulas.RECOUNTED_ALTERNATIVES
        and size.voters <= formulas.RECOUNTED_VOTERS
        and size.splits <= formulas.RECOUNTED_SPLITS
    ):
        assert recounted.clauses(_tree(one))


def test_what_is_too_large_is_never_taken_for_enough() -> None:
    wide = AllOf(tuple(AnyOf((_of(1, "a"), _of(1, "b")), HERE) for _ in range(9)), HERE)
    assert formulas.alternatives(wide) == ()
    assert shortfall((), formulas.alternatives(_of(1, "a"))) == ()
    # Each would cost minutes or all memory if it were tried.
    roles = tuple(f"r{n}" for n in range(8))
    people = tuple(ActorOf((f"p{n}",), HERE) for n in range(16))
    for asked, needed in (
        (_of(40, *roles), _all(*(_of(1, one) for one in roles))),
        (Quorum(30, (*people, RoleOf("a", HERE)), HERE), _of(1, "a")),
        (
            _all(_of(100, "a", "b"), _of(100, "b", "c")),
            _all(_of(100, "a"), _of(50, "b"), _of(50, "c")),
        ),
    ):
        both = formulas.alternatives(asked), formulas.alternatives(needed)
        assert shortfall(*both) == ()
    most = formulas.alternatives(_of(formulas.RECOUNTED_VOTERS, "a"))
    assert shortfall(most, most) is None
    many = tuple(chr(ord("a") + n) for n in range(12))
    needed = formulas.alternatives(_all(*(_of(1, one) for one in many)))
    assert shortfall(formulas.alternatives(_of(12, *many)), needed) == ()
