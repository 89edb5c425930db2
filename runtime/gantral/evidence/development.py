"""The trust file of a deployment that is made, used and forgotten: scenarios and simulations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from gantral.evidence.keys import SigningKey

_LONG_AGO: Final = "2000-01-01T00:00:00.000Z"


def development_trust(
    trust_id: str, keys: Mapping[str, SigningKey], programs: Collection[tuple[str, str, str]]
) -> dict[str, Any]:
    """What it says, without an end (FORMAT section 7).

    keys: use -> key. programs: owning team, workflow id, workflow version id of each.
    """
    life = {"environment": "development", "not_before": _LONG_AGO, "not_after": "none"}
    teams = sorted({team for team, _, _ in programs})
    return {
        "type": "gantral.dev/trust/v1",
        "trust_id": trust_id,
        "serial": "1",
        "previous": "none",
        "issued": _LONG_AGO,
        "environment": "development",
        "keys": {
            key.keyid: {
                "alg": "ed25519",
                "public_key": key.public.hex(),
                "use": use,
                "teams": teams,
                "compromised_from": "none",
                **life,
            }
            for use, key in keys.items()
        },
        "programs": [
            {
                "owning_team_id": team,
                "workflow_id": workflow,
                "workflow_version_id": version,
                **life,
            }
            for team, workflow, version in programs
        ],
        "max_skew": "PT5S",
        "actor_claim": "sub",
        "log": "none",
    }
