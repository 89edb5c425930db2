"""The data_export example's own parts: its warehouse."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from export_app.warehouse import Warehouse, WarehouseError


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "warehouse.sqlite")


def test_a_repeated_call_exports_once(warehouse: Warehouse) -> None:
    first = warehouse.export("key-1", "customers", 10, "them")
    assert warehouse.export("key-1", "customers", 10, "them") == first
    assert warehouse.exports() == [(first, "customers", 10, "them", 0)]


def test_exports_at_once_have_names_of_their_own(warehouse: Warehouse) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda key: warehouse.export(key, "parcels", 1, "x"), "abcdefgh"))
    assert len(set(made)) == 8


def test_what_is_refused_leaves_nothing(warehouse: Warehouse) -> None:
    with pytest.raises(WarehouseError, match="no table nothing"):
        warehouse.export("key-1", "nothing", 1, "them")
    with pytest.raises(WarehouseError, match="fewer than 50001 rows"):
        warehouse.export("key-1", "customers", 50001, "them")
    assert warehouse.exports() == []


def test_a_withdrawal_is_done_once(warehouse: Warehouse) -> None:
    made = warehouse.export("key-1", "customers", 10, "them")
    warehouse.withdraw(made)
    warehouse.withdraw(made)
    assert warehouse.exports() == [(made, "customers", 10, "them", 1)]
    with pytest.raises(WarehouseError, match="no export X-9"):
        warehouse.withdraw("X-9")
