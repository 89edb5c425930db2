"""Where a secret lies: a settings file never holds one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from gantral.runtime.settings_reader import SettingsError, Table


@dataclass(frozen=True)
class Secret:
    """Where a secret lies: ``file:PATH`` or ``env:NAME``. Its value is never kept or printed."""

    key: str
    source: str
    folder: Path

    def read(self) -> bytes:
        """The secret's bytes.

        Raises:
            SettingsError: the file or the variable is not there, or is empty.
        """
        kind, _, where = self.source.partition(":")
        if kind == "env":
            value = os.environ.get(where, "").encode()
            if not value:
                raise SettingsError(self.key, f"the variable {where} is not set", f"set {where}")
            return value
        try:
            value = (self.folder / where).read_bytes()
        except OSError as error:
            raise SettingsError(
                self.key,
                f"{where} can't be read: {error.strerror}",
                "make the keys with `gantral keys new`, or mend the path"
                " (it is relative to the settings file)",
            ) from None
        if not value:
            raise SettingsError(self.key, f"{where} is empty", "make it with `gantral keys new`")
        return value


def read_secret(folder: Path, table: Table, name: str) -> Secret:
    """The secret that a key of the table names. Raises SettingsError for anything else."""
    source = table.text(name)
    kind, _, where = source.partition(":")
    if kind not in ("file", "env") or not where:
        # The value may be the secret itself: the message must not repeat it.
        table.fail(name, "a secret may not stand here", 'say "file:PATH" or "env:NAME"')
    return Secret(table.key(name), source, folder)
