"""The page in a real browser: by keyboard alone, at a phone's width, in the dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gantral.cli.tools.browser import chromium
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

REASON = "Only one of the two items was broken."
PICTURE = Path(__file__).parents[2] / "docs" / "images" / "inbox.png"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=str(chromium()), args=["--no-sandbox", "--no-proxy-server"]
        )
        yield found
        found.close()


@pytest.fixture
def fresh(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1080, "height": 900})
    yield context
    context.close()


def enter(context: BrowserContext, world: Any, who: str, path: str = "/") -> Page:
    """Sign in through the provider's own form and arrive where one wanted to go."""
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(world.url + path)
    page.get_by_role("button", name=who, exact=True).click()
    page.wait_for_url(world.url + path)
    # Nothing on our pages is held back by our own content security policy.
    assert not [text for text in said if world.url in text and "Security Policy" in text]
    return page


def path_of(view: dict[str, Any]) -> str:
    return f"/instances/{view['instance_id']}"


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the element of this label or text has the focus."""
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => { const e = document.activeElement;"
            " return (e.labels && e.labels[0] ? e.labels[0].innerText : e.innerText) || '' }"
        )
        if focused.strip() == name:
            width = page.evaluate("() => getComputedStyle(document.activeElement).outlineWidth")
            assert width == "3px", f"the focus on {name} can't be seen"
            return
    raise AssertionError(f"Tab never reaches {name}")


def test_a_decision_by_keyboard_alone(world: Any, fresh: BrowserContext) -> None:
    view = world.waiting()
    page = enter(fresh, world, "alice")
    tab_to(page, "Skip to the content")
    for _ in range(40):
        page.keyboard.press("Tab")
        where = page.evaluate("() => document.activeElement.getAttribute('href')")
        if where == path_of(view):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(world.url + path_of(view))
    expect(page.get_by_role("heading", level=1)).to_have_text("Refund 40.00 EUR to Ana Ruiz")
    tab_to(page, "Your reason")
    page.keyboard.type(REASON)
    tab_to(page, "New refund amount")
    page.keyboard.type("25")
    tab_to(page, "Approve with the change")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Your vote is counted.")
    votes = page.get_by_role("region", name="Votes so far")
    expect(votes).to_contain_text("alice approved with a change")
    expect(votes).to_contain_text("25.00")


def test_what_is_wrong_stands_beside_it_and_nothing_typed_is_lost(
    world: Any, fresh: BrowserContext
) -> None:
    page = enter(fresh, world, "alice", path_of(world.waiting()))
    page.get_by_label("Your reason").fill("too short")
    page.get_by_label("New refund amount").fill("41")
    page.get_by_role("button", name="Approve with the change").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was decided.")
    reason, amount = page.get_by_label("Your reason"), page.get_by_label("New refund amount")
    expect(reason).to_have_value("too short")
    expect(amount).to_have_value("41")
    expect(reason).to_have_accessible_description(re.compile("at least 20 characters; it has 9"))
    expect(amount).to_have_accessible_description(re.compile("more than 0.00 and at most 40.00"))
    expect(amount).to_have_attribute("aria-invalid", "true")


def test_a_yes_beside_a_typed_change_is_asked_back(world: Any, fresh: BrowserContext) -> None:
    view = world.waiting()
    page = enter(fresh, world, "alice", path_of(view))
    page.get_by_label("Your reason").fill(REASON)
    page.get_by_label("New refund amount").fill("25")
    page.get_by_role("button", name="Approve", exact=True).click()
    amount = page.get_by_label("New refund amount")
    expect(amount).to_have_accessible_description(re.compile("clear this field"))
    shown = world.ask("GET", f"/v1{path_of(view)}", "alice").json()
    assert shown["waiting"]["votes"] == []


def test_reject_needs_a_reason_and_ends_it(world: Any, fresh: BrowserContext) -> None:
    page = enter(fresh, world, "alice", path_of(world.waiting()))
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Your reason").fill(REASON)
    page.get_by_role("button", name="Reject").click()
    expect(page.locator(".state")).to_have_text("Rejected")


def test_who_decides_on_a_change_alone_is_offered_nothing_else(
    world: Any, fresh: BrowserContext
) -> None:
    page = enter(fresh, world, "dora", path_of(world.waiting(workflow="split")))
    expect(page.get_by_text("Now: Otherwise: 4 points (finance manager 2 each).")).to_be_visible()
    expect(page.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="Reject")).to_have_count(0)
    page.get_by_label("Your reason").fill(REASON)
    page.get_by_label("New refund amount").fill("25.00")
    page.get_by_role("button", name="Approve with the change").click()
    leads = "A change that was voted for leads here."
    expect(page.locator("ol.cases li", has_text="1 finance director")).to_contain_text(leads)


def test_the_initiator_sees_why_not_and_can_withdraw(world: Any, fresh: BrowserContext) -> None:
    page = enter(fresh, world, "carol", path_of(world.waiting()))
    expect(page.get_by_text("You can't decide this: you asked for it")).to_be_visible()
    expect(page.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Withdraw").click()
    expect(page.locator(".state")).to_have_text("Rejected")


def test_a_weak_sign_in_is_told_before_anything_is_typed(world: Any, fresh: BrowserContext) -> None:
    view = world.waiting()
    page = enter(fresh, world, "frank", path_of(view))
    again = page.get_by_role("link", name="Sign in again")
    assert "acr_values=mfa" in (again.get_attribute("href") or "")
    page.get_by_label("Your reason").fill(REASON)
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("assurance mfa")
    page.get_by_role("link", name="Sign in again").click()
    page.get_by_role("button", name="frank", exact=True).click()
    page.wait_for_url(world.url + path_of(view))
    # What was typed came along, over the other sign-in.
    expect(page.get_by_label("Your reason")).to_have_value(REASON)


def test_a_vote_is_changed_after_a_fresh_sign_in(world: Any, fresh: BrowserContext) -> None:
    view = world.waiting()
    page = enter(fresh, world, "alice", path_of(view))
    page.get_by_label("Your reason").fill(REASON)
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_role("status")).to_be_visible()
    page.get_by_label("Your reason").fill(REASON + " No: both were.")
    page.get_by_role("button", name="Reject").click()
    page.get_by_role("link", name="Sign in again").click()
    page.get_by_role("button", name="alice", exact=True).click()
    page.wait_for_url(world.url + path_of(view))
    page.get_by_role("button", name="Reject").click()
    expect(page.locator(".state")).to_have_text("Rejected")


def test_a_session_can_not_be_planted(world: Any, fresh: BrowserContext) -> None:
    planted = "planted-by-somebody-else"
    fresh.add_cookies([{"name": "gantral", "value": planted, "url": world.url}])
    enter(fresh, world, "alice")
    cookies = {one["name"]: one for one in fresh.cookies()}
    session = cookies["gantral"]
    assert session["value"] != planted
    assert (session["httpOnly"], session["sameSite"]) == (True, "Strict")
    assert "gantral-login" not in cookies


def test_a_form_without_its_token_does_nothing(world: Any, fresh: BrowserContext) -> None:
    view = world.waiting()
    page = enter(fresh, world, "alice", path_of(view))
    page.eval_on_selector("form.decide [name=token]", "e => { e.value = '0'.repeat(64) }")
    page.get_by_label("Your reason").fill(REASON)
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("nothing was done")
    shown = world.ask("GET", f"/v1{path_of(view)}", "alice").json()
    assert shown["waiting"]["votes"] == []


def test_sign_out_ends_the_session(world: Any, fresh: BrowserContext) -> None:
    page = enter(fresh, world, "alice")
    kept = fresh.cookies()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out")
    fresh.add_cookies(kept)
    page.goto(world.url)
    assert page.url.startswith(world.issuer)


def test_a_phone_in_the_dark(world: Any, browser: Browser) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, color_scheme="dark", has_touch=True
    )
    page = enter(context, world, "alice", path_of(world.waiting()))
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", ground))) < 60
    contrasts = page.evaluate(_CONTRASTS)
    assert min(one["ratio"] for one in contrasts) >= 4.5, min(contrasts, key=lambda c: c["ratio"])
    page.goto(world.url)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    context.close()


def test_enough_contrast_by_day(world: Any, fresh: BrowserContext) -> None:
    page = enter(fresh, world, "alice", path_of(world.waiting()))
    page.get_by_role("button", name="Reject").click()
    contrasts = page.evaluate(_CONTRASTS)
    assert min(one["ratio"] for one in contrasts) >= 4.5, min(contrasts, key=lambda c: c["ratio"])


def test_the_picture_of_the_readme(world: Any, browser: Browser) -> None:
    """Made anew by `GANTRAL_PICTURES=1`; else it is only looked at that it could be."""
    import os

    view = world.waiting(order="A-1042", amount="40.00")
    world.decide(view, "bob", "amend", values={"/refund/amount": "25.00"}, reason=REASON)
    context = browser.new_context(viewport={"width": 1080, "height": 1000}, device_scale_factor=1.5)
    page = enter(context, world, "alice", path_of(view))
    page.get_by_label("Your reason").fill("Agreed: the other item is fine.")
    page.get_by_label("New refund amount").fill("25.00")
    picture = page.screenshot(full_page=True)
    if os.environ.get("GANTRAL_PICTURES") == "1":
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        PICTURE.write_bytes(picture)
    assert PICTURE.read_bytes()[:8] == picture[:8]
    context.close()


# The contrast of each visible text with the nearest ground that is not transparent (WCAG 2.2).
_CONTRASTS = """() => {
  const rgb = c => (c.match(/[0-9.]+/g) || []).map(Number);
  const lum = c => { const [r, g, b] = c.map(v => { v /= 255;
    return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b };
  const ground = e => { for (; e; e = e.parentElement) {
    const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] > 0) return c.slice(0, 3) } return [255, 255, 255] };
  return [...document.querySelectorAll('body *')].filter(e =>
    [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.checkVisibility()
    && e.tagName !== 'OPTION').map(e => {
      const [a, b] = [lum(rgb(getComputedStyle(e).color).slice(0, 3)), lum(ground(e))];
      return { text: e.textContent.trim().slice(0, 40),
               ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) } }) }"""
