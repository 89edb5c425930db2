"""After a few faults every rule holds; and a world in which one does not is found out."""

from __future__ import annotations

from typing import Any

from soaking.table import broken, table


def test_every_rule_holds_after_every_fault(told: Any) -> None:
    assert broken(told.rows) == []


def test_the_table_counts_every_instance(told: Any) -> None:
    *_, last = table(told.rows).splitlines()
    cells = [cell.strip() for cell in last.split("|")[1:-1]]
    count = sum(len(row.cases) for row in told.rows)
    assert cells[0] == "**all**"
    assert int(cells[2]) == count > 60
    assert int(cells[9]) + int(cells[10]) == count
    assert cells[-2:] == ["0", "0"]
