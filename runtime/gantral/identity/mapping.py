"""Claims to persons, roles and assurances, as the deployment maps them (DESIGN section 9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gantral.identity.refusal import Refused
from gantral.identity.tokens import Token


@dataclass(frozen=True)
class RoleMap:
    """Role name -> (claim, value): held when the claim is, or is a list that holds, the value.

    ``assurances``: name -> (claim, values): proved when the claim is, or holds, one of the values.
    ``person``: the claim that names a person, the same for every application of the provider.
    """

    person: str
    roles: Mapping[str, tuple[str, str]]
    assurances: Mapping[str, tuple[str, tuple[str, ...]]]

    def statement(self) -> dict[str, Any]:
        """What ``role_map`` in a vote is the hash of, kind "role-map" (FORMAT section 5)."""
        return {
            "person": self.person,
            "roles": {name: list(pair) for name, pair in self.roles.items()},
            "assurances": {
                name: [claim, list(values)] for name, (claim, values) in self.assurances.items()
            },
        }


@dataclass(frozen=True)
class Person:
    """Who is acting. ``value`` of the ``claim`` names them at ``issuer``; ``name`` is for the eye.

    ``roles`` and ``levels`` are sorted. ``signed_in``: epoch seconds, or None when unknown.
    """

    issuer: str
    audience: str
    claim: str
    value: str
    name: str
    roles: tuple[str, ...]
    levels: tuple[str, ...]
    signed_in: int | None
    expires: int
    token_hash: str

    def check_login(self, assurance: str, acr: tuple[str, ...], within: int | None,
                    now: datetime) -> None:  # fmt: skip
        """Raise unless this login is strong and young enough for what is wanted.

        Args:
            assurance: the assurance a gate asks for, or "none". acr: its claim values.
            within: the most seconds since signing in, or None.

        Raises:
            Refused: login_too_weak, login_too_old: what to ask of the provider is in ``needs``.
        """
        needs: dict[str, str] = {}
        weak = assurance != "none" and assurance not in self.levels
        if weak:
            needs["acr_values"] = " ".join(acr)
        old = within is not None and (
            self.signed_in is None or now.timestamp() - self.signed_in > within
        )
        if within is not None and (old or weak):
            needs["max_age"] = str(within)
        if weak:
            raise Refused(
                "login_too_weak",
                f"this decision asks for a login with the assurance {assurance}",
                "sign in again with it",
                needs,
            )
        if old:
            raise Refused(
                "login_too_old",
                "this decision asks for a login that is more recent",
                "sign in again",
                needs,
            )


def person_of(token: Token, role_map: RoleMap) -> Person:
    """Read a verified token by the deployment's mapping.

    Raises:
        Refused: person_missing, claims_overage.
    """
    value = token.claims.get(role_map.person)
    if not isinstance(value, str) or not 0 < len(value) <= 255 or not value.isprintable():
        raise Refused(
            "person_missing",
            f"the token has no usable {role_map.person} claim, which names a person here",
            "ask your administrator: identity.person in the deployment's settings names the claim",
        )
    name = token.claims.get("name")
    roles = [
        role for role, (claim, wanted) in role_map.roles.items() if wanted in _held(token, claim)
    ]
    levels = [
        level
        for level, (claim, values) in role_map.assurances.items()
        if _held(token, claim) & set(values)
    ]
    return Person(
        issuer=token.issuer,
        audience=token.audience,
        claim=role_map.person,
        value=value,
        name=name if isinstance(name, str) and 0 < len(name) <= 120 else value,
        roles=tuple(sorted(roles)),
        levels=tuple(sorted(levels)),
        signed_in=token.signed_in,
        expires=token.expires,
        token_hash=token.hash,
    )


def instant(seconds: float) -> str:
    """Epoch seconds as the evidence writes them (FORMAT section 2)."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _held(token: Token, claim: str) -> set[str]:
    held = token.claims.get(claim)
    if held is None:
        elsewhere = token.claims.get("_claim_names")
        if isinstance(elsewhere, dict) and claim in elsewhere:
            # Entra leaves groups out when there are more than 200. A role that can't be read is
            # not a role that is not held, so nothing may be concluded.
            raise Refused(
                "claims_overage",
                f"the provider left {claim} out of the token because there are too many",
                "map roles to application roles instead of groups",
            )
        return set()
    values = held if isinstance(held, list) else [held]
    return {value for value in values if isinstance(value, str)}
