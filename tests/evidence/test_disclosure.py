"""One field with its proof: what it shows, what it hides, and each way to forge it."""

from __future__ import annotations

import json
import random
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bundles
import jsonschema
import pytest
from bundles import bundle, entries, instance, scenes
from gantral.cli.main import main
from gantral.evidence import SigningKey, TrustFile, canonical, seal
from gantral.evidence.verify import verify_disclosure
from rules_off import switch_off
from vectors import inputs

SCHEMA = Path(__file__).parents[2] / "docs" / "evidence" / "verdict.schema.json"
FOUND = scenes("amended", "rejected")
FIRST = FOUND[instance(1)]
TRUST = TrustFile.load(FIRST.trust)
ASKED = "/refund/amount"


def disclose(tmp_path: Path, pointer: str, *words: str) -> int:
    (tmp_path / "a.evidence").write_bytes(bundle(entries(FOUND)))
    (tmp_path / "trust.json").write_bytes(FIRST.trust)
    out = str(tmp_path / "field.json")
    command = ["evidence", "disclose", str(tmp_path / "a.evidence"), pointer, "--out", out]
    return main([*command, *words])


def verify(tmp_path: Path, *words: str) -> int:
    where = ["--trust", str(tmp_path / "trust.json"), *words]
    return main(["verify", str(tmp_path / "field.json"), *where])


ONE = ("--instance", instance(1))


def test_one_field_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert disclose(tmp_path, "/order/customer", *ONE) == 0
    data = (tmp_path / "field.json").read_bytes()
    told = json.loads(data)
    values = {json.loads(one)[3] for name, one in FIRST.files.items() if name.startswith("texts/")}
    clear = json.dumps({**told, "commit": "signed"})
    assert {one for one in values if f'"{one}"' in clear} == {"c-77"}
    assert capsys.readouterr().out == ""
    assert verify(tmp_path) == 0
    said = capsys.readouterr()
    assert said.out == "VALID\n"
    assert (
        f"/order/customer is 'c-77', as commit 1 (WAITING_FOR_HUMAN) of {instance(1)}" in said.err
    )
    assert "No decision is judged" in said.err
    assert verify(tmp_path, "--format", "json") == 0
    shown = json.loads(capsys.readouterr().out)
    jsonschema.validate(shown, json.loads(SCHEMA.read_text()))
    (one,) = shown["instances"]
    assert (one["disclosed"]["value"], one["decisions"]) == ("c-77", {})
    # It is no decision: nothing that is asked of one is met.
    assert verify(tmp_path, "--require", "finance=approved") == 1


def test_what_differs_between_commits_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert disclose(tmp_path, ASKED, *ONE) == 1
    assert "has other values in the commits 1, 2" in capsys.readouterr().err
    for number, value in (("1", "40.00"), ("2", "25.00")):
        (tmp_path / "field.json").unlink(missing_ok=True)
        assert disclose(tmp_path, ASKED, *ONE, "--commit", number) == 0
        assert verify(tmp_path) == 0
        assert f"{ASKED} is '{value}', as commit {number}" in capsys.readouterr().err


def test_what_cannot_be_disclosed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert disclose(tmp_path, "/order/customer") == 64
    assert "--instance" in capsys.readouterr().err
    assert disclose(tmp_path, "/nothing", *ONE) == 1
    assert disclose(tmp_path, ASKED, *ONE, "--commit", "0") == 1
    (tmp_path / "field.json").write_text("mine")
    assert disclose(tmp_path, "/order/customer", *ONE) == 64
    assert (tmp_path / "field.json").read_text() == "mine"


def made(tmp_path: Path) -> dict[str, Any]:
    assert disclose(tmp_path, "/order/customer", *ONE) == 0
    found: dict[str, Any] = json.loads((tmp_path / "field.json").read_bytes())
    return found


def judged(told: Any, trust: TrustFile = TRUST) -> tuple[str, list[str]]:
    data = told if isinstance(told, bytes) else canonical(told)
    report, _ = verify_disclosure(data, trust)
    return report.verdict, [one.code for one in report.findings]


def value(told: dict[str, Any]) -> None:
    told["text"][3] = "somebody else"


