"""The OpenAPI 3.1 document of the decision API, served at /v1/openapi.json."""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string"}
_INSTANT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}
_HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_ID = {"type": "string", "format": "uuid"}


def document(url: str, issuer: str, client_id: str, environment: str) -> dict[str, Any]:
    """The document for a server at ``url``. Its security scheme tells a client where to sign in:
    the provider's discovery document, and under which client id."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Gantral decision API",
            "version": "1",
            "description": "Start workflows, see what waits, decide. Every call carries a bearer"
            " token of the deployment's OpenID provider. Every refusal names its rule.",
        },
        "servers": [{"url": url}],
        "security": [{"oidc": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {
                "oidc": {
                    "type": "openIdConnect",
                    "openIdConnectUrl": issuer.rstrip("/") + "/.well-known/openid-configuration",
                    "x-issuer": issuer,
                    "x-client-id": client_id,
                    "x-environment": environment,
                }
            },
            "schemas": _schemas(),
        },
    }


def _paths() -> dict[str, Any]:
    one = [{"name": "id", "in": "path", "required": True, "schema": _ID}]
    return {
        "/v1/instances": {
            "post": _operation(
                "start", "Start an instance", "Receipt of a start", "StartReceipt", body="Start",
                parameters=[_header("Idempotency-Key")], status="201",
                refusals=("400", "403", "404", "409", "413", "422"),
            ),
            "get": _operation(
                "list", "List instances you have to do with", "The youngest first", "Instances",
                parameters=[_query("state"), _query("id")], refusals=("400",),
            ),
        },
        "/v1/instances/{id}": {
            "get": _operation("show", "One instance", "How it stands", "Instance",
                              parameters=one, refusals=("403", "404")),
        },
        "/v1/inbox": {
            "get": _operation("inbox", "What waits for a decision", "Yours, and others'", "Inbox"),
        },
        "/v1/instances/{id}/decisions": {
            "post": _operation(
                "decide", "Approve, amend, reject, or take a vote back", "Receipt of the vote",
                "VoteReceipt", body="Decision", parameters=one, status="201",
                refusals=("400", "403", "404", "409", "413", "422"),
            ),
        },
        "/v1/instances/{id}/comments": {
            "post": _operation(
                "comment", "Ask or say something at the gate that waits, without deciding",
                "Receipt of the comment", "CommentReceipt", body="Comment", parameters=one,
                status="201", refusals=("400", "403", "404", "409", "413", "422"),
            ),
        },
        "/v1/instances/{id}/events": {
            "post": _operation(
                "send", "Send an event that the instance waits for", "Receipt of the event",
                "EventReceipt", body="Event", parameters=one, status="201",
                refusals=("400", "403", "404", "409", "413", "422"),
            ),
        },
        "/v1/instances/{id}/withdrawal": {
            "post": _operation(
                "withdraw", "Take back what you asked for", "Receipt of the vote", "VoteReceipt",
                body="Withdrawal", parameters=one, status="201",
                refusals=("400", "403", "404", "409", "422"),
            ),
        },
    }  # fmt: skip


def _operation(
    name: str,
    summary: str,
    told: str,
    schema: str,
    *,
    body: str = "",
    parameters: list[dict[str, Any]] | None = None,
    status: str = "200",
    refusals: tuple[str, ...] = (),
) -> dict[str, Any]:
    responses: dict[str, Any] = {status: _answer(told, schema)}
    for code in sorted({*refusals, "401", "503", "504"}):
        responses[code] = {
            "description": _REFUSALS[code],
            "content": {"application/problem+json": {"schema": _ref("Problem")}},
        }
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "parameters": parameters or [],
        "responses": responses,
    }
    if body:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _ref(body)}},
        }
    return operation


_REFUSALS = {
    "400": "The request is malformed",
    "401": "The token is not good, or the login too weak (RFC 9470 in WWW-Authenticate)",
    "403": "You may not do this",
    "404": "There is no such thing",
    "409": "It is no longer, or already, so",
    "413": "Too large",
    "422": "A value is outside its type or bounds; errors names each place",
    "503": "The store, the signer, OPA or the provider can't do its part: nothing was done",
    "504": "Unknown, ask again: the same request is never carried out twice",
}


def _answer(told: str, schema: str) -> dict[str, Any]:
    return {"description": told, "content": {"application/json": {"schema": _ref(schema)}}}


def _header(name: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "schema": _TEXT}


def _query(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": _TEXT}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None, *,
            closed: bool = False) -> dict[str, Any]:  # fmt: skip
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": sorted(required),
    }
    if closed:
        schema["additionalProperties"] = False
    return schema


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _schemas() -> dict[str, Any]:
    summary = {
        "instance_id": _ID, "workflow": _TEXT, "team": _TEXT, "state": _ref("State"),
        "title": _TEXT, "requested_by": _TEXT, "requested_at": _INSTANT,
    }  # fmt: skip
    values = {"type": "object", "additionalProperties": _TEXT}
    anything = {"type": "object"}
    return {
        "State": {
            "enum": ["CREATED", "RUNNING", "WAITING_FOR_HUMAN", "APPROVED", "REJECTED",
                     "OVERRIDDEN", "RESUMED", "COMPLETED", "TERMINATED"]
        },
        "Problem": _object(
            {"type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "rule": _TEXT},
            {"detail": _TEXT, "first": _ID,
             "errors": _list(_object({"pointer": _TEXT, "message": _TEXT}))},
        ),
        "Start": {
            "oneOf": [
                _object({"workflow": _TEXT, "input": anything}, closed=True),
                _object({"from": _ID}, {"input": anything}, closed=True),
            ]
        },
        "StartReceipt": _object(
            {"instance_id": _ID, "workflow": _TEXT, "workflow_version_id": _HASH, "team": _TEXT,
             "submitted_at": _TEXT, "url": _TEXT}
        ),
        "Decision": _object(
            {"decision": {"enum": ["approve", "amend", "reject", "retract"]}, "shown": _HASH},
            {"values": {"type": "object"}, "reason": _TEXT},
            closed=True,
        ),
        "Withdrawal": _object({}, {"reason": _TEXT, "shown": _HASH}, closed=True),
        "VoteReceipt": _object(
            {"instance_id": _ID, "gate": _TEXT, "round": {"type": "integer"}, "decision_id": _ID,
             "decision_type": _TEXT, "decided_at": _INSTANT, "vote": _HASH,
             "status": {"enum": ["counted", "decided"]}, "state": _ref("State"),
             "envelope": anything}
        ),
        "Comment": _object({"text": _TEXT}, {"shown": _HASH}, closed=True),
        "CommentReceipt": _object(
            {"instance_id": _ID, "gate": _TEXT, "round": {"type": "integer"},
             "number": {"type": "integer"}, "at": _INSTANT}
        ),
        "Event": _object({"event": _TEXT}, {"data": anything, "shown": _HASH}, closed=True),
        "EventReceipt": _object(
            {"instance_id": _ID, "event": _TEXT, "wait": _TEXT, "sent_at": _INSTANT,
             "taken_at": _INSTANT, "status": {"enum": ["taken"]}, "envelope": anything}
        ),
        "Summary": _object(summary, {"deadline": _TEXT}),
        "Instances": _object(
            {"instances": _list(_ref("Summary")), "complete": {"type": "boolean"}}
        ),
        "You": _object(
            {"may": {"enum": ["decide", "amend", "reject", "no"]}, "why": _TEXT, "step_up": values,
             "withdraw": {"type": "boolean"}, "voted": _TEXT}
        ),
        "Waits": _object({**summary, "gate": _TEXT, "deadline": _INSTANT,
                          "comments": {"type": "integer"}, "you": _ref("You")}),
        "Awaits": _object({**summary, "events": _list(_TEXT), "deadline": _INSTANT,
                           "yours": {"type": "boolean"}}),
        "Inbox": _object(
            {"yours": _list(_ref("Waits")), "others": _list(_ref("Waits")),
             "events": _list(_ref("Awaits")), "complete": {"type": "boolean"}}
        ),
        "Wait": _object(
            {"wait": _TEXT, "shown": _HASH, "opened_at": _INSTANT, "deadline": _INSTANT,
             "events": _list(_object(
                 {"event": _TEXT, "from": _list(_TEXT), "yours": {"type": "boolean"}}
             ))}
        ),
        "Gate": _object(
            {"gate": _TEXT, "round": {"type": "integer"}, "ask": _TEXT, "title": _TEXT,
             "shown": _HASH, "context_hash": _HASH, "opened_at": _INSTANT, "deadline": _INSTANT,
             "past_deadline": {"type": "boolean"}, "proposal": _list(values),
             "sets_off": _list(anything), "lapses": _TEXT, "who_decides": _TEXT,
             "cases": _list(values),
             "not": _list(_TEXT), "veto": _list(_TEXT), "guard": _TEXT,
             "clock": _list(values), "amend": _list(anything), "reason": anything,
             "assurance": _TEXT, "login_within": _TEXT, "votes": _list(anything),
             "you": _ref("You")}
        ),
        "Instance": _object(
            {**summary, "environment": _TEXT, "started_from": _TEXT, "workflow_version": _TEXT,
             "workflow_version_id": _HASH, "cause": _TEXT, "input": values, "output": values,
             "history": _list(anything), "refused": _list(values), "standing": _list(_TEXT),
             "message": _TEXT, "waiting": {"anyOf": [_ref("Gate"), {"type": "null"}]},
             "awaiting": _list(_ref("Wait")), "events": _list(values),
             "comments": _list(_ref("Said"))}
        ),
        "Said": _object(
            {"gate": _TEXT, "round": {"type": "integer"}, "who": _TEXT, "actor": _TEXT,
             "text": _TEXT, "at": _INSTANT}
        ),
    }  # fmt: skip
