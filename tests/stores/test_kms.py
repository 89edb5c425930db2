"""Keys in AWS KMS, asked through its API of a server that is not ours (ministack): they sign what
the verifier takes, and whatever is wrong is a refusal, never a signature that nobody verified."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from boto3.session import Session
from botocore.exceptions import BotoCoreError, ClientError
from gantral.api.looks import signing
from gantral.api.rest import problem_of
from gantral.cli.main import main
from gantral.cli.tools.processes import Processes, free_port
from gantral.evidence import EvidenceError, TrustFile, open_envelope, seal
from gantral.evidence.signers import KMS_LIMIT, KmsKey
from gantral.runtime.settings import SettingsError, load
from gantral.runtime.workers.assembly import signing_key

NOW = "2030-01-01T00:00:00.000Z"


@pytest.fixture(scope="module")
def kms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client with every right, and the environment that leads ours to the same server."""
    port, folder = free_port(), tmp_path_factory.mktemp("kms")
    url = f"http://127.0.0.1:{port}"
    client = Session().client("kms", endpoint_url=url, region_name="eu-central-1")

    def ready() -> bool:
        try:
            client.list_keys()
        except (ClientError, BotoCoreError):
            return False
        return True

    with pytest.MonkeyPatch.context() as patch, Processes(folder / "logs") as processes:
        for name, value in {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "SERVICES": "kms",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "AWS_ENDPOINT_URL_KMS": url,
            "AWS_DEFAULT_REGION": "eu-central-1",
        }.items():
            patch.setenv(name, value)
        command = [Path(sys.executable).with_name("ministack")]
        processes.start("ministack", command, ready=ready, grace=0.1)
        yield client


def key_of(kms: Any, spec: str = "ECC_NIST_EDWARDS25519") -> str:
    made = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")
    return str(made["KeyMetadata"]["Arn"])


@pytest.fixture
def deployment(kms: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Settings, keys and trust file of one whose decision key is in KMS."""
    keys = str(tmp_path / "keys")
    decision = key_of(kms)
    new = ["keys", "new", "--out", keys, "--environment", "development", "--team", "payments"]
    assert main([*new, "--kms", f"decision={decision}"]) == 0
    assert main(["keys", "trust", "--keys", keys, "--out", str(tmp_path / "trust.json")]) == 0
    assert "(in KMS)" in capsys.readouterr().out
    assert not (tmp_path / "keys" / "decision.key").exists()
    (tmp_path / "gantral.toml").write_text(
        f"""
[deployment]
environment = "development"
[temporal]
address = "127.0.0.1:9"
[keys]
decision = "kms:{decision}"
"""
    )
    return tmp_path


def test_what_it_signs_the_trust_file_s_key_verifies(deployment: Path) -> None:
    trust = TrustFile.load((deployment / "trust.json").read_bytes())
    key = signing_key(load(deployment / "gantral.toml"), "decision", trust)
    statement = {"type": "gantral.dev/refusal/v1", "said": "no"}
    sealed = seal("refusal", statement, key)
    opened = open_envelope(sealed, "refusal", trust, "decision", "payments", NOW)
    assert opened.statement == statement
    assert trust.keys[opened.keyid].use == "decision"


def test_doctor_looks_at_it(deployment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(deployment / "gantral.toml")
    trust = TrustFile.load((deployment / "trust.json").read_bytes())
    assert not signing(settings, "decision", trust, [], NOW).faults
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", f"http://127.0.0.1:{free_port()}")
    (fault,) = signing(settings, "decision", trust, [], NOW).faults
    assert fault.rule == "signer_failed"
    assert "KMS gives no answer" in fault.message
    with pytest.raises(SettingsError, match="KMS gives no answer"):
        signing_key(settings, "decision", trust)


@pytest.mark.parametrize("size", [1, KMS_LIMIT, KMS_LIMIT + 1])
def test_what_is_longer_than_kms_takes_is_refused_by_us(kms: Any, size: int) -> None:
    key = KmsKey.load(key_of(kms))
    if size <= KMS_LIMIT:
        assert len(key.sign(b"x" * size)) == 64
        return
    with pytest.raises(EvidenceError, match="4097 bytes") as error:
        key.sign(b"x" * size)
    assert error.value.code == "signer"
    problem = problem_of(error.value)
    assert (problem.status, problem.rule) == (503, "signer_failed")


def test_a_key_by_its_alias(kms: Any) -> None:
    kms.create_alias(AliasName="alias/gantral-decision", TargetKeyId=key_of(kms))
    assert len(KmsKey.load("alias/gantral-decision").sign(b"x")) == 64


def test_another_kind_of_key_is_refused(kms: Any) -> None:
    with pytest.raises(EvidenceError, match="not ECC_NIST_EDWARDS25519") as error:
        KmsKey.load(key_of(kms, "ECC_NIST_P256"))
    assert error.value.code == "key"


def test_a_key_that_is_not_there_or_was_disabled(kms: Any) -> None:
    name = key_of(kms)
    key = KmsKey.load(name)
    kms.disable_key(KeyId=name)
    with pytest.raises(EvidenceError, match="DisabledException") as error:
        key.sign(b"x")
    assert error.value.code == "signer"
    with pytest.raises(EvidenceError, match="NotFoundException"):
        KmsKey.load(name.replace(name[-4:], "0000"))


class Liar:
    """KMS, but for what it signs: another message, another key's signature, or half of one."""

    def __init__(self, kms: Any, how: str) -> None:
        self._kms, self._how, self._other = kms, how, key_of(kms)

    def get_public_key(self, **given: Any) -> Any:
        return self._kms.get_public_key(**given)

    def sign(self, **given: Any) -> Any:
        if self._how == "another message":
            given["Message"] += b"!"
        if self._how == "another key":
            given["KeyId"] = self._other
        answer = self._kms.sign(**given)
        if self._how == "a half":
            answer["Signature"] = answer["Signature"][:32]
        return answer


@pytest.mark.parametrize("how", ["another message", "another key", "a half"])
def test_a_signature_that_does_not_verify_is_none(kms: Any, how: str) -> None:
    key = KmsKey(key_of(kms), Liar(kms, how))
    with pytest.raises(EvidenceError, match="does not verify"):
        key.sign(b"x")


@pytest.mark.parametrize("use", ["commit", "effect", "closer", "pepper", "client"])
def test_only_what_signs_little_may_be_there(use: str, deployment: Path) -> None:
    file = deployment / "gantral.toml"
    file.write_text(file.read_text() + f'{use} = "kms:alias/x"\n')
    with pytest.raises(SettingsError, match="KMS signs 4,096 bytes at most") as error:
        load(file)
    assert error.value.key == f"keys.{use}"


@pytest.mark.parametrize("said", ["commit=alias/x", "decision", "decision=", "nothing=alias/x"])
def test_keys_new_takes_no_other(
    said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = ["keys", "new", "--out", str(tmp_path / "k"), "--environment", "development"]
    assert main([*new, "--team", "payments", "--kms", said]) == 64
    assert "say decision=KEY or erasure=KEY" in capsys.readouterr().err
    assert not (tmp_path / "k").exists()


def test_keys_json_is_all_that_tells_of_it(deployment: Path) -> None:
    said = json.loads((deployment / "keys" / "keys.json").read_bytes())
    assert sorted(said["keys"]) == ["closer", "commit", "decision", "effect", "erasure"]