def salt(told: dict[str, Any]) -> None:
    told["text"][0] = "0" * 32


def path(told: dict[str, Any]) -> None:
    told["text"][2] = "/order/id"


def other_instance(told: dict[str, Any]) -> None:
    told["text"][1] = instance(2)


def other_field(told: dict[str, Any]) -> None:
    """A true text of the instance that this commit doesn't bind."""
    texts = [json.loads(one) for name, one in FIRST.files.items() if name.startswith("texts/")]
    told["text"] = next(text for text in texts if text[3] == "25.00")


def signature(told: dict[str, Any]) -> None:
    other = json.loads(FIRST.files["commits/00000002.json"])
    told["commit"]["signatures"] = other["signatures"]


def another_key(told: dict[str, Any]) -> None:
    keys = json.loads(FIRST.trust)["keys"]
    effect = next(name for name, key in keys.items() if key["use"] == "effect")
    told["commit"]["signatures"][0]["keyid"] = effect


def commit_signed_anyway(told: dict[str, Any]) -> None:
    """The right key signed what is no commit: its artifact is about another context."""
    statement = json.loads(b64decode(told["commit"]["payload"]))
    statement["context"][-1][1] = "0" * 64
    key = SigningKey.from_seed(bytes.fromhex(inputs("amended")["seeds"]["commit"]))
    told["commit"] = seal("commit", statement, key)


def member(told: dict[str, Any]) -> None:
    told["more"] = "x"


FORGED: dict[Callable[[dict[str, Any]], None], str] = {
    value: "text_unbound", salt: "text_unbound", path: "text_unbound",
    other_field: "text_unbound", other_instance: "text_instance", signature: "signature",
    another_key: "key_use", member: "form", commit_signed_anyway: "context_hash",
}  # fmt: skip


@pytest.mark.parametrize("forge", FORGED, ids=lambda forge: forge.__name__)
def test_a_forged_disclosure_is_invalid(
    forge: Callable[[dict[str, Any]], None], tmp_path: Path
) -> None:
    told = made(tmp_path)
    assert judged(told) == ("VALID", [])
    forge(told)
    assert judged(told) == ("INVALID", [FORGED[forge]])


@pytest.mark.parametrize(("code", "forge"), [("text_unbound", value)])
def test_without_the_rule_it_would_pass(
    code: str,
    forge: Callable[[dict[str, Any]], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = made(tmp_path)
    forge(told)
    switch_off(monkeypatch, {code})
    assert judged(told) == ("VALID", [])


def test_no_byte_can_be_another(tmp_path: Path) -> None:
    data = canonical(made(tmp_path))
    rng = random.Random(5)
    for at in rng.sample(range(len(data)), 200):
        changed = bytearray(data)
        changed[at] ^= 1 << rng.randrange(8)
        assert judged(bytes(changed))[0] != "VALID", at


def test_what_is_unknown_is_inconclusive(tmp_path: Path) -> None:
    told = made(tmp_path)
    assert judged({**told, "type": "gantral.dev/disclosure/v2"}) == ("INCONCLUSIVE", ["version"])
    trust = json.loads(FIRST.trust)
    nobody = {name: key for name, key in trust["keys"].items() if key["use"] != "commit"}
    without = TrustFile.load(canonical({**trust, "keys": nobody}))
    assert judged(told, without) == ("INCONCLUSIVE", ["key_unknown"])
    unlisted = TrustFile.load(canonical({**trust, "programs": []}))
    assert judged(told, unlisted) == ("INCONCLUSIVE", ["program_unlisted"])


def test_a_waiver_has_fields_too(tmp_path: Path) -> None:
    from gantral.evidence.disclosure import disclose as of
    from gantral.evidence.folder import Folder

    scene = bundles.scene("waived", 1)
    for name, data in scene.files.items():
        target = tmp_path / "w" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    data = of(Folder(tmp_path / "w"), "/order/customer")
    report, disclosed = verify_disclosure(data, TrustFile.load(scene.trust))
    assert report.verdict == "VALID"
    assert disclosed is not None
    assert (disclosed.state, disclosed.value) == ("", "c-77")
