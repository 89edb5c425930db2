"""start, list, show, decide, withdraw, login against a running serve."""

from __future__ import annotations

import io
import json
import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from gantral.api.problems import unknown
from gantral.cli import remote
from gantral.cli.main import main
from gantral.cli.remote import token_place

REASON = "Only one of the two items was broken."


@pytest.fixture
def gantral(
    world: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Any:  # fmt: skip
    monkeypatch.setenv("GANTRAL_SERVER", world.url)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("GANTRAL_TOKEN", raising=False)

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main(list(words))
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def given(world: Any, **changes: Any) -> str:
    world.orders += 1
    value = {
        "order_id": f"cli-{world.orders}",
        "refund": {"amount": "40.00", "currency": "EUR"},
        "reason": "broken",
        **changes,
    }
    return json.dumps(value)


def test_from_start_to_decision(
    world: Any, gantral: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(given(world)))
    spec = Path(__file__).parents[2] / "examples" / "refund" / "refund.gantral"
    status, out, err = gantral(
        "start", str(spec), "--input", "-", "--as", "carol", "--output-format", "json"
    )
    assert (status, err) == (0, "")
    name = json.loads(out)["instance_id"]
    world.until(name, lambda view: view["waiting"] is not None)

    status, out, _ = gantral("show", name[:13], "--as", "alice")
    assert status == 0
    for told in (
        "Refund 40.00 EUR to Ana Ruiz",
        "who decides: 2 finance managers, or 1 finance director",
        "payments.refund runs once. If a later step fails, payments.reverse undoes it.",
        "amount: 40.00",
        "silence is rejection",
        "/refund/amount: More than 0.00 and at most 40.00",
        "you may decide",
    ):
        assert told in out

    world.inbox(name, "alice")
    status, out, _ = gantral("list", "--inbox", "--as", "alice")
    assert status == 0
    assert name[:8] in out.partition("waiting without you")[0]

    decide = ("decide", name[:13], "--reason", REASON, "--as")
    status, out, _ = gantral(*decide, "alice", "--amend", "refund.amount=25")
    assert status == 0
    assert "it is counted" in out
    status, out, _ = gantral(*decide, "bob", "--amend", "/refund/amount=25.00")
    assert "it is decided: OVERRIDDEN" in out
    status, out, _ = gantral("show", name[:13], "--as", "carol")
    assert "OVERRIDDEN finance 1, amended by bob" in out


def test_what_goes_wrong_is_said_with_its_rule(world: Any, gantral: Any) -> None:
    name = world.waiting()["instance_id"]
    cases: list[tuple[tuple[str, ...], int, str]] = [
        (("decide", name, "--approve", "--as", "alice"), 1, "[vote_reason]"),
        (("decide", name, "--approve", "--reason", REASON, "--as", "carol"), 1, "[vote_excluded]"),
        (("decide", name, "--approve", "--reason", REASON, "--as", "frank"), 1,
         "gantral login --acr-values 'mfa'"),
        (("decide", name, "--amend", "refund", "--as", "alice"), 64, "FIELD=VALUE"),
        (("decide", name, "--amend", "order.id=1", "--as", "alice"), 64, "refund.amount"),
        (("decide", name, "--approve", "--reject", "--as", "alice"), 64, "not allowed with"),
        (("decide", name, "--approve", "--shown", "0" * 64, "--reason", REASON, "--as", "alice"),
         1, "[vote_shown]"),
        (("withdraw", name, "--as", "alice"), 1, "[vote_initiator]"),
        (("show", "zz", "--as", "alice"), 64, "no instance id"),
        (("show", "ffffffff-ffff", "--as", "alice"), 1, "begins with"),
        (("show", name), 1, "who are you?"),
        (("list", "--server", "ftp://x", "--as", "alice"), 64, "no http URL"),
        (("list", "--server", "http://10.0.0.1", "--as", "alice"), 1, "not https"),
        (("list", "--server", "http://127.0.0.1:9", "--as", "alice"), 1, "can't be reached"),
        (("list", "--state", "ASLEEP", "--as", "alice"), 1, "[state_word]"),
        (("start", "refund", "--input", "no.json", "--as", "carol"), 1, "no.json"),
        (("start", "nothing", "--input", os.devnull, "--as", "carol"), 1, "no JSON"),
    ]  # fmt: skip
    for words, code, told in cases:
        status, out, err = gantral(*words)
        assert (status, out) == (code, ""), words
        assert told in err, (words, err)
        assert "Traceback" not in err


def test_several_instances_of_one_prefix(world: Any, gantral: Any) -> None:
    world.waiting()
    world.waiting()
    # Every id of serve has the version 8 at one place only; the empty prefix is refused.
    status, _, err = gantral("show", "", "--as", "alice")
    assert status == 64
    ids = world.ask("GET", "/v1/instances", "alice").json()["instances"]
    first = {one["instance_id"][0] for one in ids}
    shared = next((c for c in first if sum(one["instance_id"][0] == c for one in ids) > 1), None)
    if shared is not None:
        status, _, err = gantral("show", shared, "--as", "alice")
        assert (status, "instances begin with" in err) == (1, True)


def test_withdraw(world: Any, gantral: Any) -> None:
    name = world.waiting()["instance_id"]
    status, out, err = gantral("withdraw", name, "--as", "carol", "--reason", "found it")
    assert (status, err) == (0, "")
    assert "REJECTED" in out


def test_a_decision_is_sent_again_while_its_answer_is_unknown(
    world: Any, gantral: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = world.deployment.gateway
    usual, tries = gateway.decide, []

    async def slow(*words: Any) -> Any:
        tries.append(words[1])
        if len(tries) < 3:
            raise unknown("whether your decision was counted")
        return await usual(*words)

    name = world.waiting()["instance_id"]
    monkeypatch.setattr(gateway, "decide", slow)
    status, out, err = gantral("withdraw", name, "--as", "carol", "--reason", "found it")
    assert (status, err) == (0, "")
    assert "REJECTED" in out
    assert len(tries) == 3
    assert len(set(tries)) == 1


def test_a_token_from_the_environment_or_a_file(
    world: Any, gantral: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(world.token("alice") + "\n")
    assert gantral("list", "--token-file", str(file))[0] == 0
    monkeypatch.setenv("GANTRAL_TOKEN", world.token("alice"))
    assert gantral("list")[0] == 0
    monkeypatch.setenv("GANTRAL_TOKEN", "x.y.z")
    status, _, err = gantral("list")
    assert (status, "[token_malformed]" in err) == (1, True)


def test_personas_are_for_development_alone(gantral: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = remote.Issuer("http://127.0.0.1:9", "gantral", "production")
    monkeypatch.setattr(remote, "issuer_of", lambda _: theirs)
    status, _, err = gantral("list", "--as", "alice")
    assert (status, "development deployment only" in err) == (1, True)


def test_start_asks_again_with_the_same_key(
    world: Any, gantral: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = world.deployment.gateway
    begun, tries = gateway.start, []

    async def late(*words: Any, **more: Any) -> bool:
        tries.append(words[0])
        started: bool = await begun(*words, **more)
        if len(tries) == 1:
            raise unknown("whether the instance was started")
        return started

    monkeypatch.setattr(gateway, "start", late)
    monkeypatch.setattr(sys, "stdin", io.StringIO(given(world)))
    status, out, _ = gantral(
        "start", "gift", "--input", "-", "--as", "carol", "--output-format", "json"
    )
    assert status == 0
    assert set(tries) == {json.loads(out)["instance_id"]}


def test_a_cut_connection_is_unknown_and_not_an_absent_server(
    gantral: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        heard: list[Any] = []

        def hang_up() -> None:
            for _ in range(3):
                taken, _ = listening.accept()
                with taken:
                    heard.append(re.search(rb"idempotency-key: (\S+)", taken.recv(65536))[1])

        serving = threading.Thread(target=hang_up, daemon=True)
        serving.start()
        monkeypatch.setenv("GANTRAL_TOKEN", "x.y.z")
        monkeypatch.setattr(sys, "stdin", io.StringIO("{}"))
        server = f"http://127.0.0.1:{listening.getsockname()[1]}"
        status, _, err = gantral("start", "gift", "--input", "-", "--server", server)
        serving.join(30)
    assert (status, "whether it was done is unknown" in err) == (1, True)
    assert len(heard) == 3
    assert len(set(heard)) == 1


def test_login_keeps_a_token_for_this_server_alone(
    world: Any, gantral: Any, tmp_path: Path
) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "gantral.cli", "login", "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "GANTRAL_SERVER": world.url, "XDG_CONFIG_HOME": str(tmp_path)},
    )
    assert child.stderr is not None
    url = ""
    while not url:
        found = re.search(r"http://\S+", child.stderr.readline())
        url = found[0] if found else ""
    with httpx.Client(trust_env=False, follow_redirects=True, timeout=10) as browser:
        shown = browser.post(url, data={"sub": "alice"})
    assert "signed in" in shown.text
    assert child.wait(30) == 0, child.stderr.read()
    place = token_place(world.url)
    assert place.parent == tmp_path / "gantral"
    assert place.stat().st_mode & 0o777 == 0o600
    assert gantral("list")[0] == 0
    assert "who are you?" in gantral("list", "--server", "http://127.0.0.1:9")[2]
    place.chmod(0o644)
    assert "can be read by others" in gantral("list")[2]


def test_a_document_of_the_input_is_filled_from_its_file(
    world: Any, gantral: Any, tmp_path: Path
) -> None:
    (tmp_path / "c.pdf").write_bytes(b"the bytes")
    (tmp_path / "input.json").write_text(given(world, refund={"uri": "s3://x/c"}))
    start = ("start", "refund", "--as", "carol", "--input", str(tmp_path / "input.json"))
    status, _, err = gantral(*start, "--document", f"refund={tmp_path / 'c.pdf'}")
    # A refund is no document: the server names what it was given beyond the fields of one.
    assert status == 1
    no_fields = [f"input.refund.{one}: there is no such field" for one in ("uri", "name", "size")]
    assert [line.strip() for line in err.splitlines()[1:4]] == no_fields
    for word, said in (
        ("refund", "is no FIELD=FILE"),
        (f"reason={tmp_path / 'c.pdf'}", "does not say where reason lies"),
        (f"refund.uri={tmp_path / 'c.pdf'}", "does not say where refund.uri lies"),
        (f"refund={tmp_path / 'none.pdf'}", "can't be read"),
    ):
        status, _, err = gantral(*start, "--document", word)
        assert status in (1, 64)
        assert said in err
    (tmp_path / "input.json").write_text(given(world, refund={"uri": "x", "size": 8}))
    status, _, err = gantral(*start, "--document", f"refund={tmp_path / 'c.pdf'}")
    assert status == 1
    assert "has the size 9, and the input says 8" in err
