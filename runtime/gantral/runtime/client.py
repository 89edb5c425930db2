"""What a generated client stands on: start and decide over the decision API.

Not for use inside a workflow. Needs httpx, which is imported with the first request's client.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeAlias

from gantral.runtime.values import Record, wire

if TYPE_CHECKING:
    import httpx

Vote: TypeAlias = Literal["approve", "amend", "reject", "retract"]


class ApiError(Exception):
    """The API refused, or could not be reached. `rule` names what refused it, "" when nothing did;
    `status` is the HTTP status, 0 when there was no answer. Nothing is known to have happened or
    not to have happened without an answer: ask again with the same key."""

    def __init__(self, message: str, *, rule: str = "", status: int = 0) -> None:
        self.rule = rule
        self.status = status
        super().__init__(message)


@dataclass(frozen=True)
class Instance:
    """A started instance; `url` is its page for people."""

    instance_id: str
    url: str


@dataclass(frozen=True)
class Waiting:
    """What waits for a decision. `shown` is the hash of exactly what is shown: a vote names it, and
    counts only while that is what waits. `view` is all that the API tells of the instance."""

    instance_id: str
    gate: str
    shown: str
    view: Mapping[str, Any]


class Client:
    """The base of generated clients; the subclass has `start` and a method for each gate.

    `token` is asked for an access token before each request: it is sent as the bearer, and kept
    nowhere. `timeout` is in seconds.
    """

    workflow_: ClassVar[str]

    def __init__(self, url: str, token: Callable[[], str], *, timeout: float = 30.0) -> None:
        import httpx

        self._token = token
        self._http: httpx.Client = httpx.Client(base_url=url, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def waiting(self, instance: Instance | str) -> Waiting | None:
        """What the instance waits for, None when for nobody's decision. Raises ApiError."""
        name = instance if isinstance(instance, str) else instance.instance_id
        view = self._ask("GET", f"/v1/instances/{uuid.UUID(name)}")
        gate = view.get("waiting")
        if gate is None:
            return None
        return Waiting(view["instance_id"], gate["gate"], gate["shown"], view)

    def start_(self, input: Record, key: str | None) -> Instance:
        """Start an instance. The same `key` starts it once, however often it is asked for."""
        body = {"workflow": self.workflow_, "input": input.to_wire()}
        receipt = self._ask("POST", "/v1/instances", body, key or str(uuid.uuid4()))
        return Instance(receipt["instance_id"], receipt["url"])

    def decide_(
        self, waiting: Waiting, gate: str, vote: Vote, reason: str, values: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Vote on what was shown; the values of an amendment by pointer, None left out.

        Raises:
            ApiError: the vote was refused.
            ValueError: something else waits, or values came with anything but an amendment.
        """
        if waiting.gate != gate:
            raise ValueError(f"the instance waits at gate {waiting.gate}, not at {gate}")
        given = {pointer: wire(value) for pointer, value in values.items() if value is not None}
        if bool(given) != (vote == "amend"):
            raise ValueError("values go with amend, and with nothing else")
        body: dict[str, Any] = {"decision": vote, "shown": waiting.shown, "reason": reason}
        if given:
            body["values"] = given
        return self._ask("POST", f"/v1/instances/{waiting.instance_id}/decisions", body)

    def _ask(
        self, method: str, path: str, body: object = None, key: str | None = None
    ) -> dict[str, Any]:
        import httpx

        headers = {"authorization": f"Bearer {self._token()}"}
        if key is not None:
            headers["idempotency-key"] = key
        try:
            answer = self._http.request(method, path, json=body, headers=headers)
            told = answer.json()
        except httpx.HTTPError as error:
            raise ApiError(f"the decision API gave no answer: {error}") from error
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise ApiError("the decision API gave no JSON object", status=answer.status_code)
        if not answer.is_success:
            words = [str(told[part]) for part in ("title", "detail") if told.get(part)]
            rule = str(told.get("rule", ""))
            raise ApiError(": ".join(words) or rule, rule=rule, status=answer.status_code)
        return told
