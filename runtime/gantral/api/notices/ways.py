"""How a notice leaves: a signed POST, a POST to Slack, a mail. One attempt each, within a limit.

No redirect is followed, no proxy of the environment is asked and no answer's body is read: a
target can't send us anywhere, nor fill our memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import smtplib
import socket
import ssl
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Final
from urllib.parse import urlsplit

import httpx
from gantral.api.notices import messages
from gantral.api.notices.outbox import Notice
from gantral.runtime.settings import SettingsError
from gantral.runtime.settings_notify import Email, Slack, Way, Webhook
from gantral.runtime.settings_reader import private
from standardwebhooks import Webhook as Signer

_STEP_SECONDS: Final = 10.0
_WHOLE_SECONDS: Final = 30.0


class NotTakenError(Exception):
    """The target did not take it; the message is for a log and holds no secret and no content."""


async def deliver(way: Way, base: str, notice: Notice, now: datetime) -> str:
    """Send a notice once; what a log should say of it though it was taken, mostly "".

    Raises:
        NotTakenError: it was not taken, or nobody knows. SettingsError: a secret can't be read.
    """
    try:
        async with asyncio.timeout(_WHOLE_SECONDS):
            if isinstance(way, Webhook):
                await _webhook(way, base, notice, now)
            elif isinstance(way, Slack):
                body = messages.slack(base, notice.fact)
                await _post(slack_url(way), json.dumps(body).encode(), {})
            else:
                return await _mail(way, base, notice)
    except TimeoutError:
        raise NotTakenError("no answer in time") from None
    return ""


async def _webhook(way: Webhook, base: str, notice: Notice, now: datetime) -> None:
    body = messages.webhook(base, notice.fact)
    moment = now.astimezone(UTC)
    signature = signer(way).sign(notice.id, moment, body)
    headers = {
        "webhook-id": notice.id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signature,
    }
    await _post(way.url, body.encode(), headers)


def signer(way: Webhook) -> Signer:
    """What signs a webhook's messages.

    Raises:
        SettingsError: the secret can't be read, or is none of Standard Webhooks.
    """
    remedy = "make one with: python -c \"import base64, secrets; print('whsec_' +" \
             " base64.b64encode(secrets.token_bytes(32)).decode())\""  # fmt: skip
    text = way.secret.read().decode("utf-8", "replace").strip()
    key = way.secret.key
    if not text.startswith("whsec_"):
        raise SettingsError(key, "it does not begin with whsec_", remedy)
    try:
        return Signer(text)
    except Exception:
        # Whatever it says of the secret stays unsaid.
        raise SettingsError(key, "it is no secret of Standard Webhooks", remedy) from None


def slack_url(way: Slack) -> str:
    """Slack's URL, which is a secret.

    Raises:
        SettingsError: it can't be read, or no message may go there.
    """
    remedy = "copy it from Slack, whole: https://hooks.slack.com/services/…"
    try:
        url = way.url.read().decode("ascii").strip()
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        good = False
    if not good:
        raise SettingsError(way.url.key, "it is no http URL", remedy)
    if way.private and not private(url):
        raise SettingsError(way.url.key, "in production it is https, or on this machine", remedy)
    return url


async def _post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    try:
        async with (
            httpx.AsyncClient(
                timeout=_STEP_SECONDS, follow_redirects=False, trust_env=False
            ) as client,
            client.stream(
                "POST",
                url,
                content=body,
                headers={"content-type": "application/json", "user-agent": "gantral", **headers},
            ) as answer,
        ):
            status = answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        # Its words may hold the URL, which is Slack's secret.
        raise NotTakenError(type(error).__name__) from None
    if not 200 <= status < 300:
        raise NotTakenError(f"answered {status}")


async def _mail(way: Email, base: str, notice: Notice) -> str:
    message = messages.email(base, notice.fact, sender=way.sender, to=way.to, name=notice.id)
    password = way.password.read().decode().rstrip("\r\n") if way.password else ""
    talk = _Talk(way, password, message)
    loop = asyncio.get_running_loop()
    done: asyncio.Future[str] = loop.create_future()

    def tell(said: str, error: Exception | None) -> None:
        if not done.done():
            done.set_result(said) if error is None else done.set_exception(error)

    def work() -> None:
        said, failed = "", None
        try:
            said = talk.hold()
        except Exception as error:
            failed = error
        with contextlib.suppress(RuntimeError):
            # The loop may be gone: then nobody waits.
            loop.call_soon_threadsafe(tell, said, failed)

    # A thread of its own: one that hangs on a server takes none of those that `serve` needs.
    threading.Thread(target=work, daemon=True).start()
    try:
        return await done
    except asyncio.CancelledError:
        talk.cut()
        raise


class _Talk:
    """One conversation with a mail server, which another thread can cut."""

    def __init__(self, way: Email, password: str, message: EmailMessage) -> None:
        self._way = way
        self._password = password
        self._message = message
        self._server: smtplib.SMTP | None = None

    def hold(self) -> str:
        """Send the mail; what to say of it in a log, "" when the server took it for everybody.

        Raises:
            NotTakenError: it took it for nobody.
        """
        way, safe = self._way, ssl.create_default_context()
        try:
            if way.tls == "tls":
                self._server = smtplib.SMTP_SSL(
                    way.host, way.port, timeout=_STEP_SECONDS, context=safe
                )
            else:
                self._server = smtplib.SMTP(way.host, way.port, timeout=_STEP_SECONDS)
            if way.tls == "starttls":
                self._server.starttls(context=safe)
            if way.user:
                self._server.login(way.user, self._password)
            refused = self._server.send_message(self._message)
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._server.quit()
        except smtplib.SMTPResponseException as error:
            raise NotTakenError(f"{type(error).__name__} {error.smtp_code}") from None
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise NotTakenError(type(error).__name__) from None
        finally:
            if self._server is not None:
                self._server.close()
        return f"{len(refused)} of {len(way.to)} addresses were refused" if refused else ""

    def cut(self) -> None:
        """End the conversation now, from another thread."""
        held = self._server.sock if self._server else None
        if held is not None:
            with contextlib.suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
