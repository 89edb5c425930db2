"""Ends of keys in a trust file that is being written: planned, revoked, compromised."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from gantral.cli.failure import MISUSE, Failure
from gantral.evidence.forms import is_instant

_FEWEST: Final = 8


def ends(
    keys: dict[str, dict[str, Any]],
    not_after: Iterable[str],
    revoked: Iterable[str],
    compromised: Iterable[str],
    now: str,
) -> None:
    """Give ends to entries of ``keys`` (keyid -> entry), in place. ``not_after`` and
    ``compromised`` are ``KEYID=INSTANT``. An end only ever comes earlier: put later, it would
    make good what a verdict already called INVALID.

    Raises:
        Failure: no such key, no instant, or a later end than the key has.
    """
    for option, member, asked in (
        ("--not-after", "not_after", [_pair("--not-after", one) for one in not_after]),
        ("--compromised", "compromised_from", [_pair("--compromised", one) for one in compromised]),
        ("--revoke", "not_after", [(one, now) for one in revoked]),
    ):
        for name, instant in asked:
            entry = keys[_keyid(option, name, keys)]
            has = entry[member]
            if has != "none" and instant > has:
                raise Failure(
                    f"{option} {name}: its {member} is {has} already, which {instant} is after",
                    "an end can only be put earlier; make a new key with `gantral keys new --use`",
                    MISUSE,
                )
            entry[member] = instant


def _pair(option: str, text: str) -> tuple[str, str]:
    name, _, instant = text.partition("=")
    if not is_instant(instant):
        raise Failure(
            f"{option} {text}: not KEYID=INSTANT",
            "an instant is written 2026-01-31T12:00:00.000Z",
            MISUSE,
        )
    return name, instant


def _keyid(option: str, name: str, keys: dict[str, dict[str, Any]]) -> str:
    found = [keyid for keyid in keys if keyid.startswith(name)] if len(name) >= _FEWEST else []
    if len(found) != 1:
        raise Failure(
            f"{option} {name}: {'several keys' if found else 'no key'} of the trust file",
            "write the key's id, or at least its first eight digits: `gantral keys new` prints it",
            MISUSE,
        )
    return found[0]
