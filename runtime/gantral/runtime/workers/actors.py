"""From identity claims to actor ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gantral.evidence import actor_id
from gantral.evidence.hashes import keyed_id
from gantral.policy.shapes import check


@dataclass(frozen=True)
class Actors:
    """Actor ids under the team's pepper (FORMAT section 4). ``claim`` names the person claim."""

    pepper: bytes
    issuer: str
    claim: str

    def resolve(self, value: object) -> str:
        """The actor id of a claim value.

        Raises:
            ShapeError: the value has not the form of a person: authority would be ambiguous.
        """
        check(["person"], value)
        return actor_id(self.pepper, self.issuer, self.claim, str(value))

    def instance_id(self, *key: Any) -> str:
        """The instance that a key gives, as the API gives it (``keyed_id``)."""
        return keyed_id(self.pepper, *key)
