"""gantral.toml: what is read, and that each mistake names its key and the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from gantral.runtime.settings import SettingsError, load

GOOD = """
[deployment]
environment = "development"
packages = ["refund_app.gen.refund"]
path = ["src"]
[temporal]
profile = "default"
[temporal.queues]
payments = "pay"
[opa]
url = "http://127.0.0.1:8181"
timeout = "500ms"
[identity]
issuer = "http://127.0.0.1:9400"
audience = "gantral"
[identity.roles]
finance_manager = { claim = "groups", value = "fin-managers" }
[identity.directory]
file = "file:people.toml"
[identity.assurance.mfa]
claim = "acr"
values = ["mfa"]
[evidence]
store = "file:build/evidence"
drafts = "file:build/drafts"
trust = "file:trust.json"
[keys]
commit = "file:keys/commit.key"
effect = "env:EFFECT_KEY"
[api]
listen = "127.0.0.1:8080"
[worker]
roles = ["evidence"]
services = ["refund_app.services:make"]
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "gantral.toml"
    file.write_text(text)
    return file


def test_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = load(written(tmp_path, GOOD))
    assert read.need_opa().timeout == 0.5
    assert read.need_opa().reconnect == 30
    assert read.temporal.queue("payments") == "pay"
    assert read.temporal.queue("orders") == "orders"
    assert read.need_evidence().store.path == tmp_path / "build/evidence"
    assert read.source_path == (tmp_path / "src",)
    assert read.need_identity().person == "sub"
    assert read.need_identity().directory == tmp_path / "people.toml"
    assert read.need_api().url == "http://127.0.0.1:8080"
    monkeypatch.setenv("EFFECT_KEY", "secret")
    assert read.keys.read("effect") == b"secret"
    assert "secret" not in repr(read)


def test_evidence_in_s3(tmp_path: Path) -> None:
    here = '"file:build/evidence"\ndrafts = "file:build/drafts"'
    assert here in GOOD
    there = """"s3://bucket/evidence/"
texts = "s3://texts"
drafts = "s3://bucket/drafts"
retention = "30d"
s3 = { endpoint = "http://minio:9000", region = "eu-west-1" }"""
    read = load(written(tmp_path, GOOD.replace(here, there))).need_evidence()
    assert [str(one) for one in (read.store, read.texts, read.drafts)] == [
        "s3://bucket/evidence",
        "s3://texts",
        "s3://bucket/drafts",
    ]
    assert read.retention.days == 30
    production = GOOD.replace(here, there).replace('"development"', '"production"')
    with pytest.raises(SettingsError, match="https") as error:
        load(written(tmp_path, production))
    assert error.value.key == "evidence.s3.endpoint"


def test_an_empty_file_is_a_deployment_of_nothing(tmp_path: Path) -> None:
    read = load(written(tmp_path, ""))
    assert read.environment == "development"
    assert read.worker.roles == ("workflow", "evidence", "service")
    for need, key in (
        (read.need_opa, "opa"),
        (read.need_identity, "identity"),
        (read.need_evidence, "evidence"),
        (read.need_api, "api"),
    ):
        with pytest.raises(SettingsError) as error:
            need()
        assert error.value.key == key


