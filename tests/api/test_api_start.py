"""Start over HTTP: who, with what, and once per key. Tokens and bodies that are not good."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from gantral.evidence import LocalStore, StoreError
from openapi_spec_validator import validate

GOOD = {"order_id": "x", "refund": {"amount": "40.00", "currency": "EUR"}, "reason": "broken"}


def rule(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["rule"]


def start(world: Any, value: Any, who: str | None = "carol", **more: Any) -> Any:
    body = {"workflow": "refund", "input": value}
    return world.ask("POST", "/v1/instances", who, json=body, **more)


def changed(path: str, value: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(GOOD))
    place = made
    *steps, last = path.split(".")
    for step in steps:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return made


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        (changed("refund.amount", "40.005"), "/input/refund/amount"),
        (changed("refund.amount", "-1"), "/input/refund/amount"),
        (changed("refund.amount", "1e2"), "/input/refund/amount"),
        (changed("refund.amount", True), "/input/refund/amount"),
        (changed("refund.currency", "GBP"), "/input/refund/currency"),
        (changed("refund.currency", None), "/input/refund/currency"),
        (changed("order_id", "x" * 65), "/input/order_id"),
        (changed("order_id", 7), "/input/order_id"),
        (changed("reason", ...), "/input/reason"),
        (changed("extra", 1), "/input/extra"),
        ([], "/input"),
    ],
)
def test_an_input_outside_its_shape_is_refused_before_created(
    world: Any, value: Any, pointer: str
) -> None:
    answer = start(world, value)
    assert rule(answer) == (422, "input_refused")
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


def test_every_error_at_once(world: Any) -> None:
    answer = start(world, {"order_id": "", "refund": {"amount": "x"}, "more": 1})
    assert len(answer.json()["errors"]) == 4


def test_a_decimal_comes_to_its_scale(world: Any) -> None:
    world.orders += 1
    value = {**changed("refund.amount", 40), "order_id": f"scale-{world.orders}"}
    answer = start(world, value)
    assert answer.status_code == 201, answer.text
    view = world.until(answer.json()["instance_id"], lambda one: True)
    assert view["input"]["refund/amount"] == "40.00"


@pytest.mark.parametrize(
    ("content", "status", "name"),
    [
        (b"{", 400, "body_not_json"),
        (b'{"workflow": "refund", "workflow": "x", "input": {}}', 400, "body_not_json"),
        (b'{"workflow": "refund", "input": {"a": 40.5}}', 400, "body_not_json"),
        (b'{"workflow": "refund", "input": {"a": NaN}}', 400, "body_not_json"),
        (b"[" * 100000, 400, "body_not_json"),
        (b'{"workflow": "refund", "input": {"\\ud800": 1}}', 400, "body_not_json"),
        (b"[]", 400, "body_members"),
        (b'{"workflow": "refund"}', 400, "body_members"),
        (b'{"workflow": "nothing", "input": {}}', 404, "no_such_workflow"),
        (b'{"workflow": ["refund"], "input": {}}', 404, "no_such_workflow"),
        (b" " * (600 * 1024), 413, "body_too_large"),
    ],
    ids=range(11),
)
def test_bodies_that_are_not_good(world: Any, content: bytes, status: int, name: str) -> None:
    headers = {"content-type": "application/json"}
    answer = world.ask("POST", "/v1/instances", "carol", content=content, headers=headers)
    assert rule(answer) == (status, name)


def test_another_media_type_is_refused(world: Any) -> None:
    answer = world.ask("POST", "/v1/instances", "carol", data={"workflow": "refund"})
    assert rule(answer) == (415, "media_type")


def test_only_the_roles_that_may_start(world: Any) -> None:
    answer = start(world, GOOD, who="alice")
    assert rule(answer) == (403, "start_not_allowed")
    assert "support_agent" in answer.json()["title"]


def test_once_per_key_names_the_first(world: Any) -> None:
    first = world.waiting(order="once-1")["instance_id"]
    second = world.start(order="once-1", amount="50.00")
    assert rule(second) == (409, "already_started")
    assert second.json()["first"] == first


def test_of_many_starts_at_once_one_wins(world: Any) -> None:
    world.token("carol")
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda n: world.start(order="race", amount=f"{40 + n}.00"), range(8))
        )
    good = [one for one in answers if one.status_code == 201]
    assert len(good) == 1, [one.text for one in answers]
    first = good[0].json()["instance_id"]
    assert {one.json()["first"] for one in answers if one.status_code == 409} == {first}
    view = world.until(first, lambda one: one["waiting"] is not None)
    # Nothing lies there but what the winner's submission and the gate bind: no stray text.
    story = world.deployment.library.story(first)
    bound = {leaf for commit in story.commits for _, leaf in commit["context"]}
    bound |= {story.submission["business_key"], story.submission["assurance"]["identity"]}
    assert set(story.texts) == bound
    assert view["waiting"]


def test_tokens_that_are_not_good(world: Any) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = int(time.time())
    claims = {"iss": world.issuer, "aud": "gantral", "sub": "carol", "groups": ["support"],
              "iat": now, "exp": now + 600}  # fmt: skip
    forged = jwt.encode(claims, key, "RS256")
    for token, name in (
        (forged, "token_signature"),
        (jwt.encode(claims, key, "RS256", {"kid": "mine"}), "token_key_unknown"),
        (jwt.encode(claims, "s" * 32, "HS256"), "token_algorithm"),
        (jwt.encode(claims, None, "none"), "token_algorithm"),
        ("x", "token_malformed"),
    ):
        answer = start(world, GOOD, who=None, token=token)
        assert rule(answer) == (401, name)
        assert answer.headers["www-authenticate"].startswith("Bearer ")
    missing = start(world, GOOD, who=None)
    assert rule(missing) == (401, "token_missing")
    assert missing.headers["www-authenticate"] == 'Bearer realm="gantral"'


def test_what_is_not_there(world: Any) -> None:
    assert rule(world.ask("GET", "/v1/instances/zzz", "carol")) == (404, "no_such_instance")
    gone = "00000000-0000-8000-8000-000000000000"
    assert rule(world.ask("GET", f"/v1/instances/{gone}", "carol"))[0] == 404
    assert rule(world.ask("GET", "/v2", "carol")) == (404, "no_such_page")
    assert rule(world.ask("DELETE", "/v1/inbox", "carol")) == (405, "method")
    assert rule(world.ask("GET", "/v1/instances?state=X'", "carol")) == (400, "state_word")
    assert rule(world.ask("GET", "/v1/instances?id=' OR 1", "carol")) == (400, "id_prefix")


def test_the_api_describes_itself(world: Any) -> None:
    document = world.ask("GET", "/v1/openapi.json", None).json()
    validate(document)
    assert document["openapi"].startswith("3.1")
    paths = {route.path for route in world_routes(world) if route.path.startswith("/v1/")}
    assert set(document["paths"]) == paths - {"/v1/openapi.json"}


def test_answers_have_the_published_shapes(world: Any) -> None:
    from jsonschema import Draft202012Validator

    document = world.ask("GET", "/v1/openapi.json", None).json()

    def held(name: str, answer: Any) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        Draft202012Validator(schema).validate(answer)

    view = world.waiting()
    held("Instance", view)
    held("Inbox", world.ask("GET", "/v1/inbox", "alice").json())
    held("Instances", world.ask("GET", "/v1/instances", "alice").json())
    held("VoteReceipt", world.decide(view, "alice", "approve").json())
    held("StartReceipt", world.start().json())
    held("Problem", world.decide(view, "alice", "approve", reason="x").json())


def world_routes(world: Any) -> list[Any]:
    from gantral.api.rest import routes

    return list(routes(world.deployment))


def test_a_foreign_host_name_is_refused(world: Any) -> None:
    answer = world.ask("GET", "/v1/inbox", "carol", headers={"host": "evil.example"})
    assert answer.status_code == 400


def approve(world: Any, view: dict[str, Any]) -> dict[str, Any]:
    """Let the director say yes; the view of its end."""
    assert world.decide(view, "dora", "approve").status_code == 201
    ended: dict[str, Any] = world.until(
        view["instance_id"], lambda one: one["state"] in ("COMPLETED", "TERMINATED")
    )
    return ended


def test_once_is_once_even_when_it_is_over(world: Any) -> None:
    view = approve(world, world.waiting(order="done-1"))
    assert view["state"] == "COMPLETED"
    assert view["output"] == {"receipt_id": "r-done-1"}
    again = world.start(order="done-1")
    assert rule(again) == (409, "already_started")
    assert "COMPLETED" in again.json()["title"]


def test_a_key_is_free_again_when_nothing_stands(world: Any) -> None:
    first = approve(world, world.waiting(order="bad-1"))
    assert (first["state"], first["cause"], first["standing"]) == (
        "TERMINATED", "action_failed", []
    )  # fmt: skip
    again = world.start(order="bad-1")
    assert again.status_code == 201, again.text
    assert again.json()["instance_id"] != first["instance_id"]


def test_one_at_a_time_is_refused_only_while_one_runs(world: Any) -> None:
    view = world.waiting(order="turn-1", workflow="repay")
    assert rule(world.start(order="turn-1", workflow="repay")) == (409, "already_started")
    approve(world, view)
    assert world.start(order="turn-1", workflow="repay").status_code == 201


def test_a_key_of_the_initiator_is_each_persons_own(world: Any) -> None:
    assert world.start(order="own-1", workflow="repay").status_code == 201
    assert rule(world.start(order="own-1", workflow="repay")) == (409, "already_started")
    assert world.start("alice", order="own-1", workflow="repay").status_code == 201


def test_a_workflow_without_a_key_starts_once_per_idempotency_key(world: Any) -> None:
    def gift(key: str | None, amount: str = "40.00", who: str = "carol") -> Any:
        headers = {"idempotency-key": key} if key else {}
        return world.start(who, order="gift", workflow="gift", amount=amount, headers=headers)

    assert gift(None).json()["instance_id"] != gift(None).json()["instance_id"]
    first = gift("the-same-key").json()["instance_id"]
    assert gift("the-same-key").json()["instance_id"] == first
    world.until(first, lambda one: one["waiting"] is not None)
    assert gift("the-same-key").json()["instance_id"] == first
    other = gift("the-same-key", amount="41.00")
    assert rule(other) == (409, "idempotency_reused")
    assert other.json()["first"] == first
    assert gift("another-key").json()["instance_id"] != first
    assert rule(gift("short")) == (400, "idempotency_key")


def test_a_start_that_was_cut_off_is_finished_by_the_next(world: Any) -> None:
    gateway = world.deployment.gateway
    # Cut off after the claim, before Temporal heard of it.
    gateway.start, started = _silent, gateway.start
    try:
        assert rule(world.start(order="cut-1")) == (504, "unknown_ask_again")
    finally:
        gateway.start = started
    other = world.start(order="cut-1", amount="55.00")
    assert rule(other) == (409, "already_started")
    first = other.json()["first"]
    view = world.until(first, lambda one: one["waiting"] is not None)
    assert view["input"]["refund/amount"] == "40.00"


@pytest.fixture
def lost(world: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Start something whose first commit the store refuses; its receipt, once its run is closed."""

    def start_and_lose(**what: Any) -> Any:
        put = LocalStore.put

        def full(store: LocalStore, key: str, data: bytes) -> None:
            if key.endswith("/commits/00000000.json"):
                raise StoreError("the disk is full")
            put(store, key, data)

        with monkeypatch.context() as patch:
            patch.setattr(LocalStore, "put", full)
            answer = world.start(**what)
            assert answer.status_code == 201, answer.text
            one = answer.json()["instance_id"]
            for _ in range(600):
                if world.run(world.deployment.gateway.run(one)).closed:
                    return answer.json()
        raise AssertionError(f"{one} is not closed")

    return start_and_lose


