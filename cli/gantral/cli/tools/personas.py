"""The people of a development machine, and how a script signs in as one of them.

The sign-in is the real thing, the authorization-code flow with PKCE against a running provider;
only the press of its button is done by this code. It works against a loopback issuer alone.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from gantral.cli.failure import Failure

REDIRECT = "http://127.0.0.1/callback"


@dataclass(frozen=True)
class Persona:
    """A user of the development provider.

    ``claims`` go into the ID token as they are (``groups``, ``acr``, ``amr``, ``name`` …).
    ``auth_time`` is the moment of signing in unless a claim says otherwise, which a test of a
    login that is too old can use.
    """

    sub: str
    claims: Mapping[str, object] = field(default_factory=dict)


def load_personas(path: Path) -> tuple[Persona, ...]:
    """The personas of a TOML file: one table each, named by its subject, holding its claims.

    Raises:
        Failure: it can't be read, or holds something else.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Failure(f"{path}: {error}", "give one table a persona: [alice]") from None
    personas = []
    for sub, claims in tables.items():
        if not isinstance(claims, dict) or "sub" in claims:
            raise Failure(f"{path}: {sub} is no table of claims", f"write [{sub}], without sub")
        personas.append(Persona(sub, claims))
    return tuple(personas)


def sign_in(
    issuer: str,
    client_id: str,
    persona: str,
    *,
    redirect: str = REDIRECT,
    client_secret: str = "development",
) -> str:
    """Sign in at ``issuer`` as the user ``persona`` (its ``sub``); returns the ID token, as text.

    The token is not verified here: that is the work of whoever is shown it. The development
    provider takes any client secret, but wants one (by HTTP Basic).

    Raises:
        Failure: the issuer is not on loopback, does not answer, or refuses.
    """
    import httpx
    from gantral.runtime.settings_reader import on_this_machine

    if not on_this_machine(issuer):
        raise Failure(
            f"signing in as the persona {persona} works on loopback only, not at {issuer}",
            "sign in with gantral login",
        )
    verifier, state, nonce = (secrets.token_urlsafe(32) for _ in range(3))
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    ask = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect,
        "scope": "openid profile email",
        "state": state,
        "nonce": nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii"),
        "code_challenge_method": "S256",
    }
    try:
        with httpx.Client(timeout=10, trust_env=False) as client:
            known = client.get(f"{issuer}/.well-known/openid-configuration")
            metadata = known.raise_for_status().json()
            pressed = client.post(
                metadata["authorization_endpoint"], params=ask, data={"sub": persona}
            )
            answer = parse_qs(urlsplit(pressed.headers.get("location", "")).query)
            if answer.get("state") != [state] or "code" not in answer:
                raise Failure(f"{issuer} did not let {persona} in: {_reason(answer, pressed)}")
            given = client.post(
                metadata["token_endpoint"],
                auth=(client_id, client_secret),
                data={
                    "grant_type": "authorization_code",
                    "code": answer["code"][0],
                    "redirect_uri": redirect,
                    "client_id": client_id,
                    "code_verifier": verifier,
                },
            )
            token = given.raise_for_status().json().get("id_token")
    except (httpx.HTTPError, KeyError, ValueError) as error:
        raise Failure(
            f"signing in at {issuer} as {persona} failed: {error}",
            "is the development identity provider running? gantral dev starts one",
        ) from None
    if not isinstance(token, str):
        raise Failure(f"{issuer} gave {persona} no ID token")
    return token


def _reason(answer: Mapping[str, list[str]], response: object) -> str:
    told = answer.get("error_description") or answer.get("error")
    return told[0] if told else f"it answered {response}"
