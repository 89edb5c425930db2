"""The production_deploy example's own parts: its platform, and the services on it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from deploy_app.platform import Platform, PlatformError
from deploy_app.services import Ci, Cluster
from gantral.runtime import ActionFailed, CallContext


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    return Platform(tmp_path / "platform.sqlite")


def test_tests_run_before_they_have_ended(platform: Platform) -> None:
    assert [platform.build("B-101").tests for _ in range(3)] == ["running", "passed", "passed"]
    assert platform.build("B-101").authors == ("ines", "jan")
    with pytest.raises(PlatformError, match="no build B-9"):
        platform.build("B-9")


def test_a_repeated_call_ships_once(platform: Platform) -> None:
    image = platform.build("B-101").image
    first = platform.roll_out("key-1", image, "staging")
    assert platform.roll_out("key-1", image, "staging") == first
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda key: platform.roll_out(key, image, "staging"), "abcdefgh"))
    assert len({first, *made}) == 9


def test_a_roll_back_brings_back_what_ran_before(platform: Platform) -> None:
    good, bad = platform.build("B-101").image, platform.build("B-103").image
    platform.roll_out("key-1", good, "production")
    worse = platform.roll_out("key-2", bad, "production")
    assert platform.running("production") == bad
    platform.roll_back(worse)
    platform.roll_back(worse)
    assert platform.running("production") == good
    assert platform.running("staging") is None


def test_health_settles(platform: Platform) -> None:
    good, bad = platform.build("B-101").image, platform.build("B-103").image
    one, two = platform.roll_out("a", good, "staging"), platform.roll_out("b", bad, "staging")
    assert [platform.health(one) for _ in range(2)] == [("settling", 2), ("healthy", 2)]
    assert [platform.health(two)[0] for _ in range(2)] == ["settling", "degraded"]


def test_what_is_unknown_is_refused(platform: Platform) -> None:
    with pytest.raises(PlatformError, match="no image elsewhere"):
        platform.roll_out("key-1", "elsewhere", "staging")
    for act in (platform.health, platform.roll_back):
        with pytest.raises(PlatformError, match="no release v1"):
            act("v1")
    assert platform.running("staging") is None


def test_the_services_say_it_as_the_spec_does(
    platform: Platform, call: Callable[[str], CallContext]
) -> None:
    ci, cluster = Ci(platform), Cluster(platform)
    build = ci.build(call("a"), id="B-103")
    assert build.tests == "passed"
    release = cluster.roll_out(call("b"), image=build.image, environment="staging").release
    states = [cluster.health(call(key), release=release).state for key in "cd"]
    assert states == ["settling", "degraded"]
    cluster.roll_back(call("e"), release=release)
    with pytest.raises(ActionFailed, match="no release v9") as refused:
        cluster.roll_back(call("f"), release="v9")
    assert refused.value.happened == "no"
