"""The people of the demo: they sign in at the provider and act over the HTTP API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from gantral.cli.failure import Failure
from gantral.cli.tools.personas import sign_in


@dataclass(frozen=True)
class Visitor:
    """Somebody at a terminal: a fresh sign-in for each act. ``name``: the persona's subject."""

    name: str
    issuer: str
    audience: str
    url: str

    def token(self) -> str:
        """Sign in; the ID token."""
        return sign_in(self.issuer, self.audience, self.name)

    def start(self, workflow: str, input: Mapping[str, Any]) -> str:
        """Ask for something; the instance's id."""
        receipt = self._post("/v1/instances", {"workflow": workflow, "input": dict(input)})
        return str(receipt["instance_id"])

    def decide(
        self, instance_id: str, decision: str, reason: str, values: Mapping[str, str] | None = None
    ) -> None:
        """Look at what waits, and decide that."""
        waiting = self._send("GET", f"/v1/instances/{instance_id}", None)["waiting"]
        body = {"decision": decision, "shown": waiting["shown"], "reason": reason}
        if values:
            body["values"] = dict(values)
        self._post(f"/v1/instances/{instance_id}/decisions", body)

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._send("POST", path, body)

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        try:
            answer = httpx.request(
                method,
                f"{self.url}{path}",
                json=body,
                headers={"authorization": f"Bearer {self.token()}"},
                timeout=30,
                trust_env=False,
            )
            told = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Failure(
                f"{method} {path}: {error}", "its log is in stack/logs/serve.log"
            ) from None
        if answer.is_error:
            raise Failure(f"{method} {path} was refused: {told.get('title')} ({told.get('rule')})")
        return told
