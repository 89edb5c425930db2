"""Sign-in: authorization code flow with PKCE (RFC 6749, 7636, 9700), state, nonce."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import quote, urlencode

import httpx
from gantral.api.deployment import Deployment
from gantral.api.page.sessions import Login
from gantral.identity import Metadata, Person, Refused, Unreachable, person_of
from gantral.runtime.settings_reader import on_this_machine

_TIMEOUT = 10.0
_AGE_SLACK = 30


def redirect_uri(deployment: Deployment) -> str:
    """Where the provider sends the browser back to."""
    return f"{deployment.url}/signed-in"


def authorization_url(deployment: Deployment, metadata: Metadata, login: Login) -> str:
    """Where the browser goes to sign in."""
    digest = sha256(login.verifier.encode("ascii")).digest()
    ask = {
        "response_type": "code",
        "client_id": deployment.identity.audience,
        "redirect_uri": redirect_uri(deployment),
        "scope": "openid profile email",
        "state": login.state,
        "nonce": login.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii"),
        "code_challenge_method": "S256",
    }
    if login.acr_values:
        ask["acr_values"] = " ".join(login.acr_values)
    if login.max_age is not None:
        ask["max_age"] = str(login.max_age)
    joint = "&" if "?" in metadata.authorization else "?"
    return f"{metadata.authorization}{joint}{urlencode(ask)}"


async def finish(deployment: Deployment, login: Login, answer: Mapping[str, str]) -> Person:
    """Trade the code for an ID token and verify it.

    Raises:
        Refused: login_state, login_denied, login_failed, login_nonce, login_too_old, or a rule of
            the token. Unreachable.
    """
    if not hmac.compare_digest(login.state.encode(), answer.get("state", "").encode()):
        raise Refused("login_state", "this sign-in was not begun by this browser", "sign in again")
    metadata = await deployment.provider.metadata()
    # RFC 9207: an answer that names its issuer must name ours.
    if answer.get("iss", metadata.issuer) != metadata.issuer:
        raise Refused("login_state", "another provider answered", "sign in again")
    if "code" not in answer:
        raise Refused("login_denied", "the identity provider did not let you in", "sign in again")
    token = await _token(deployment, metadata, login, answer["code"])
    now = deployment.now()
    verified = await deployment.provider.verify(token, now)
    nonce = verified.claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), login.nonce.encode()):
        raise Refused("login_nonce", "this ID token was made for another sign-in", "sign in again")
    person = person_of(verified, deployment.seal.role_map)
    if login.max_age is not None and (
        person.signed_in is None or now.timestamp() - person.signed_in > login.max_age + _AGE_SLACK
    ):
        raise Refused("login_too_old", "the identity provider did not ask you to sign in again", "")
    return person


async def _token(deployment: Deployment, metadata: Metadata, login: Login, code: str) -> str:
    client = deployment.identity.audience
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri(deployment),
        "code_verifier": login.verifier,
        "client_id": client,
    }
    secret = _secret(deployment)
    # RFC 6749 section 2.3.1: both halves are form-encoded before they are joined.
    auth = (
        httpx.Auth()
        if secret is None
        else httpx.BasicAuth(quote(client, safe=""), quote(secret, safe=""))
    )
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False) as http:
            response = await http.post(metadata.token, data=form, auth=auth)
            token = response.json().get("id_token") if response.status_code == 200 else None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unreachable(f"{metadata.token} gives no answer ({type(error).__name__})") from None
    except (ValueError, AttributeError):
        token = None
    if not isinstance(token, str):
        raise Refused("login_failed", "the identity provider gave no ID token", "sign in again")
    return token


def _secret(deployment: Deployment) -> str | None:
    keys = deployment.settings.keys
    if keys.client is not None:
        return keys.read("client").decode("utf-8").strip()
    development = deployment.settings.environment == "development"
    if development and on_this_machine(deployment.identity.issuer):
        # The development provider takes any secret, but wants one.
        return "development"
    return None