@pytest.mark.parametrize(
    ("old", "new", "key", "remedy"),
    [
        ("[opa]", "[opaa]", "opaa", "did you mean opa?"),
        ("timeout =", "time_out =", "opa.time_out", "did you mean timeout?"),
        ('"500ms"', '"soon"', "opa.timeout", "2s"),
        ('"500ms"', '"0s"', "opa.timeout", "2s"),
        ('"500ms"', "5", "opa.timeout", "timeout"),
        ('"500ms"', '"1m"', "opa.reconnect", "30s"),
        ('"http://127.0.0.1:8181"', '"127.0.0.1:8181"', "opa.url", "http://"),
        ('"http://127.0.0.1:8181"', '"http://me:pw@h/"', "opa.url", "leave user:password@ out"),
        ('"development"', '"test"', "deployment.environment", "production"),
        ('["src"]', '"src"', "deployment.path", "path = ["),
        ('"file:build/drafts"', '"file:build/evidence/d"', "evidence.drafts", "move it"),
        ('"file:build/evidence"', '"build/evidence"', "evidence.store", "s3://bucket/store"),
        ('"file:build/evidence"', '"s3://B/x"', "evidence.store", "s3://bucket/store"),
        ('"file:build/evidence"', '"s3://me:pw@bucket/x"', "evidence.store", "s3://bucket"),
        ('"file:build/evidence"', '"s3://bucket/x"', "evidence.texts", "s3://another-bucket"),
        (
            '"file:build/evidence"',
            '"s3://bucket"\ntexts = "s3://bucket/texts"',
            "evidence.texts",
            "move it",
        ),
        (
            '"file:build/drafts"',
            '"s3://bucket/a/b"\ntexts = "s3://bucket/a"',
            "evidence.drafts",
            "move it",
        ),
        (
            '"file:build/drafts"',
            '"s3://bucket/a"\ntexts = "s3://bucket/a/b"',
            "evidence.texts",
            "move it",
        ),
        ('"file:trust.json"', '"trust.json"', "evidence.trust", "file:"),
        (
            '"file:trust.json"',
            '"file:t"\nretention = "7y"',
            "evidence.retention",
            '"2557d"',
        ),
        ('"file:trust.json"', '"file:t"\nretention = "0d"', "evidence.retention", '"2557d"'),
        (
            '"file:trust.json"',
            '"file:t"\ns3 = { endpoint = "http://me:pw@h" }',
            "evidence.s3.endpoint",
            "leave user:password@ out",
        ),
        ('"file:trust.json"', '"file:t"\ns3 = { secret = "x" }', "evidence.s3.secret", "region"),
        ('"file:keys/commit.key"', '"MC4CAQAwBQYDK2Vw"', "keys.commit", "file:PATH"),
        ('"env:EFFECT_KEY"', '"env:"', "keys.effect", "env:NAME"),
        ('["evidence"]', '["evidence", "evidence"]', "worker.roles", "workflow"),
        ('["evidence"]', '["boss"]', "worker.roles", "workflow"),
        ('"127.0.0.1:8080"', '"8080"', "api.listen", "127.0.0.1:8080"),
        ('"127.0.0.1:8080"', '"h:99999"', "api.listen", "127.0.0.1:8080"),
        ('claim = "groups", ', "", "identity.roles.finance_manager.claim", "claim"),
        ('audience = "gantral"', 'algorithms = ["HS256"]', "identity.audience", "audience"),
        ('"file:people.toml"', '"ldap:people"', "identity.directory.file", "file:build"),
        ('file = "file:people.toml"', "", "identity.directory.file", "file"),
        (
            'audience = "gantral"',
            'audience = "g"\nalgorithms = ["HS256"]',
            "identity.algorithms",
            "RS256",
        ),
        (
            'audience = "gantral"',
            'audience = "g"\nalgorithms = ["none"]',
            "identity.algorithms",
            "RS256",
        ),
        ("[api]", "[api\n", "gantral.toml", "mend that line"),
    ],
)
def test_each_mistake_names_its_key_and_the_remedy(
    tmp_path: Path, old: str, new: str, key: str, remedy: str
) -> None:
    assert old in GOOD
    with pytest.raises(SettingsError) as error:
        load(written(tmp_path, GOOD.replace(old, new, 1)))
    assert error.value.key.endswith(key)
    assert remedy in error.value.remedy
    assert "MC4CAQAwBQYDK2Vw" not in str(error.value)
    assert "me:pw" not in str(error.value)


def test_in_production_nobody_answers_for_opa_on_the_way(tmp_path: Path) -> None:
    text = GOOD.replace('"development"', '"production"')
    far = text.replace('"http://127.0.0.1:8181"', '"http://opa.example:8181"')
    with pytest.raises(SettingsError, match="https") as error:
        load(written(tmp_path, far))
    assert error.value.key == "opa.url"
    assert load(written(tmp_path, text)).need_opa().url == "http://127.0.0.1:8181"
    private = far.replace("http://opa", "https://opa")
    assert load(written(tmp_path, private)).need_opa().url.startswith("https://")
    load(written(tmp_path, far.replace('"production"', '"development"')))


def test_a_secret_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EFFECT_KEY", raising=False)
    read = load(written(tmp_path, GOOD))
    for name, words in (
        ("commit", "No such file"),
        ("effect", "EFFECT_KEY is not set"),
        ("pepper", "not set"),
    ):
        with pytest.raises(SettingsError, match=words) as error:
            read.keys.read(name)  # type: ignore[arg-type]
        assert error.value.key == f"keys.{name}"


def test_no_file_at_all(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--settings"):
        load(tmp_path / "gantral.toml")
