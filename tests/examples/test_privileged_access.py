"""The privileged_access example's own parts: its rights."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from access_app.rights import Rights, RightsError


@pytest.fixture
def rights(tmp_path: Path) -> Rights:
    return Rights(tmp_path / "rights.sqlite")


def test_a_repeated_call_grants_once(rights: Rights) -> None:
    first = rights.grant("key-1", "erik", "billing", "write")
    assert rights.grant("key-1", "erik", "billing", "write") == first
    assert rights.grants() == [(first, "erik", "billing", "write", 0)]


def test_grants_at_once_have_names_of_their_own(rights: Rights) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda key: rights.grant(key, "erik", "search", "read"), "abcdefgh"))
    assert len(set(made)) == 8


def test_what_is_refused_leaves_nothing(rights: Rights) -> None:
    with pytest.raises(RightsError, match="no system attic"):
        rights.grant("key-1", "erik", "attic", "read")
    with pytest.raises(RightsError, match="nobody here is otto"):
        rights.grant("key-1", "otto", "billing", "read")
    assert rights.grants() == []


def test_a_grant_is_revoked_once(rights: Rights) -> None:
    made = rights.grant("key-1", "erik", "billing", "admin")
    rights.revoke(made)
    rights.revoke(made)
    assert rights.grants() == [(made, "erik", "billing", "admin", 1)]
    with pytest.raises(RightsError, match="no grant G-9"):
        rights.revoke("G-9")


def test_who_manages_whom(rights: Rights) -> None:
    assert rights.manager_of("erik") == "mina"
    with pytest.raises(RightsError, match="nobody manages sofia"):
        rights.manager_of("sofia")
    with pytest.raises(RightsError, match="nobody here is otto"):
        rights.manager_of("otto")
