"""Instances of the store that a deployment's settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gantral.cli.failure import Failure

if TYPE_CHECKING:
    from gantral.evidence.pack import Instance
    from gantral.runtime.settings import Evidence, Settings


def settings_of(path: str) -> Settings:
    """The deployment's settings. Raises Failure."""
    from gantral.runtime.settings import SettingsError, load

    try:
        return load(path)
    except SettingsError as error:
        raise Failure(f"{path}: {error.key}: {error.why}", error.remedy) from None


def evidence_of(settings: Settings) -> Evidence:
    """Their section on evidence. Raises Failure."""
    from gantral.runtime.settings import SettingsError

    try:
        return settings.need_evidence()
    except SettingsError as error:
        raise Failure(f"{settings.file}: {error.key}: {error.why}", error.remedy) from None


def chosen(known: list[Instance], asked: list[str]) -> list[Instance]:
    """The instances whose ids begin so, each beginning's one.

    Raises:
        Failure: one has none, or several.
    """
    found = []
    for start in asked:
        meant = [one for one in known if one[1].startswith(start)]
        if len(meant) != 1:
            several = f"{len(meant)} instances begin" if meant else "no instance begins"
            raise Failure(f"{several} with {start}", "gantral list names them")
        found += meant
    return found
