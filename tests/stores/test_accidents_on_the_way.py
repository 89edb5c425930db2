"""A put that meets an accident is committed exactly once, or is not to be seen at all."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from accident_proxy import Accident, Answer, Ask, Cut, Request, refused
from gantral.evidence import AlreadyThere, SigningKey, Spoilt, StoreError, TrustFile
from gantral.runtime.workers.closer import Closed, Closer
from store_kinds import Behind

KEY = "payments/one/texts/0a.json"


def on_put(what: Callable[[Request, Ask], Answer]) -> Accident:
    """The accident happens to puts; all else goes through."""
    return lambda request, ask: (what if request.method == "PUT" else pass_on)(request, ask)


def pass_on(request: Request, ask: Ask) -> Answer:
    return ask(request)


def lost(request: Request, ask: Ask) -> Answer:
    ask(request)
    raise Cut


def half_told(request: Request, ask: Ask) -> Answer:
    ask(request)
    raise Cut(b"HTTP/1.1 200 OK\r\ncontent-le")


def failed_after(request: Request, ask: Ask) -> Answer:
    ask(request)
    return refused(500, "InternalError")


def sent_twice(request: Request, ask: Ask) -> Answer:
    ask(request)
    return ask(request)


@pytest.mark.parametrize("accident", [lost, half_told, failed_after, sent_twice])
def test_it_was_done_and_the_answer_says_otherwise(behind: Behind, accident: Accident) -> None:
    behind.proxy.accident = on_put(accident)
    behind.store.put(KEY, b"mine")
    assert behind.proxy.seen.count("PUT") == 1
    assert behind.other.get(KEY) == b"mine"
    assert behind.versions(KEY) == 1


@pytest.mark.parametrize("accident", [lost, failed_after, pass_on])
@pytest.mark.parametrize("data", [b"mine", b"theirs"])
def test_another_was_first_in_between(behind: Behind, accident: Accident, data: bytes) -> None:
    def overtaken(request: Request, ask: Ask) -> Answer:
        behind.other.put(KEY, b"theirs")
        return accident(request, ask)

    behind.proxy.accident = on_put(overtaken)
    with pytest.raises(AlreadyThere):
        behind.store.put(KEY, data)
    assert behind.proxy.seen.count("PUT") == 1
    assert behind.other.get(KEY) == b"theirs"
    assert behind.versions(KEY) == 1


def hung_up(request: Request, ask: Ask) -> Answer:
    raise Cut


def throttled(request: Request, ask: Ask) -> Answer:
    return refused(503, "SlowDown")


def expired(request: Request, ask: Ask) -> Answer:
    return refused(400, "ExpiredToken")


def denied(request: Request, ask: Ask) -> Answer:
    return refused(403, "AccessDenied")


def conflict(request: Request, ask: Ask) -> Answer:
    return refused(409, "ConditionalRequestConflict")


@pytest.mark.parametrize(
    ("accident", "said"),
    [
        (hung_up, "there was no answer .*; it is not there"),
        (throttled, "the server is busy .SlowDown.; it is not there"),
        (conflict, "status 409 .*; it is not there"),
        (expired, "the credentials have expired"),
        (denied, "these credentials may not do this"),
    ],
)
def test_it_was_not_done(behind: Behind, accident: Accident, said: str) -> None:
    behind.proxy.accident = on_put(accident)
    with pytest.raises(StoreError, match=said) as error:
        behind.store.put(KEY, b"mine")
    assert type(error.value) is StoreError
    assert "AKIA" not in str(error.value)
    assert behind.proxy.seen.count("PUT") == 1
    assert behind.other.get(KEY) is None
    assert list(behind.other.list("")) == []
    behind.proxy.accident = None
    behind.store.put(KEY, b"later")
    assert behind.other.get(KEY) == b"later"


def test_what_was_put_and_is_another_is_no_success(behind: Behind) -> None:
    def altered(request: Request, ask: Ask) -> Answer:
        answer = ask(request)
        if request.method == "PUT":
            raise Cut
        kept = [one for one in answer.headers if "checksum" not in one[0].lower()]
        return replace(answer, headers=kept, body=answer.body.replace(b"mine", b"mean"))

    behind.proxy.accident = altered
    with pytest.raises(StoreError, match="other bytes"):
        behind.store.put(KEY, b"mine")


def test_half_of_a_put_is_nothing(behind: Behind) -> None:
    def half(request: Request, ask: Ask) -> Answer:
        behind.proxy.ask_half(request)
        raise Cut

    behind.proxy.accident = on_put(half)
    with pytest.raises(StoreError, match="not there"):
        behind.store.put(KEY, b"0123456789" * 1000)
    assert behind.other.get(KEY) is None
    assert list(behind.other.list("")) == []
    behind.proxy.accident = None
    behind.store.put(KEY, b"whole")
    assert behind.other.get(KEY) == b"whole"


def test_bytes_that_change_on_the_way_are_refused(behind: Behind) -> None:
    def change(request: Request, ask: Ask) -> Answer:
        return ask(replace(request, body=request.body.replace(b"mine", b"mean")))

    behind.proxy.accident = on_put(change)
    with pytest.raises(StoreError):
        behind.store.put(KEY, b"mine")
    assert behind.other.get(KEY) is None


def test_nobody_can_tell_what_became_of_it(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gantral.evidence.s3._LOOKS", (0.0, 0.0))

    def cut_off(request: Request, ask: Ask) -> Answer:
        if request.method == "PUT":
            behind.proxy.accident = lambda request, ask: hung_up(request, ask)
            return lost(request, ask)
        return ask(request)

    behind.proxy.accident = cut_off
    with pytest.raises(StoreError, match="nobody knows whether"):
        behind.store.put(KEY, b"mine")
    assert behind.proxy.seen.count("PUT") == 1
    # Whoever asks again finds it.
    behind.proxy.accident = None
    with pytest.raises(AlreadyThere):
        behind.store.put(KEY, b"mine")


@pytest.mark.parametrize("accident", [hung_up, throttled, expired, denied])
def test_a_failed_read_is_not_an_absent_key(behind: Behind, accident: Accident) -> None:
    behind.other.put(KEY, b"there")
    behind.proxy.accident = accident
    with pytest.raises(StoreError):
        behind.store.get(KEY)
    with pytest.raises(StoreError):
        list(behind.store.list(""))


def test_half_an_answer_is_no_bytes(behind: Behind) -> None:
    def half(request: Request, ask: Ask) -> Answer:
        answer = ask(request)
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(answer.body)}\r\n\r\n".encode()
        raise Cut(head + answer.body[: len(answer.body) // 2])

    behind.other.put(KEY, b"0123456789" * 1000)
    behind.proxy.accident = half
    with pytest.raises(StoreError):
        behind.store.get(KEY)


def stale(request: Request, ask: Ask) -> Answer:
    """A listing from before: it shows nothing."""
    answer = ask(request)
    if "list-type" not in request.target and "versions" not in request.target:
        return answer
    parts = rb"<(Contents|Version|DeleteMarker)>.*?</\1>"
    return replace(answer, body=re.sub(parts, b"", answer.body, flags=re.DOTALL))


def test_a_listing_that_lags_commits_nothing_twice(behind: Behind) -> None:
    behind.proxy.accident = stale
    behind.store.put(KEY, b"mine")
    assert list(behind.store.list("")) == []
    assert behind.store.get(KEY) == b"mine"
    for data in (b"mine", b"yours"):
        with pytest.raises(AlreadyThere):
            behind.store.put(KEY, data)
    assert behind.versions(KEY) == 1


def test_a_marker_frees_no_key(locked: Behind) -> None:
    locked.other.put(KEY, b"first")
    locked.mark(KEY)
    with pytest.raises(Spoilt):
        locked.store.get(KEY)
    with pytest.raises(Spoilt):
        locked.other.put(KEY, b"second")
    assert locked.versions(KEY) == 2
    # It is told, so that its instance is looked at, and never read.
    assert list(locked.store.list("")) == [KEY]
    assert "PUT" not in locked.proxy.seen


def test_a_marker_in_the_same_moment_frees_no_key(locked: Behind) -> None:
    def marked(request: Request, ask: Ask) -> Answer:
        locked.other.put(KEY, b"first")
        locked.mark(KEY)
        return ask(request)

    locked.proxy.accident = on_put(marked)
    with pytest.raises(Spoilt):
        locked.store.put(KEY, b"second")
    with pytest.raises(Spoilt):
        locked.store.get(KEY)


def test_two_versions_are_never_read(locked: Behind) -> None:
    name = locked.name(KEY)
    for data in (b"first", b"second"):
        locked.server.client.put_object(Bucket=locked.bucket, Key=name, Body=data)
    assert list(locked.store.list("payments/one")) == [KEY]
    with pytest.raises(Spoilt):
        locked.store.get(KEY)


def test_a_server_that_lists_out_of_order_is_refused(texts: Behind) -> None:
    """Commits would be told in a wrong order; and a page that begins too late lacks keys."""
    keys = [f"t/one/commits/0000000{number}.json" for number in range(2)]
    for key in keys:
        texts.other.put(key, b"")
    first, second = (texts.name(key).encode() for key in keys)

    def swapped(request: Request, ask: Ask) -> Answer:
        answer = ask(request)
        body = answer.body.replace(first, b"%").replace(second, first).replace(b"%", second)
        return replace(answer, body=body)

    texts.proxy.accident = swapped
    with pytest.raises(StoreError, match="out of order"):
        list(texts.store.list("t"))


def test_the_sweep_tells_what_was_deleted_and_goes_on(
    locked: Behind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One instance that somebody spoilt keeps no other from its end."""

    async def right(*_: object) -> None:
        """Of this machine's clock: there is no Temporal here."""

    monkeypatch.setattr("gantral.runtime.workers.closer.check_clock", right)
    vectors = Path(__file__).parents[2] / "docs" / "evidence" / "vectors"
    trust = TrustFile.load((vectors / "approved" / "trust.json").read_bytes())
    for instance in ("one", "two"):
        for number in range(2):
            locked.other.put(f"payments/{instance}/commits/0000000{number}.json", b"{}")
    locked.mark("payments/one/commits/00000001.json")
    closer = Closer(locked.store, locked.other, trust, SigningKey.generate())

    async def sweep() -> list[Closed]:
        nobody: Any = None
        return [told async for told in closer.sweep(nobody, "payments")]

    first, second = asyncio.run(sweep())
    assert (first.instance_id, first.what) == ("one", "wrong")
    assert "deleted or written twice" in first.why
    assert (second.instance_id, second.what) == ("two", "wrong")
