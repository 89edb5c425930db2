"""Start-up refuses a deployment that can't work, and says how to mend it (DESIGN section 8)."""

from __future__ import annotations

from datetime import UTC, datetime

from gantral.api import looks
from gantral.api.looks import Fault
from gantral.api.notices.targets import targets
from gantral.api.sealing import stamp
from gantral.runtime.settings import Settings, SettingsError
from gantral.runtime.workers.connection import connect, require_search_attributes
from temporalio.service import RPCError


async def preflight(settings: Settings, now: datetime | None = None) -> list[Fault]:
    """Everything for which ``serve`` can't work here, as far as it can be looked at. Never raises
    for what a deployment can have wrong."""
    faults: list[Fault] = []
    at = stamp(now or datetime.now(UTC))
    for need in (settings.need_identity, settings.need_evidence, settings.need_api):
        looks.attempt(faults, need)
    if faults:
        return faults
    trust, found = looks.trust_file(settings)
    programs, loaded = looks.loaded(settings, trust, at)
    seen = [found, *loaded]
    if trust is not None:
        seen += [
            looks.pepper(settings),
            looks.signing(settings, "decision", trust, programs, at),
        ]
    seen += [*looks.mapping(settings, programs), *looks.directory(settings)]
    seen += targets(settings, programs)
    seen += looks.stores(settings)
    if settings.log is not None:
        seen.append(looks.log_named(settings, trust))
    seen += [await looks.issuer(settings), await looks.opa(settings, programs)]
    return [fault for look in seen for fault in look.faults] + await _temporal(settings)


async def _temporal(settings: Settings) -> list[Fault]:
    try:
        client = await connect(settings.temporal)
        await require_search_attributes(client, settings)
    except SettingsError as error:
        return [Fault("temporal", f"{error.key}: {error.why}", error.remedy)]
    except RPCError as error:
        return [looks.temporal_refused(error)]
    return []
