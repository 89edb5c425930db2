"""The commands' way to ``gantral serve``: where it is, who is asking, and its answers."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from gantral.cli.failure import MISUSE, Failure
from gantral.cli.settings_said import settings_said

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_TIMEOUT = 30.0
_TRIES = 3


def options(parser: argparse.ArgumentParser, *, output: bool = True) -> None:
    """Declare the options that every command of this kind takes."""
    parser.add_argument(
        "--server", metavar="URL", help="the decision API (else GANTRAL_SERVER, else gantral.toml)"
    )
    who = parser.add_mutually_exclusive_group()
    who.add_argument(
        "--as",
        dest="persona",
        metavar="PERSONA",
        help="sign in as a persona of a development issuer",
    )
    who.add_argument(
        "--token-file", type=Path, metavar="FILE", help="a bearer token (else GANTRAL_TOKEN, login)"
    )
    if output:
        parser.add_argument(
            "--output-format", choices=("full", "json"), default="full", help="default: full"
        )


class Unknown(Failure):
    """Nobody knows yet whether it was done. The same request may be sent again."""


@dataclass(frozen=True)
class Issuer:
    """Where a server's people sign in."""

    url: str
    client_id: str
    environment: str


class Remote:
    """One server, asked as one person."""

    def __init__(self, server: str, token: str) -> None:
        self.server = server
        self._token = token

    def get(self, path: str, **query: str) -> Any:
        """GET. Raises Failure."""
        return request(self.server, "GET", f"{path}?{urlencode(query)}" if query else path,
                       token=self._token)  # fmt: skip

    def post(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Any:
        """POST, asked again while the answer is "unknown": the server carries the same request out
        once (a start by its idempotency key, a decision by its content).

        Raises:
            Failure.
        """
        for _ in range(_TRIES - 1):
            try:
                return self._post(path, body, headers)
            except Unknown:
                continue
        return self._post(path, body, headers)

    def _post(self, path: str, body: Any, headers: Mapping[str, str] | None) -> Any:
        return request(
            self.server, "POST", path, token=self._token, body=body, headers=headers or {}
        )

    def instance(self, name: str) -> dict[str, Any]:
        """The instance of an id, or of a prefix that only one has.

        Raises:
            Failure.
        """
        prefix = name.lower()
        if len(prefix) == 36:
            named: dict[str, Any] = self.get(f"/v1/instances/{prefix}")
            return named
        if not prefix or not set(prefix) <= set("0123456789abcdef-"):
            raise Failure(f"{name!r} is no instance id", "gantral list shows them", MISUSE)
        found = self.get("/v1/instances", id=prefix)["instances"]
        if not found:
            raise Failure(f"no instance of yours begins with {name}", "gantral list shows them")
        if len(found) > 1:
            lines = "".join(f"\n  {one['instance_id']}  {one['title']}" for one in found[:10])
            raise Failure(f"{len(found)} instances begin with {name}:{lines}", "say more of the id")
        only: dict[str, Any] = self.get(f"/v1/instances/{found[0]['instance_id']}")
        return only


def connect(args: argparse.Namespace) -> Remote:
    """The server and the token that the options, the environment and the settings name.

    Raises:
        Failure: no server, no token, or a token that would travel unprotected.
    """
    server = server_of(args)
    if urlsplit(server).scheme != "https" and urlsplit(server).hostname not in LOOPBACK:
        raise Failure(
            f"{server} is not https, so your token could be read on its way", "say https://…"
        )
    return Remote(server, _token(args, server))


def server_of(args: argparse.Namespace) -> str:
    """The server's URL. Raises Failure."""
    server = args.server or os.environ.get("GANTRAL_SERVER") or _configured()
    parts = urlsplit(server)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Failure(f"{server!r} is no http URL", "say --server http://127.0.0.1:8080", MISUSE)
    return server.rstrip("/")


def issuer_of(server: str) -> Issuer:
    """Where the server's people sign in. Raises Failure."""
    document = request(server, "GET", "/v1/openapi.json")
    try:
        scheme = document["components"]["securitySchemes"]["oidc"]
        return Issuer(scheme["x-issuer"], scheme["x-client-id"], scheme["x-environment"])
    except (KeyError, TypeError):
        raise Failure(f"{server} is no gantral serve", "look at --server") from None


def request(
    server: str,
    method: str,
    path: str,
    *,
    token: str | None = None,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Any:
    """One request; the answer's JSON.

    Raises:
        Failure: with the server's sentence, the name of its rule and its remedy.
    """
    import httpx

    sent = {"accept": "application/json", **(headers or {})}
    if token is not None:
        sent["authorization"] = f"Bearer {token}"
    content = None
    if body is not None:
        content = json.dumps(body, ensure_ascii=False).encode()
        sent["content-type"] = "application/json"
    local = urlsplit(server).hostname in LOOPBACK
    try:
        with httpx.Client(timeout=_TIMEOUT, trust_env=not local) as client:
            response = client.request(method, server + path, content=content, headers=sent)
            answer = response.json()
    except (httpx.ReadError, httpx.RemoteProtocolError, httpx.TimeoutException) as error:
        raise Unknown(
            f"{server} gave no answer ({type(error).__name__}): whether it was done is unknown",
            "ask again: the same request is never carried out twice",
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Failure(
            f"{server} can't be reached ({type(error).__name__})",
            "start it (gantral dev, gantral serve), or say --server URL",
        ) from None
    except ValueError:
        raise Failure(f"{server} answered with no JSON; is it gantral serve?") from None
    if response.status_code >= 400:
        raise _failure(answer)
    return answer


def _field(pointer: str) -> str:
    """A place of the body as the command's user wrote it: `refund.amount`, `reason`."""
    parts = pointer.removeprefix("/values").strip("/").split("/")
    return ".".join(
        part.replace("~1", "/").replace("~0", "~").strip("/") for part in parts
    ).replace("/", ".")


def _failure(answer: Any) -> Failure:
    if not isinstance(answer, dict) or "rule" not in answer:
        return Failure("the server refused and did not say why; is it gantral serve?")
    lines = [f"[{answer['rule']}] {answer.get('title', '')}"]
    lines += [f"  {_field(one['pointer'])}: {one['message']}" for one in answer.get("errors", [])]
    remedy = "" if answer.get("errors") else str(answer.get("detail", ""))
    needs = [f"--{name.replace('_', '-')} '{answer[name]}'"
             for name in ("acr_values", "max_age") if name in answer]  # fmt: skip
    if needs:
        remedy = f"gantral login {' '.join(needs)}"
    kind = Unknown if answer["rule"] == "unknown_ask_again" else Failure
    return kind("\n".join(lines), remedy)


def _configured() -> str:
    from gantral.runtime.settings import load

    if not Path("gantral.toml").is_file():
        raise Failure(
            "which server?", "say --server URL, set GANTRAL_SERVER, or go where gantral.toml is",
            MISUSE,
        )  # fmt: skip
    with settings_said("gantral.toml"):
        return load("gantral.toml").need_api().url


def _token(args: argparse.Namespace, server: str) -> str:
    if args.persona is not None:
        from gantral.cli.tools.personas import sign_in

        issuer = issuer_of(server)
        if issuer.environment != "development":
            raise Failure(
                f"--as works with a development deployment only, and {server} is none",
                "sign in with gantral login",
            )
        return sign_in(issuer.url, issuer.client_id, args.persona)
    if args.token_file is not None:
        try:
            return str(args.token_file.read_text("ascii")).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Failure(f"{args.token_file} can't be read: {error}") from None
    token = os.environ.get("GANTRAL_TOKEN", "").strip() or stored_token(server)
    if not token:
        raise Failure(
            "who are you?",
            f"gantral login --server {server}, or set GANTRAL_TOKEN, or say --token-file FILE"
            " (--as PERSONA with a development deployment)",
        )
    return token


def token_place(server: str) -> Path:
    """The file that ``gantral login`` keeps a server's token in."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    name = hashlib.sha256(server.encode()).hexdigest()[:16]
    return Path(home) / "gantral" / f"token-{name}"


def stored_token(server: str) -> str:
    """The token that ``gantral login`` left for this very server, or ""."""
    place = token_place(server)
    try:
        if place.stat().st_mode & 0o077:
            raise Failure(f"{place} can be read by others, so it is not used", f"chmod 600 {place}")
        return place.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def emit(args: argparse.Namespace, answer: Any, text: str) -> int:
    """Print an answer in the form that was asked for."""
    if args.output_format == "json":
        print(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        print(text)
    return 0


def bold(text: str) -> str:
    """Bold on a terminal that wants it."""
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        return f"\x1b[1m{text}\x1b[0m"
    return text
