"""The services that data_export.gantral names, on the warehouse. Gantral asks who may."""

from __future__ import annotations

from gantral.runtime import ActionFailed, CallContext, Service

from export_app.gen.data_export import services as spec
from export_app.gen.data_export.types import Table, WarehouseExportResult
from export_app.warehouse import Warehouse, WarehouseError


class Catalog(spec.Catalog):
    """Reads what is known of tables."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def table(self, call: CallContext, /, *, name: str) -> Table:
        try:
            known = self._warehouse.table(name)
        except WarehouseError as error:
            raise ActionFailed(str(error), "no") from None
        # The warehouse holds any text; what the spec knows is checked on the way in.
        return Table.from_wire(
            {"name": known.name, "owner": known.owner, "rows": known.rows, "about": known.about}
        )


class Exports(spec.Warehouse):
    """Writes exports, and takes them back."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def export(
        self, call: CallContext, /, *, table: str, rows: int, recipient: str
    ) -> WarehouseExportResult:
        try:
            made = self._warehouse.export(call.key, table, rows, recipient)
        except WarehouseError as error:
            # Refused before anything was written: known not to have happened.
            raise ActionFailed(str(error), "no") from None
        return WarehouseExportResult(export=made)

    def withdraw(self, call: CallContext, /, *, export: str) -> None:
        try:
            self._warehouse.withdraw(export)
        except WarehouseError as error:
            raise ActionFailed(str(error), "no") from None


class Desk(spec.Desk):
    """Writes lines to the pages of requests."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def note(self, call: CallContext, /, *, request: str, line: str) -> None:
        self._warehouse.note(call.key, request, line)


def make() -> list[Service]:
    """What ``gantral worker`` asks for (``[worker] services`` in gantral.toml)."""
    warehouse = Warehouse.at_home()
    return [Catalog(warehouse), Exports(warehouse), Desk(warehouse)]
