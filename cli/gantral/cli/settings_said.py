"""What is wrong in a deployment's settings, said to the one who runs the command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gantral.cli.failure import Failure


@contextmanager
def settings_said(file: Path | str) -> Iterator[None]:
    """A SettingsError of the block becomes a Failure that names the file and the key in it."""
    from gantral.runtime.settings import SettingsError

    try:
        yield
    except SettingsError as error:
        # Of a file that can't be read at all, the file is the key.
        where = str(file) if error.key == str(file) else f"{file}: {error.key}"
        raise Failure(f"{where}: {error.why}", error.remedy) from None
