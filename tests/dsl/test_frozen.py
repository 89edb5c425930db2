"""Records whose classes cost little: what `dataclasses` says of a frozen, slotted class holds."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass, replace
from typing import Any, ClassVar

import pytest
from gantral.dsl.frozen import frozen


@dataclass(frozen=True, slots=True)
class Plain:
    a: int
    b: tuple[str, ...] = ()
    c: list[int] = field(default_factory=list, compare=False)
    kind: ClassVar[str] = "k"


@frozen
class Ours:
    a: int
    b: tuple[str, ...] = ()
    c: list[int] = field(default_factory=list, compare=False)
    kind: ClassVar[str] = "k"


@frozen
class Heir(Ours):
    d: str = "d"


@frozen
class Other:
    a: int
    b: tuple[str, ...] = ()


@frozen(kw_only=True)
class Named:
    first: int = 1
    second: int
    sum: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sum", self.first + self.second)


@frozen(order=True)
class Ordered:
    x: int
    y: str


@frozen(eq=False)
class Itself:
    x: int


@frozen
class Nothing:
    pass


@pytest.mark.parametrize("given", [(1,), (1, ("x",)), (1, ("x",), [3])])
def test_it_is_made_told_compared_and_hashed_like_a_dataclass(given: tuple[Any, ...]) -> None:
    one, plain = Ours(*given), Plain(*given)
    assert repr(one) == repr(plain).replace("Plain", "Ours")
    assert one == Ours(*given)
    assert hash(one) == hash(Ours(*given))
    assert one != Ours(2)
    assert one != plain
    assert one != Other(*given[:2])
    assert hash(one) == hash(plain)
    assert [each.name for each in fields(one)] == [each.name for each in fields(plain)]
    assert is_dataclass(one)
    assert is_dataclass(Ours)
    assert replace(one, a=5) == Ours(5, *given[1:])
    assert Ours.kind == "k"
    assert Ours.__match_args__ == Plain.__match_args__


def test_what_is_left_out_of_comparing_is() -> None:
    assert Ours(1, (), [1]) == Ours(1, (), [2])


@pytest.mark.parametrize(
    "wrong", [lambda cls: cls(), lambda cls: cls(1, (), [], 4), lambda cls: cls(1, z=2)]
)
def test_what_a_dataclass_refuses_it_refuses(wrong: Any) -> None:
    for cls in (Plain, Ours):
        with pytest.raises(TypeError):
            wrong(cls)


def test_nothing_can_be_set_deleted_or_added() -> None:
    one = Ours(1)
    for change in (lambda: setattr(one, "a", 2), lambda: delattr(one, "a")):
        with pytest.raises(FrozenInstanceError):
            change()
    with pytest.raises(FrozenInstanceError):
        one.new = 1  # type: ignore[attr-defined]
    assert not hasattr(one, "__dict__")
    assert one.a == 1


def test_an_heir_has_its_fields_after_those_it_inherits() -> None:
    one = Heir(1, ("x",), [], "e")
    assert [each.name for each in fields(one)] == ["a", "b", "c", "d"]
    assert repr(one) == "Heir(a=1, b=('x',), c=[], d='e')"
    assert one != Ours(1, ("x",))
    assert isinstance(one, Ours)
    match one:
        case Ours(a, b) if Heir.__match_args__ == ("a", "b", "c", "d"):
            assert (a, b) == (1, ("x",))
        case _:
            pytest.fail("no match")


def test_by_name_alone_and_computed() -> None:
    assert Named(second=2).sum == 3
    with pytest.raises(TypeError):
        Named(1, 2)  # type: ignore[misc]


def test_ordered_and_itself() -> None:
    assert sorted([Ordered(2, "a"), Ordered(1, "b")]) == [Ordered(1, "b"), Ordered(2, "a")]
    few, many = Ordered(1, "b"), Ordered(2, "a")
    assert few < many
    assert few <= many
    assert few <= Ordered(1, "b")
    assert many > few
    assert many >= few
    with pytest.raises(TypeError):
        assert few <= Ours(1)
    one = Itself(1)
    assert one == one
    assert one != Itself(1)
    assert len({one, Itself(1)}) == 2
    assert Nothing() == Nothing()
    assert hash(Nothing()) == hash(Nothing())


@pytest.mark.parametrize("one", [Ours(1, ("x",), [3]), Named(second=2), Heir(1), Nothing()])
def test_it_can_be_copied_and_sent_to_another_process(one: Any) -> None:
    for again in (pickle.loads(pickle.dumps(one)), copy.deepcopy(one), copy.copy(one)):
        assert again == one
        assert repr(again) == repr(one)
