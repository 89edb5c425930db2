"""A look at each target of ``[[notify]]``, without sending anything."""

from __future__ import annotations

from collections.abc import Sequence

from gantral.api.looks import Fault, Look, attempt
from gantral.api.notices import ways
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.settings import Settings, Target
from gantral.runtime.settings_notify import Email, Slack, Webhook


def targets(settings: Settings, programs: Sequence[ProgramInfo]) -> list[Look]:
    """That each secret can be read, and that each filter names something that is there."""
    return [_target(one, programs) for one in settings.notify]


def _target(target: Target, programs: Sequence[ProgramInfo]) -> Look:
    faults: list[Fault] = []
    way = target.way
    if isinstance(way, Webhook):
        attempt(faults, lambda: ways.signer(way))
        where = f"webhook {way.url}"
    elif isinstance(way, Slack):
        attempt(faults, lambda: ways.slack_url(way))
        where = "slack"
    else:
        attempt(faults, lambda: _password(way))
        where = f"email by {way.host}:{way.port} to {', '.join(way.to)}"
    there = {
        "teams": {one.team for one in programs},
        "workflows": {one.workflow_id for one in programs},
        "gates": {gate for one in programs for gate in one.manifest["gates"]},
    }
    for key, names in there.items():
        wanted: tuple[str, ...] = getattr(target, key)
        # Without a program at hand nothing is known of names.
        faults += [
            Fault(
                "notify_unknown",
                f"notify {target.name}: {key} names {name}, and no program has it, so nobody would"
                " be told",
                f"say some of: {', '.join(sorted(names))}",
            )
            for name in sorted(set(wanted) - names)
            if programs
        ]
    return Look(f"notify {target.name}", f"{where}: {', '.join(target.kinds)}", tuple(faults))


def _password(way: Email) -> None:
    if way.password is not None:
        way.password.read()
