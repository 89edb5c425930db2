"""The page's sign-in: each replay and mix-up refused by name."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from gantral.api.page.sessions import LIFE, Sessions
from gantral.identity import Person


def begin(world: Any) -> tuple[httpx.Client, str]:
    """A browser that was sent to the provider, and where."""
    browser = httpx.Client(base_url=world.url, trust_env=False, timeout=20)
    sent = browser.get("/sign-in?back=/instances/x")
    assert sent.status_code == 303
    return browser, sent.headers["location"]


def press(location: str, who: str = "alice") -> str:
    """Sign in at the provider; the path and query that it sends the browser back to."""
    answer = httpx.post(location, data={"sub": who}, trust_env=False)
    back = urlsplit(answer.headers["location"])
    return f"{back.path}?{back.query}"


def refused(answer: httpx.Response, rule: str) -> bool:
    return answer.status_code == 401 and f"<code>{rule}</code>" in answer.text


def test_what_is_asked_of_the_provider(world: Any) -> None:
    _, location = begin(world)
    ask = parse_qs(urlsplit(location).query)
    assert ask["code_challenge_method"] == ["S256"]
    assert ask["response_type"] == ["code"]
    assert len(ask["state"][0]) >= 43
    assert len(ask["nonce"][0]) >= 43


def test_a_sign_in_ends_on_a_page_of_ours_that_leads_on(world: Any) -> None:
    browser, location = begin(world)
    answer = browser.get(press(location))
    assert answer.status_code == 200
    assert 'content="0; url=/instances/x"' in answer.text
    (session,) = [
        one for one in answer.headers.get_list("set-cookie") if "samesite=strict" in one.lower()
    ]
    assert "HttpOnly" in session
    assert "script" not in answer.headers["content-security-policy"]


def test_an_answer_is_good_once(world: Any) -> None:
    browser, location = begin(world)
    back = press(location)
    assert browser.get(back).status_code == 200
    assert refused(browser.get(back), "login_state")


def test_an_answer_is_good_in_one_browser(world: Any) -> None:
    _, location = begin(world)
    victim, _ = begin(world)
    assert refused(victim.get(press(location)), "login_state")
    stranger = httpx.Client(base_url=world.url, trust_env=False)
    assert refused(stranger.get(press(location)), "login_state")


def test_a_code_of_another_sign_in_brings_another_nonce(world: Any) -> None:
    mine, location = begin(world)
    _, other = begin(world)
    code = parse_qs(urlsplit(press(other)).query)["code"][0]
    state = parse_qs(urlsplit(location).query)["state"][0]
    assert refused(mine.get(f"/signed-in?code={code}&state={state}"), "login_nonce")


@pytest.mark.parametrize(
    ("more", "rule"),
    [("", "login_denied"), ("&code=x&iss=http://evil", "login_state"), ("&code=x", "login_failed")],
)
def test_answers_that_are_not_good(world: Any, more: str, rule: str) -> None:
    browser, location = begin(world)
    state = parse_qs(urlsplit(location).query)["state"][0]
    assert refused(browser.get(f"/signed-in?state={state}{more}"), rule)


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:1", "/a\nb"]
)
def test_nobody_is_led_elsewhere(world: Any, back: str) -> None:
    browser = httpx.Client(base_url=world.url, trust_env=False, timeout=20)
    location = browser.get("/sign-in", params={"back": back}).headers["location"]
    assert 'content="0; url=/"' in browser.get(press(location)).text


def test_a_form_without_a_session_is_shown_back(world: Any) -> None:
    answer = httpx.post(
        f"{world.url}/instances/x/decision", data={"reason": "<b>long thought"}, trust_env=False
    )
    assert answer.status_code == 401
    assert "&lt;b&gt;long thought" in answer.text


def test_a_form_from_another_site_does_nothing(world: Any) -> None:
    browser, location = begin(world)
    browser.get(press(location))
    token = browser.get("/").text.partition('name="token" value="')[2].partition('"')[0]
    for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
        answer = browser.post("/sign-out", data={"token": token}, headers=headers)
        assert answer.status_code == 403
    assert browser.post("/sign-out", data={"token": token}).status_code == 200


def person(value: str) -> Person:
    return Person("i", "a", "sub", value, value, (), (), None, 0, "0" * 64)


def test_sessions_end_and_drafts_go_on_for_the_same_person_alone() -> None:
    clock = [0.0]
    sessions = Sessions(lambda: clock[0])
    first = sessions.begin(person("alice"), None)
    first.drafts["/x"] = {"reason": "typed"}
    second = sessions.begin(person("alice"), first.id)
    assert second.id != first.id
    assert sessions.find(first.id) is None
    assert second.drafts == {"/x": {"reason": "typed"}}
    assert sessions.begin(person("bob"), second.id).drafts == {}
    third = sessions.begin(person("alice"), None)
    clock[0] = LIFE
    assert sessions.find(third.id) is None
