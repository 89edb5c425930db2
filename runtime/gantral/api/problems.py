"""Every refusal of the API: problem details (RFC 9457) with the name of the rule."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gantral.identity import Refused, Unreachable
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class FieldError:
    """What is wrong at one place of the body: a JSON pointer, and why in words."""

    pointer: str
    message: str


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """A refusal.

    Args:
        status: the HTTP status. rule: its stable name, for machines. message: one sentence.
        remedy: what to do about it, or "". errors: the places of the body that are wrong.
        members: further members of the document ("first" names the instance that came first).
        headers: further headers.
    """

    def __init__(
        self,
        status: int,
        rule: str,
        message: str,
        remedy: str = "",
        *,
        errors: Sequence[FieldError] = (),
        members: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.rule = rule
        self.message = message
        self.remedy = remedy
        self.errors = tuple(errors)
        self.members = dict(members or {})
        self.headers = dict(headers or {})
        super().__init__(f"{rule}: {message}")

    def document(self) -> dict[str, Any]:
        """The problem details object; schema ``Problem`` of the OpenAPI document."""
        document: dict[str, Any] = {
            "type": f"urn:gantral:rule:{self.rule}",
            "title": self.message,
            "status": self.status,
            "rule": self.rule,
            **self.members,
        }
        if self.remedy:
            document["detail"] = self.remedy
        if self.errors:
            document["errors"] = [
                {"pointer": error.pointer, "message": error.message} for error in self.errors
            ]
        return document

    def response(self) -> Response:
        """The HTTP response."""
        body = json.dumps(self.document(), ensure_ascii=False).encode()
        headers = {"cache-control": "no-store", **self.headers}
        return Response(body, self.status, headers, media_type=MEDIA_TYPE)


def of_identity(refused: Refused) -> Problem:
    """401 with what ``WWW-Authenticate`` must say (RFC 6750, RFC 9470)."""
    return Problem(
        401,
        refused.rule,
        refused.message,
        refused.remedy,
        members=refused.needs,
        headers={"www-authenticate": refused.challenge},
    )


def of_provider(error: Unreachable) -> Problem:
    """503: without the provider's keys nobody can be known, so nobody is let in."""
    return Problem(
        503,
        "issuer_unreachable",
        "the identity provider can't be reached, so nobody's sign-in can be checked",
        f"try again in a while; {error}",
    )


def unknown(what: str) -> Problem:
    """504: Temporal gave no answer in time. What was asked may have happened all the same."""
    return Problem(
        504,
        "unknown_ask_again",
        f"there was no answer in time: {what} is unknown",
        "ask again: the same request is never carried out twice",
        headers={"retry-after": "2"},
    )


def not_found(instance: str) -> Problem:
    """404 for an instance."""
    return Problem(
        404, "no_such_instance", f"there is no instance {instance}", "gantral list shows them"
    )
