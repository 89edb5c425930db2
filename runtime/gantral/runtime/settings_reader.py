"""A TOML table read strictly: each key is asked for once, and what nobody asked for is an error."""

from __future__ import annotations

import difflib
import re
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal, NoReturn, TypeVar
from urllib.parse import urlsplit

from gantral.evidence.places import Place

_Word = TypeVar("_Word", bound=str)
_SECONDS: Final = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(ms|s|m|h)", re.ASCII)
_DAYS: Final = re.compile(r"([1-9]\d{0,4})d", re.ASCII)
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class SettingsError(Exception):
    """One thing wrong in the settings: ``key`` (dotted), ``why`` and ``remedy``, for people."""

    def __init__(self, key: str, why: str, remedy: str) -> None:
        self.key = key
        self.why = why
        self.remedy = remedy
        super().__init__(f"{key}: {why}\n  help: {remedy}")


class Table:
    """A table at a dotted path. Every reader raises SettingsError for a wrong type."""

    def __init__(self, path: str, data: dict[str, Any]) -> None:
        self._path = path
        self._data = data
        self._asked: list[str] = []

    def has(self, name: str) -> bool:
        """Whether the key stands here."""
        self._asked.append(name)
        return name in self._data

    def names(self) -> tuple[str, ...]:
        """Every key, for tables whose keys the deployment chooses."""
        return tuple(self._data)

    def fail(self, name: str, why: str, remedy: str) -> NoReturn:
        """Raise SettingsError for a key of this table."""
        raise SettingsError(self.key(name), why, remedy)

    def table(self, name: str) -> Table:
        """A table below, empty when it is missing."""
        value = self._take(name, {})
        if not isinstance(value, dict):
            self.fail(name, "a table is wanted", f"write it as [{self.key(name)}]")
        return Table(self.key(name), value)

    def tables(self, name: str) -> tuple[Table, ...]:
        """A list of tables, empty when it is missing."""
        values = self._take(name, [])
        if not isinstance(values, list) or not all(isinstance(one, dict) for one in values):
            self.fail(name, "a list of tables is wanted", f"write each as [[{self.key(name)}]]")
        return tuple(
            Table(f"{self.key(name)}.{number}", one) for number, one in enumerate(values, 1)
        )

    def text(self, name: str, default: str | None = None) -> str:
        """A text that is not empty."""
        value = self._take(name, default)
        if value is None:
            self.fail(name, "it is missing", f'add {name} = "…"')
        if not isinstance(value, str) or not value:
            self.fail(name, "a text is wanted", f'write {name} = "…"')
        return value

    def text_or_none(self, name: str) -> str | None:
        """A text, or None when the key is missing."""
        return self.text(name) if self.has(name) else self._take(name, None)

    def texts(self, name: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of texts."""
        value = self._take(name, default)
        if value is None:
            self.fail(name, "it is missing", f'add {name} = ["…"]')
        if not isinstance(value, (list, tuple)) or not all(
            isinstance(item, str) and item for item in value
        ):
            self.fail(name, "a list of texts is wanted", f'write {name} = ["…"]')
        return tuple(value)

    def choice(self, name: str, words: tuple[_Word, ...], default: _Word) -> _Word:
        """One of a few words."""
        value = self.text(name, default)
        if value not in words:
            self.fail(name, f"{value!r} is not known", f"say one of: {', '.join(words)}")
        return value

    def choices(
        self, name: str, words: tuple[str, ...], default: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Some of a few words, at least one, none twice."""
        values = self.texts(name, default)
        unknown = [value for value in values if value not in words]
        if unknown or not values or len(set(values)) != len(values):
            what = f"{unknown[0]!r} is not known" if unknown else "it is empty or repeats a word"
            self.fail(name, what, f"say some of: {', '.join(words)}")
        return values

    def seconds(self, name: str, default: str) -> float:
        """A duration such as "2s", "500ms", "1m", in seconds, more than zero."""
        value = self.text(name, default)
        found = _SECONDS.fullmatch(value)
        length = float(found[1]) * _UNITS[found[2]] if found else 0.0
        if not length:
            self.fail(name, f"{value!r} is no duration", f'write {name} = "2s"')
        return length

    def days(self, name: str, default: str) -> timedelta:
        """A number of whole days such as "2557d", at least one."""
        value = self.text(name, default)
        found = _DAYS.fullmatch(value)
        if found is None:
            self.fail(name, f"{value!r} is no number of days", f'write {name} = "{default}"')
        return timedelta(days=int(found[1]))

    def url(self, name: str, default: str | None = None) -> str:
        """An http or https URL without credentials, query or fragment."""
        value = self.text(name, default)
        try:
            parts = urlsplit(value)
            good = parts.scheme in ("http", "https") and bool(parts.hostname)
            bare: Literal[True] | bool = not (parts.query or parts.fragment)
            if parts.username is not None or parts.password is not None:
                # The value holds a secret: the message must not repeat it.
                self.fail(name, "a URL may hold no credentials", "leave user:password@ out")
            _ = parts.port
        except ValueError:
            good, bare = False, False
        if not (good and bare):
            self.fail(name, f"{value!r} is no http URL", f'write {name} = "http://127.0.0.1:8181"')
        return value

    def file(self, name: str, folder: Path) -> Path:
        """A ``file:PATH``, relative to ``folder``."""
        value = self.text(name)
        kind, _, where = value.partition(":")
        if kind != "file" or not where:
            self.fail(name, f"{value!r} is no file:PATH", f'write {name} = "file:build/{name}"')
        return folder / where

    def place(self, name: str, folder: Path) -> Place:
        """A ``file:FOLDER``, relative to ``folder``, or an ``s3://BUCKET/PREFIX``."""
        value = self.text(name)
        place = Place.read(value, folder)
        if place is None:
            self.fail(
                name,
                # Somebody may have put credentials into a URL: not repeated.
                "it is no file:FOLDER and no s3://BUCKET/PREFIX",
                f'write {name} = "file:build/{name}" or "s3://bucket/{name}"',
            )
        return place

    def done(self) -> None:
        """Every key was asked for, else SettingsError names the one that nothing reads."""
        for name in self._data:
            if name not in self._asked:
                near = difflib.get_close_matches(name, self._asked, n=1)
                known = ", ".join(sorted(set(self._asked)))
                remedy = f"did you mean {near[0]}?" if near else f"known here: {known}"
                raise SettingsError(self.key(name), "there is no such setting", remedy)

    def _take(self, name: str, default: Any) -> Any:
        self._asked.append(name)
        return self._data.get(name, default)

    def key(self, name: str) -> str:
        """A key's dotted path from the root."""
        return f"{self._path}.{name}" if self._path else name


def on_this_machine(url: str) -> bool:
    """Whether the URL's host is loopback."""
    return urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")


def private(url: str) -> bool:
    """Whether nobody between here and there can answer for it: https, or this very machine."""
    return urlsplit(url).scheme == "https" or on_this_machine(url)
