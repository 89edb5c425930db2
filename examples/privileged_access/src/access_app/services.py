"""The service that privileged_access.gantral names, on the rights. Gantral asks who may."""

from __future__ import annotations

from typing import Literal

from gantral.runtime import ActionFailed, CallContext, Person, Service

from access_app.gen.privileged_access import services as spec
from access_app.gen.privileged_access.types import (
    DirectoryGrantResult,
    DirectoryManagerOfResult,
)
from access_app.rights import Rights, RightsError


class Directory(spec.Directory):
    """Knows who manages whom; gives rights and takes them back."""

    def __init__(self, rights: Rights) -> None:
        self._rights = rights

    def manager_of(self, call: CallContext, /, *, person: Person) -> DirectoryManagerOfResult:
        try:
            manager = self._rights.manager_of(person)
        except RightsError as error:
            raise ActionFailed(str(error), "no") from None
        return DirectoryManagerOfResult.from_wire({"manager": manager})

    def grant(
        self,
        call: CallContext,
        /,
        *,
        person: Person,
        system: str,
        level: Literal["read", "write", "admin"],
    ) -> DirectoryGrantResult:
        try:
            made = self._rights.grant(call.key, person, system, level)
        except RightsError as error:
            # Refused before anything was written: known not to have happened.
            raise ActionFailed(str(error), "no") from None
        return DirectoryGrantResult(grant=made)

    def revoke(self, call: CallContext, /, *, grant: str) -> None:
        try:
            self._rights.revoke(grant)
        except RightsError as error:
            raise ActionFailed(str(error), "no") from None


def make() -> list[Service]:
    """What ``gantral worker`` asks for (``[worker] services`` in gantral.toml)."""
    return [Directory(Rights.at_home())]
