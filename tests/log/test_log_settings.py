"""`[log]` of the settings, and the trust file that names a log: what is wrong is said with its
remedy, before anything is done."""

from __future__ import annotations

from pathlib import Path

import pytest
from gantral.api import looks
from gantral.cli.main import main
from gantral.evidence import TrustFile, parse
from gantral.evidence.notes import WITNESS
from gantral.runtime.settings import SettingsError, load
from logs import note_key, seed

VKEY = note_key("w1.example", WITNESS, seed("w1")).text()


def settings(folder: Path, log: str, environment: str = "production") -> Path:
    file = folder / "gantral.toml"
    file.write_text(
        f'[deployment]\nenvironment = "{environment}"\npackages = []\n'
        '[evidence]\nstore = "file:store"\ndrafts = "file:drafts"\ntrust = "file:trust.json"\n'
        f'[api]\nlisten = "127.0.0.1:8080"\n{log}'
    )
    return file


WRONG = [
    ('[log]\nurl = "http://elsewhere"\n', "log.url", "in production it is https"),
    ('[log]\nurl = "file:log"\n', "log.url", "is no http URL"),
    ("[log]\n", "log.url", "it is missing"),
    ('[log]\nurl = "http://127.0.0.1:1"\ndelay = "3s"\n', "log.delay", "a log takes"),
    ('[log]\nurl = "http://127.0.0.1:1"\ndelay = "soon"\n', "log.delay", "is no duration"),
    ('[log]\nurl = "http://127.0.0.1:1"\ntoken = "secret"\n', "log.token", "may not stand here"),
    ('[log]\nurl = "http://127.0.0.1:1"\nevery = "1s"\n', "log.every", "no such setting"),
]


@pytest.mark.parametrize(("log", "key", "why"), WRONG, ids=[f"{n}" for n in range(len(WRONG))])
def test_wrong_settings(log: str, key: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as found:
        load(settings(tmp_path, log))
    assert (found.value.key, why in found.value.why) == (key, True)


def test_how_often_serve_looks(tmp_path: Path) -> None:
    for delay, every in (("", 60.0), ('delay = "1m"', 15.0), ('delay = "24h"', 60.0)):
        log = load(settings(tmp_path, f'[log]\nurl = "https://log.example/"\n{delay}\n')).log
        assert log is not None
        assert (log.url, log.every) == ("https://log.example", every)


def keys(folder: Path, *words: str, environment: str = "production") -> int:
    command = ["keys", "new", "--environment", environment, "--team", "payments"]
    return main([*command, *words, "--out", str(folder)])


def trust(folder: Path, *words: str, name: str = "trust.json") -> int:
    return main(["keys", "trust", "--keys", str(folder), *words, "--out", str(folder / name)])


def test_a_trust_file_for_a_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "keys"
    assert keys(folder, "--use", "log", "--use", "commit") == 0
    assert sorted(one.name for one in folder.iterdir()) == ["commit.key", "keys.json", "log.key"]
    origin = ["--log", "log.example/payments"]
    assert trust(folder, *origin, "--witness", f"{VKEY}=https://w1.example", "--quorum", "1") == 0
    loaded = TrustFile.load((folder / "trust.json").read_bytes())
    assert loaded.log is not None
    assert loaded.log.origin == "log.example/payments"
    assert loaded.log.groups == {"witnesses": (1, ("w1",))}
    value = parse((folder / "trust.json").read_bytes())
    assert isinstance(value, dict)
    assert "witness w1 w1.example" in value["log"]
    assert "https://w1.example" in value["log"]
    # The next file of the line keeps the log.
    again = ["--previous", str(folder / "trust.json")]
    assert trust(folder, *again, name="next.json") == 0
    kept = parse((folder / "next.json").read_bytes())
    assert isinstance(kept, dict)
    assert kept["log"] == value["log"]
    # Without witnesses nobody is asked.
    assert trust(folder, *origin, name="alone.json") == 0
    alone = TrustFile.load((folder / "alone.json").read_bytes()).log
    assert alone is not None
    assert alone.quorum == "none"
    capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--log", "two words"], "an origin is a name"),
        (["--witness", f"{VKEY}=http://w"], "go with --log"),
        (["--log", "l", "--witness", VKEY], "no vkey"),
        (["--log", "l", "--witness", f"{VKEY}=http://w", "--quorum", "2"], "of 1 witnesses"),
    ],
    ids=["origin", "alone", "no url", "quorum"],
)
def test_what_keys_trust_refuses(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert keys(tmp_path / "keys", "--use", "log") == 0
    assert trust(tmp_path / "keys", *words) == 64
    assert said in capsys.readouterr().err


def test_a_log_without_its_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # A whole set of keys has none: who wants a log asks for it.
    assert keys(tmp_path / "keys") == 0
    assert not (tmp_path / "keys" / "log.key").exists()
    assert trust(tmp_path / "keys", "--log", "log.example") == 64
    assert "no key of the use log" in capsys.readouterr().err


def test_a_log_of_development_is_no_log_of_production(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert keys(tmp_path / "real", "--use", "commit") == 0
    assert keys(tmp_path / "trial", "--use", "log", environment="development") == 0
    words = ["--keys", str(tmp_path / "trial"), "--log", "log.example"]
    assert trust(tmp_path / "real", *words) == 64
    assert "the two never mix" in capsys.readouterr().err


def test_settings_and_trust_file_agree_on_the_log(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    keys(folder, "--use", "log")
    trust(folder, "--log", "log.example")
    trust(folder, name="without.json")
    named = TrustFile.load((folder / "trust.json").read_bytes())
    without = TrustFile.load((folder / "without.json").read_bytes())
    log = '[log]\nurl = "http://127.0.0.1:1"\n'

    def rules(text: str, one: TrustFile | None) -> list[str]:
        loaded = load(settings(tmp_path, text))
        return [fault.rule for fault in looks.log_named(loaded, one).faults]

    assert rules(log, named) == []
    assert rules(log, None) == []
    assert rules(log, without) == ["log_untrusted"]
    assert rules("", named) == ["log_unset"]
    assert rules("", without) == []
    # A log that does not answer.
    moment = looks.datetime.fromisoformat("2026-11-24T00:00:00.000Z")
    (fault,) = looks.log(load(settings(tmp_path, log)), named, moment).faults
    assert (fault.rule, "can't be reached" in fault.message) == ("log_unreachable", True)
