"""The policy of a transparency log, for a trust file (C2SP tlog-policy)."""

from __future__ import annotations

import argparse
from typing import Any

from gantral.cli.failure import MISUSE, Failure
from gantral.evidence import EvidenceError
from gantral.evidence.keys import PublicKey
from gantral.evidence.notes import LOG, NAME, WITNESS, NoteKey


def log_policy(args: argparse.Namespace, keys: dict[str, Any], environment: str, since: str) -> str:
    """The policy that ``--log``, ``--witness`` and ``--quorum`` make; the witnesses' keys join
    ``keys``.

    Raises:
        Failure: there is no key of the log, or a witness is none.
    """
    if not NAME.match(args.log):
        raise Failure(
            f"--log {args.log}: an origin is a name of ASCII without space and plus",
            "name it as a URL without a scheme: log.example.com/payments",
            MISUSE,
        )
    own = [entry for entry in keys.values() if entry["use"] == "log"]
    if not own:
        raise Failure(
            "--log: no key of the use log is listed",
            "make one: gantral keys new --use log --out DIR, and give that DIR with --keys",
            MISUSE,
        )
    lines = [f"log {_vkey(args.log, entry['public_key'])}" for entry in own]
    names = []
    teams = sorted({team for entry in own for team in entry["teams"]})
    for number, given in enumerate(args.witness, 1):
        # A vkey may end in the sign that stands before the URL.
        vkey, _, url = given.rpartition("=http")
        witness = _witness(vkey, given)
        names.append(f"w{number}")
        lines.append(f"witness w{number} {witness.text()} http{url}")
        keys.setdefault(
            witness.public.keyid,
            {
                "alg": "ed25519",
                "public_key": witness.raw.hex(),
                "use": "witness",
                "teams": teams,
                "environment": environment,
                "not_before": whole_second(since, "witness"),
                "not_after": "none",
                "compromised_from": "none",
            },
        )
    quorum = len(names) if args.quorum is None else args.quorum
    if not 0 <= quorum <= len(names):
        raise Failure(f"--quorum {quorum} of {len(names)} witnesses", "name more of them", MISUSE)
    if quorum:
        lines.append(f"group witnesses {quorum} {' '.join(names)}")
    lines.append(f"quorum {'witnesses' if quorum else 'none'}")
    return "\n".join([*lines, ""])


def whole_second(instant: str, use: str) -> str:
    """The instant from which a key of this use lives: what a witness signs says whole seconds, so
    the second in which a key was made is its."""
    return f"{instant[:20]}000Z" if use in ("log", "witness") else instant


def _vkey(origin: str, public_key: str) -> str:
    raw = bytes.fromhex(public_key)
    return NoteKey(origin, LOG, PublicKey.load(raw), raw).text()


def _witness(vkey: str, given: str) -> NoteKey:
    try:
        return NoteKey.read(vkey, WITNESS)
    except EvidenceError as error:
        raise Failure(
            f"--witness {given}: {error.message}",
            "write the witness's verifier key, an equals sign and its URL",
            MISUSE,
        ) from None
