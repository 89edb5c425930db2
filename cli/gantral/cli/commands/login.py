"""``gantral login``: code flow with PKCE on a loopback port (RFC 8252), for the other commands."""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import secrets
import sys
import webbrowser
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from gantral.cli import remote
from gantral.cli.failure import Failure
from gantral.cli.main import Subparsers

_WAIT_SECONDS = 300.0
_DONE = b"<!doctype html><title>Gantral</title><p>You are signed in. Go back to the terminal.</p>"
_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "login", help="sign in, so that the commands below speak for you"
    )
    parser.add_argument("--server", metavar="URL", help="the decision API you want to speak to")
    parser.add_argument("--no-browser", action="store_true", help="print the address only")
    parser.add_argument("--acr-values", default="", metavar="WORDS", help="a stronger sign-in")
    parser.add_argument("--max-age", default="", metavar="SECONDS", help="a fresher sign-in")


def run(args: argparse.Namespace) -> int:
    """Keep the token in a file of yours alone, for this server alone."""
    server = remote.server_of(args)
    issuer = remote.issuer_of(server)
    token = sign_in(issuer, args)
    place = remote.token_place(server)
    write_private(place, token)
    print(f"signed in to {server}; the token is kept in {place}")
    return 0


def write_private(place: Path, text: str) -> None:
    """Write a file that nobody else can read, never for a moment otherwise.

    Raises:
        Failure: it can't be written.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = place.with_name(f"{place.name}.{secrets.token_hex(8)}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text + "\n")
        fresh.replace(place)
    except OSError as error:
        raise Failure(f"{place} can't be written: {error.strerror}") from None


def sign_in(issuer: remote.Issuer, args: argparse.Namespace) -> str:
    """An ID token of whoever signs in in the browser.

    Raises:
        Failure: nobody did, or the provider refused.
    """
    import httpx

    verifier, state, nonce = (secrets.token_urlsafe(32) for _ in range(3))
    local = urlsplit(issuer.url).hostname in remote.LOOPBACK
    if urlsplit(issuer.url).scheme != "https" and not local:
        raise Failure(f"the issuer {issuer.url} is not https", "ask whoever runs the deployment")
    try:
        with httpx.Client(timeout=10, trust_env=not local) as http:
            known = http.get(issuer.url.rstrip("/") + "/.well-known/openid-configuration")
            metadata = known.raise_for_status().json()
            if metadata["issuer"] != issuer.url:
                raise Failure(f"{issuer.url} says that it is {metadata['issuer']}")
            with _Answer(("127.0.0.1", 0), _Handler) as answer:
                redirect = f"http://127.0.0.1:{answer.server_port}/callback"
                digest = hashlib.sha256(verifier.encode("ascii")).digest()
                ask = {
                    "response_type": "code",
                    "client_id": issuer.client_id,
                    "redirect_uri": redirect,
                    "scope": "openid profile email",
                    "state": state,
                    "nonce": nonce,
                    "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
                    "code_challenge_method": "S256",
                }
                if args.acr_values:
                    ask["acr_values"] = args.acr_values
                if args.max_age:
                    ask["max_age"] = args.max_age
                _show(f"{metadata['authorization_endpoint']}?{urlencode(ask)}", args.no_browser)
                code = _code(answer, state)
            form = {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect,
                "code_verifier": verifier,
                "client_id": issuer.client_id,
            }
            # The development provider takes any secret, but wants one. Elsewhere this is a public
            # client, which has none: PKCE ties the code to this process.
            auth = httpx.BasicAuth(issuer.client_id, "development") if local else httpx.Auth()
            given = http.post(metadata["token_endpoint"], data=form, auth=auth)
            token = given.raise_for_status().json()["id_token"]
    except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
        raise Failure(f"signing in at {issuer.url} failed: {error}") from None
    return _verified(issuer, str(token), nonce)


def _verified(issuer: remote.Issuer, token: str, nonce: str) -> str:
    import asyncio
    from datetime import UTC, datetime

    from gantral.identity import Expected, Provider, Refused, Unreachable

    provider = Provider(Expected(issuer.url, issuer.client_id, _ALGORITHMS))
    try:
        found = asyncio.run(provider.verify(token, datetime.now(UTC)))
    except Refused as refused:
        raise Failure(f"[{refused.rule}] {refused.message}", refused.remedy) from None
    except Unreachable as error:
        raise Failure(str(error)) from None
    if found.claims.get("nonce") != nonce:
        raise Failure("[login_nonce] this ID token was made for another sign-in")
    return token


def _show(url: str, print_only: bool) -> None:
    print(f"Sign in with your browser:\n\n  {url}\n", file=sys.stderr, flush=True)
    if not print_only:
        webbrowser.open(url)


class _Answer(HTTPServer):
    """Waits for the one redirect of the provider."""

    timeout = _WAIT_SECONDS
    query: dict[str, list[str]] | None = None
    expired = False

    def handle_timeout(self) -> None:
        self.expired = True


class _Handler(BaseHTTPRequestHandler):
    server: _Answer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        found = parts.path == "/callback"
        self.send_response(200 if found else 404)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("cache-control", "no-store")
        self.end_headers()
        self.wfile.write(_DONE if found else b"")
        if found:
            self.server.query = parse_qs(parts.query)

    def log_message(self, format: str, *args: Any) -> None:
        # The request line holds the code.
        return


def _code(answer: _Answer, state: str) -> str:
    while answer.query is None and not answer.expired:
        answer.handle_request()
    query = answer.query
    if query is None:
        raise Failure("nobody signed in within five minutes", "gantral login again")
    if query.get("state") != [state]:
        raise Failure("[login_state] the answer belongs to another sign-in", "gantral login again")
    if "code" not in query:
        raise Failure(f"the provider refused: {query.get('error', ['without a reason'])[0]}")
    return query["code"][0]
