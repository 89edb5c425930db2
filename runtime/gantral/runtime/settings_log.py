"""Section ``[log]`` of the settings: the transparency log that commits' hashes go to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gantral.runtime.settings_reader import Table, private
from gantral.runtime.settings_secret import Secret, read_secret

_LEAST = 4.0


@dataclass(frozen=True)
class Log:
    """Where the log answers, without a slash at its end; within how many seconds of its put a
    commit is to be in the log; the token that the log wants of who adds to it."""

    url: str
    delay: float
    token: Secret | None

    @property
    def every(self) -> float:
        """Seconds between two looks for what is not logged yet: of the delay, enough for a log
        that fails to answer a few times."""
        return min(60.0, self.delay / 4)


def read_log(folder: Path, table: Table, production: bool) -> Log:
    """The section. Raises SettingsError."""
    log = Log(
        url=table.url("url").rstrip("/"),
        delay=table.seconds("delay", "10m"),
        token=read_secret(folder, table, "token") if table.has("token") else None,
    )
    if production and not private(log.url):
        # Whoever stands on the way could hold back what is to be logged, and read the token.
        table.fail("url", "in production it is https, or on this machine", "write https://…")
    if log.delay < _LEAST:
        table.fail("delay", "a log takes a second or two for an entry", 'write delay = "10m"')
    table.done()
    return log
