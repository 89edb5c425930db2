"""An RFC 3161 token says when a file was there, or is refused with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from gantral.cli.main import main
from gantral.evidence import EvidenceError
from gantral.evidence.stamps import Stamp, stamped

HERE = Path(__file__).parent / "stamps"
DATA = (HERE / "stamped.txt").read_bytes()
ROOT = (HERE / "authority.pem").read_bytes()
TOKEN = (HERE / "sha256.tsr").read_bytes()


def judged(data: bytes = DATA, token: bytes = TOKEN, root: bytes = ROOT) -> Stamp:
    return stamped([data[:5], data[5:]], token, root)


@pytest.mark.parametrize("token", ["sha256.tsr", "sha512.tsr"])
def test_the_command_says_when(token: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(HERE / "stamped.txt")
    asked = ["evidence", "stamped", file, "--token", str(HERE / token)]
    assert main([*asked, "--authority", str(HERE / "authority.pem")]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{file} was there at 2026-11-26T11:58:")
    assert said.endswith("says CN=Example time stamping tsa_ext\n")


def test_the_command_says_why_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.txt"
    other.write_bytes(DATA + b"more")
    asked = ["evidence", "stamped", str(other), "--token", str(HERE / "sha256.tsr")]
    assert main([*asked, "--authority", str(HERE / "authority.pem")]) == 1
    assert "the token is for other bytes than this file's" in capsys.readouterr().err
    assert main([*asked[:-1], str(tmp_path / "none"), "--authority", str(other)]) == 1
    assert "can't be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"data": DATA + b"!"}, "other bytes"),
        ({"data": b""}, "other bytes"),
        ({"root": (HERE / "another.pem").read_bytes()}, "does not verify"),
        ({"root": b"no certificate"}, "no PEM certificate"),
        # The signer is no root: whoever it vouches for is not asked.
        ({"token": (HERE / "bare.tsr").read_bytes()}, "does not verify"),
        ({"token": b""}, "no answer"),
        ({"token": DATA}, "no answer"),
        ({"token": TOKEN[:-1]}, "no answer"),
    ],
)
def test_what_does_not_hold_is_refused(changed: dict[str, bytes], why: str) -> None:
    with pytest.raises(EvidenceError, match=why) as error:
        judged(**changed)
    assert error.value.code == "stamp"


def test_no_spoilt_byte_moves_the_instant() -> None:
    true = judged()
    refused = 0
    for place in range(len(TOKEN)):
        spoilt = bytearray(TOKEN)
        spoilt[place] ^= 1 << place % 8
        try:
            # Of a token that is read, what is signed is what counts: time and digest.
            assert judged(token=bytes(spoilt)).at == true.at
        except EvidenceError:
            refused += 1
    assert refused > 0.9 * len(TOKEN)
