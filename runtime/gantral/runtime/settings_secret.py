"""Where a secret lies: a settings file never holds one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from gantral.runtime.settings_reader import SettingsError, Table


@dataclass(frozen=True)
class Secret:
    """Where a secret lies: ``file:PATH`` or ``env:NAME``; of some keys ``kms:KEY``, which never
    leave AWS KMS. Its value is never kept or printed."""

    key: str
    source: str
    folder: Path

    @property
    def kms(self) -> str | None:
        """The ARN or alias of a key in AWS KMS; None: its bytes can be read."""
        kind, _, where = self.source.partition(":")
        return where if kind == "kms" else None

    def read(self) -> bytes:
        """The bytes of a secret that is no key in KMS.

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


def read_secret(folder: Path, table: Table, name: str, *, kms: bool = False) -> Secret:
    """The secret that a key of the table names; ``kms``: it may be a key in AWS KMS. Raises
    SettingsError for anything else."""
    source = table.text(name)
    kind, _, where = source.partition(":")
    if kind == "kms" and where:
        if kms:
            return Secret(table.key(name), source, folder)
        # A commit grows with its votes, an outcome with its result, and either must be signed.
        table.fail(
            name,
            "a key in KMS can't be this one: KMS signs 4,096 bytes at most",
            'say "file:PATH" or "env:NAME"; the decision and the erasure key may be in KMS',
        )
    if kind not in ("file", "env") or not where:
        # The value may be the secret itself: the message must not repeat it.
        table.fail(name, "a secret may not stand here", 'say "file:PATH" or "env:NAME"')
    return Secret(table.key(name), source, folder)
