"""Who is acting. OpenID Connect only; no users or passwords of ours (DESIGN section 8)."""

from gantral.identity.keys import KeySet
from gantral.identity.mapping import Person, RoleMap, instant, person_of
from gantral.identity.provider import Metadata, Provider, Unreachable
from gantral.identity.refusal import Refused
from gantral.identity.tokens import Expected, Token, verify

__all__ = [
    "Expected",
    "KeySet",
    "Metadata",
    "Person",
    "Provider",
    "Refused",
    "RoleMap",
    "Token",
    "Unreachable",
    "instant",
    "person_of",
    "verify",
]
