"""Targets that are down, slow, hostile or mistyped; an outbox that can't be read."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from gantral.api.notices import ways
from gantral.api.notices.targets import targets
from gantral.cli.tools.processes import free_port
from gantral.runtime import settings
from gantral.runtime.settings import SettingsError
from receivers import INSTANCE, Place, receiving, webhook
from test_what_is_told import OPENED, later


def test_a_target_that_is_down_holds_no_other_back(tmp_path: Path) -> None:
    gone = f"http://127.0.0.1:{free_port()}/"
    with receiving() as up, receiving(answers=[503, 500]) as down:
        notify = webhook(gone, "gone") + webhook(down.url, "down") + webhook(up.url, "up")
        place = Place(tmp_path, "approved", 2, notify)
        place.tell(OPENED, lambda: place.states() == {"sent": 2, "due": 1})
    assert len(up.took) == 1
    assert len(down.took) == 3
    assert len(set(down.ids)) == 1
    assert set(down.ids).isdisjoint(up.ids)


def test_it_is_given_up_after_its_time(tmp_path: Path, capfd: Any) -> None:
    with receiving(answers=[500] * 99) as hook:
        place = Place(tmp_path, "approved", 2, webhook(hook.url, more='give_up = "60s"'))
        place.tell(later(OPENED, seconds=57), lambda: place.states() == {"given_up": 1})
    assert "is given up after" in capfd.readouterr().err


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    with receiving() as elsewhere:
        # A permanent redirect that keeps the method, as a server that would steal them sends.
        with receiving(answers=[308] * 99, location=elsewhere.url) as hook:
            place = Place(tmp_path, "approved", 2, webhook(hook.url))
            place.tell(OPENED, lambda: len(hook.took) == 2)
            assert place.states() == {"due": 1}
        assert not elsewhere.took


def test_a_spoilt_outbox_is_said_and_made_up_for(tmp_path: Path, capfd: Any) -> None:
    with receiving() as hook:
        place = Place(tmp_path, "approved", 2, webhook(hook.url))
        place.outbox.path.write_bytes(b"no database, whatever it says" * 99)
        said: list[str] = []

        def complained() -> bool:
            said.append(capfd.readouterr().err)
            return "file is not a database" in "".join(said)

        place.tell(OPENED, complained)
        assert not place.notices().over(INSTANCE)
        place.outbox.path.unlink()
        place.tell(OPENED, lambda: place.states() == {"sent": 1})
    assert hook.kinds == ["gate.opened"]


class Mails:
    """Takes mail; refuses as many first as it is told to."""

    def __init__(self, refuse: int = 0) -> None:
        self.refuse = refuse
        self.took: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refuse:
            self.refuse -= 1
            return "451 come back later"
        self.took.append(envelope)
        return "250 taken"


def test_a_mail_goes_out_when_the_server_takes_it_at_last(tmp_path: Path) -> None:
    mails = Mails(refuse=1)
    server = Controller(mails, hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        notify = (
            '[[notify]]\nname = "m"\nby = "email"\ntls = "none"\n'
            f'server = "127.0.0.1:{server.port}"\n'
            'from = "gates@example.com"\nto = ["a@example.com", "b@example.com"]\n'
        )
        place = Place(tmp_path, "approved", 2, notify)
        place.tell(OPENED, lambda: place.states() == {"sent": 1})
    finally:
        server.stop()
    (envelope,) = mails.took
    assert envelope.rcpt_tos == ["a@example.com", "b@example.com"]
    text = envelope.content.decode()
    assert "Subject: A decision is asked for: Refund 40.00" in text
    assert f"https://gates.example/instances/{INSTANCE}" in text
    assert "Message-ID: <notice_" in text


WRONG = [
    ('by = "pigeon"', "by"),
    ('by = "webhook"\nurl = "http://127.0.0.1/"\nsecret = "whsec_abc"', "secret"),
    ('by = "webhook"\nurl = "http://hooks.example/"\nsecret = "env:S"', "url"),
    ('by = "webhook"\nurl = "https://u:p@hooks.example/"\nsecret = "env:S"', "url"),
    ('by = "slack"\nurl = "https://hooks.slack.com/services/T/B/x"', "url"),
    ('by = "slack"\nurl = "env:S"\nkinds = ["opend"]', "kinds"),
    ('by = "slack"\nurl = "env:S"\nkinds = ["ended"]\ngates = ["finance"]', "kinds"),
    ('by = "slack"\nurl = "env:S"\ngive_up = "169h"', "give_up"),
    ('by = "slack"\nurl = "env:S"\nchannel = "x"', "channel"),
    ('by = "email"\nserver = "mail.example"\nfrom = "a@b.c"\nto = ["d@e.f"]', "server"),
    ('by = "email"\nserver = "m.example:25"\ntls = "none"\nfrom = "a@b.c"\nto = ["d@e.f"]', "tls"),
    ('by = "email"\nserver = "m.example:25"\nfrom = "a@b.c\\nBcc: x@y.z"\nto = ["d@e.f"]', "from"),
    ('by = "email"\nserver = "m.example:25"\nfrom = "a@b.c"\nto = ["d"]', "to"),
]


@pytest.mark.parametrize(("wrong", "key"), WRONG)
def test_a_wrong_setting_is_named(tmp_path: Path, wrong: str, key: str) -> None:
    file = tmp_path / "gantral.toml"
    file.write_text(
        f'[deployment]\nenvironment = "production"\n[[notify]]\nname = "n"\n{wrong}\n', "utf-8"
    )
    with pytest.raises(SettingsError) as error:
        settings.load(file)
    assert error.value.key == f"notify.1.{key}"
    assert "whsec_abc" not in str(error.value)
    assert "services/T" not in str(error.value)


def test_two_targets_of_one_name_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "gantral.toml"
    file.write_text(2 * webhook("https://hooks.example/"), "utf-8")
    with pytest.raises(SettingsError, match="is there twice"):
        settings.load(file)


def test_doctor_looks_at_a_target_and_sends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_URL", "ftp://not.to.be.said/secret")
    with receiving() as hook:
        notify = webhook(hook.url) + '[[notify]]\nname = "s"\nby = "slack"\nurl = "env:SLACK_URL"\n'
        place = Place(tmp_path, "approved", 2, notify)
        good, bad = targets(place.settings, [])
        (tmp_path / "hook.secret").write_text("hunter2")
        short, _ = targets(place.settings, [])
    assert not good.faults
    assert (good.part, hook.url in good.found) == ("notify desk", True)
    assert "notify.2.url: it is no http URL" in str(bad.faults[0])
    assert "not.to.be.said" not in f"{bad}"
    assert "whsec_" in short.faults[0].message
    assert "hunter2" not in f"{short}"
    assert not hook.took


def test_a_server_that_never_ends_its_answer_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ways, "_WHOLE_SECONDS", 0.5)
    port = free_port()

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while True:
                writer.write(b"2")
                await writer.drain()
                await asyncio.sleep(0.1)

    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def serving() -> None:
        await asyncio.start_server(drip, "127.0.0.1", port)
        ready.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serving())
        loop.run_forever()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(30)
    try:
        with receiving() as up:
            mail = (
                '[[notify]]\nname = "m"\nby = "email"\ntls = "none"\n'
                f'server = "127.0.0.1:{port}"\nfrom = "a@example.com"\nto = ["b@example.com"]\n'
                'give_up = "4s"\n'
            )
            slow = webhook(f"http://127.0.0.1:{port}/", "slow", 'give_up = "4s"')
            place = Place(tmp_path, "approved", 2, mail + slow + webhook(up.url, "up"))
            place.tell(OPENED, lambda: place.states() == {"sent": 1, "given_up": 2})
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
