"""Claims to persons, roles and assurances; and the refusal of logins that are too weak."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from gantral.identity import Refused, RoleMap, Token, instant, person_of

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
T = int(NOW.timestamp())
MAP = RoleMap(
    person="oid",
    roles={
        "finance_manager": ("groups", "fin-managers"),
        "finance_director": ("groups", "fin-directors"),
        "support_agent": ("department", "support"),
    },
    assurances={"mfa": ("acr", ("mfa", "phr")), "hardware": ("acrs", ("c20",))},
)


def token(signed_in: int | None = T, **claims: Any) -> Token:
    return Token("ab" * 32, "https://idp.example", "gantral", {"oid": "u-1", **claims}, T, T + 600,
                 signed_in)  # fmt: skip


def test_roles_from_lists_and_from_single_values() -> None:
    person = person_of(token(groups=["x", "fin-managers"], department="support"), MAP)
    assert person.roles == ("finance_manager", "support_agent")
    assert person.levels == ()
    assert (person.claim, person.value, person.name) == ("oid", "u-1", "u-1")


def test_assurances_from_one_value_and_from_a_list() -> None:
    assert person_of(token(acr="phr", acrs=["c1", "c20"]), MAP).levels == ("hardware", "mfa")


@pytest.mark.parametrize(
    "claims",
    [
        {"groups": "xfin-managers"},
        {"groups": ["fin-managers-emea"]},
        {"groups": [["fin-managers"]]},
        {"groups": {"fin-managers": True}},
        {"group": ["fin-managers"]},
    ],
)
def test_what_looks_like_a_role_is_none(claims: dict[str, Any]) -> None:
    assert person_of(token(**claims), MAP).roles == ()


@pytest.mark.parametrize("value", [None, "", 7, ["u-1"], "u\n1", "x" * 256])
def test_a_person_needs_their_claim(value: Any) -> None:
    with pytest.raises(Refused) as refused:
        person_of(token(oid=value), MAP)
    assert refused.value.rule == "person_missing"


def test_groups_that_were_left_out_are_no_answer() -> None:
    with pytest.raises(Refused) as refused:
        person_of(token(_claim_names={"groups": "src1"}), MAP)
    assert refused.value.rule == "claims_overage"
    assert "application roles" in refused.value.remedy


def test_a_login_that_is_strong_and_young_enough() -> None:
    person = person_of(token(T - 60, acr="mfa"), MAP)
    person.check_login("mfa", ("mfa", "phr"), 60, NOW)
    person.check_login("none", (), None, NOW)


@pytest.mark.parametrize(
    ("signed_in", "acr", "rule", "needs"),
    [
        (T, "pwd", "login_too_weak", {"acr_values": "mfa phr", "max_age": "300"}),
        (T - 301, "mfa", "login_too_old", {"max_age": "300"}),
        (None, "mfa", "login_too_old", {"max_age": "300"}),
    ],
)
def test_a_login_that_is_not(
    signed_in: int | None, acr: str, rule: str, needs: dict[str, str]
) -> None:
    person = person_of(token(signed_in, acr=acr), MAP)
    with pytest.raises(Refused) as refused:
        person.check_login("mfa", ("mfa", "phr"), 300, NOW)
    assert (refused.value.rule, refused.value.needs) == (rule, needs)
    challenge = refused.value.challenge
    assert 'error="insufficient_user_authentication"' in challenge
    for name, value in needs.items():
        assert f'{name}="{value}"' in challenge


def test_instants_are_written_as_the_evidence_writes_them() -> None:
    assert instant(T) == "2026-11-23T10:00:00.000Z"