@pytest.mark.parametrize(
    "what",
    [{"order": "lost-1"}, {"workflow": "gift", "headers": {"idempotency-key": "a-lost-one"}}],
)
def test_a_start_of_which_nothing_was_committed_is_made_again(
    world: Any, lost: Any, what: dict[str, Any]
) -> None:
    first = lost(**what)
    again = world.start(**what, amount="55.00")
    assert again.status_code == 201, again.text
    assert again.json()["instance_id"] == first["instance_id"]
    view = world.until(first["instance_id"], lambda one: one["waiting"] is not None)
    assert view["input"]["refund/amount"] == "55.00"
    # It is somebody's now.
    assert world.start(order="lost-1").status_code == 409 or "order" not in what


@pytest.mark.parametrize("order", ["lost-2", "lost-4", "lost-5"])
def test_of_two_who_make_a_lost_start_again_one_wins(world: Any, lost: Any, order: str) -> None:
    first = lost(order=order)
    with ThreadPoolExecutor(4) as pool:
        amounts = ["41.00", "42.00", "43.00", "44.00"]
        answers = list(pool.map(lambda one: world.start(order=order, amount=one), amounts))
    assert {answer.status_code for answer in answers} == {201, 409}
    view = world.until(first["instance_id"], lambda one: one["waiting"] is not None)
    (winner,) = (
        amount for amount, answer in zip(amounts, answers, strict=True) if answer.status_code == 201
    )
    assert view["input"]["refund/amount"] == winner


def test_a_lost_start_of_another_program_is_another_instance(world: Any, lost: Any) -> None:
    first = lost(order="lost-3")
    folder = world.deployment.store.root / "payments" / first["instance_id"]
    (folder / "manifest.json").write_bytes(b"{}")
    again = world.start(order="lost-3")
    assert again.status_code == 201
    assert again.json()["instance_id"] != first["instance_id"]


async def _silent(*_: Any, **more: Any) -> bool:
    from gantral.api.problems import unknown

    raise unknown("whether the instance was started")
