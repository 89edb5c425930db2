"""The deployment's directory: who holds which roles, whether or not they ever sign in.

It lists everybody. Tokens say who somebody is; only a list of all says that nobody is there
(LANGUAGE section 6). It can take a yes away and never gives one (docs/adr/0182).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path


class DirectoryError(Exception):
    """It can't be read now; the message says why."""


class Directory:
    """A file of a line a person, ``maria = ["finance_manager"]``; the name is the value of the
    deployment's person claim. It is read each time it is asked, if it was changed since."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._read: tuple[object, Mapping[str, frozenset[str]]] = (None, {})

    def read(self) -> Mapping[str, frozenset[str]]:
        """person -> roles.

        Raises:
            DirectoryError.
        """
        try:
            found = self.file.stat()
            state = (found.st_mtime_ns, found.st_size, found.st_ino)
            before, known = self._read
            if state != before:
                known = _persons(self.file, self.file.read_text("utf-8"))
                self._read = (state, known)
        except OSError as error:
            raise DirectoryError(f"{self.file} can't be read: {error.strerror}") from None
        except ValueError as error:
            raise DirectoryError(f"{self.file} is no TOML: {error}") from None
        return known


def _persons(file: Path, text: str) -> Mapping[str, frozenset[str]]:
    table = tomllib.loads(text)
    for person, roles in table.items():
        if not isinstance(roles, list) or not all(isinstance(one, str) for one in roles):
            raise DirectoryError(f'{file}: write {person} = ["role"]')
    return {person: frozenset(roles) for person, roles in table.items()}
