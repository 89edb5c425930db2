"""``gantral keys new`` and ``gantral keys trust``: keys, and the trust file that lists them."""

from __future__ import annotations

import argparse
import os
import secrets
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

from gantral.cli.failure import MISUSE, Failure
from gantral.cli.key_ends import ends
from gantral.cli.log_policies import log_policy, whole_second
from gantral.cli.main import Subparsers
from gantral.evidence import EvidenceError, H, SigningKey, TrustFile, canonical, parse
from gantral.evidence.forms import instant_text, is_name
from gantral.evidence.manifest import check_manifest
from gantral.evidence.signers import KmsKey, Signer

_USES = ("commit", "decision", "effect", "closer", "erasure")
# Made only when it is asked for: a deployment may do without a log.
_ASKED = ("log",)
_TYPE = "gantral.dev/keys/v1"


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser("keys", help="make keys and the trust file")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = actions.add_parser(
        "new",
        help="make the keys of a deployment",
        description="Write commit.key, decision.key, effect.key, closer.key, erasure.key and "
        "pepper.key, readable by you alone, and keys.json, which is public. Never overwrites. Give "
        "each worker the keys of its role and no other. With --use it makes only those keys, and "
        "no pepper: keys that are to follow others, under whose pepper people keep their ids.",
    )
    new.add_argument("--out", type=Path, required=True, metavar="DIR")
    new.add_argument("--environment", choices=("development", "production"), required=True)
    new.add_argument("--team", action="append", required=True, metavar="TEAM")
    new.add_argument(
        "--use", action="append", choices=(*_USES, *_ASKED), help="repeatable; default: all but log"
    )
    new.add_argument(
        "--kms",
        action="append",
        default=[],
        metavar="USE=KEY",
        help="the decision or the erasure key is this one of AWS KMS (an ARN or an alias); no file "
        "is made for it",
    )
    trust = actions.add_parser(
        "trust",
        help="write the trust file for keys and programs",
        description="Write the trust file that lists the public keys of one or more folders of "
        "keys and the programs that may run. With --previous it takes the next serial, names that "
        "file by its digest and keeps all that it says; old keys stay, and ends can be given to "
        "them. What a key signed before its end stays good. An INSTANT is written "
        "2026-01-31T12:00:00.000Z, a KEYID may be cut to its first eight digits or more.",
    )
    trust.add_argument("--keys", type=Path, action="append", default=[], metavar="DIR")
    trust.add_argument("--program", type=Path, action="append", default=[], metavar="MANIFEST")
    trust.add_argument("--out", type=Path, required=True, metavar="FILE")
    trust.add_argument("--previous", type=Path, metavar="FILE")
    trust.add_argument(
        "--not-after",
        action="append",
        default=[],
        metavar="KEYID=INSTANT",
        help="the key's last instant, which can't be put later again",
    )
    trust.add_argument(
        "--revoke",
        action="append",
        default=[],
        metavar="KEYID",
        help="the key's last instant is now; what it signed until now stays good",
    )
    trust.add_argument(
        "--compromised",
        action="append",
        default=[],
        metavar="KEYID=INSTANT",
        help="nothing counts that says it was signed then or later. A thief can write an earlier "
        "time: docs/evidence says how to choose the instant",
    )
    trust.add_argument(
        "--log",
        metavar="ORIGIN",
        help="the name of the transparency log, whose key is among --keys (use log) or was before",
    )
    trust.add_argument(
        "--witness",
        action="append",
        default=[],
        metavar="VKEY=URL",
        help="a witness of the log: its verifier key, and where it is asked to cosign (repeatable)",
    )
    trust.add_argument(
        "--quorum",
        type=int,
        metavar="K",
        help="how many of the witnesses must have cosigned a checkpoint (default: all)",
    )
    trust.add_argument("--trust-id", metavar="ID", help="a name for this line of trust files")
    trust.add_argument("--actor-claim", metavar="CLAIM", help="default: sub, or as before")
    trust.add_argument("--max-skew", metavar="DURATION", help="default: PT5S, or as before")


def run(args: argparse.Namespace) -> int:
    """Make keys, or a trust file."""
    if args.action == "new":
        return _new(args.out, args.environment, args.team, args.use, args.kms)
    return _trust(args)


def _now() -> str:
    return instant_text(time.time_ns() // 1_000_000)


def _new(
    folder: Path, environment: str, teams: list[str], only: list[str] | None, kms: list[str]
) -> int:
    for team in teams:
        if not is_name(team):
            raise Failure(f"--team {team}: a team is [a-z][a-z0-9_]*", "", MISUSE)
    uses = [use for use in (*_USES, *_ASKED) if use in (_USES if only is None else only)]
    held = dict(_in_kms(one, uses) for one in kms)
    names = [*(f"{use}.key" for use in uses if use not in held), "keys.json"]
    if only is None:
        names.append("pepper.key")
    for name in names:
        if (folder / name).exists():
            raise Failure(
                f"{folder / name} is already there, and keys are never overwritten",
                "name another folder with --out",
            )
    keys = {use: SigningKey.generate() for use in uses if use not in held}
    everyone: dict[str, Signer] = {use: keys.get(use) or held[use] for use in uses}
    public = {
        "type": _TYPE,
        "environment": environment,
        "teams": sorted(set(teams)),
        "created": _now(),
        "keys": {use: key.public.hex() for use, key in everyone.items()},
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for use, key in keys.items():
            _write(folder / f"{use}.key", key.dump(), 0o600)
        if only is None:
            _write(folder / "pepper.key", secrets.token_bytes(32).hex().encode() + b"\n", 0o600)
        _write(folder / "keys.json", canonical(public), 0o644)
    except OSError as error:
        raise Failure(f"cannot write {error.filename or folder}: {error.strerror}") from None
    for use, one in everyone.items():
        print(f"{use:<9}{one.keyid}{' (in KMS)' if use in held else ''}")
    return 0


def _in_kms(said: str, uses: list[str]) -> tuple[str, KmsKey]:
    use, _, name = said.partition("=")
    if use not in ("decision", "erasure") or use not in uses or not name:
        raise Failure(
            f"--kms {said}: say decision=KEY or erasure=KEY, of a use that is made",
            "the others sign what may be longer than KMS signs",
            MISUSE,
        )
    try:
        return use, KmsKey.load(name)
    except EvidenceError as error:
        raise Failure(f"--kms {said}: {error.message}") from None


def _write(path: Path, data: bytes, mode: int) -> None:
    # Made with its mode and exclusively: no moment at which others can read it, no overwriting.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)


def _trust(args: argparse.Namespace) -> int:
    folders = [_public(folder) for folder in args.keys]
    issued = since = _now()
    keys: dict[str, Any] = {}
    programs: list[Any] = []
    serial, previous = 1, "none"
    before: Any = None
    if args.previous is not None:
        data = _read(args.previous)
        earlier = _loaded(data, args.previous)
        before = parse(data)
        keys, programs = before["keys"], before["programs"]
        serial, previous = earlier.serial + 1, earlier.digest
        environment = earlier.environment
        if args.trust_id not in (None, earlier.trust_id):
            raise Failure(
                f"--trust-id {args.trust_id}: the line of {args.previous} is {earlier.trust_id}",
                "leave --trust-id out, or begin another line without --previous",
                MISUSE,
            )
    elif not folders:
        raise Failure("no --keys and no --previous: there is nothing to trust", "", MISUSE)
    else:
        environment = folders[0]["environment"]
        # A line that begins covers what these keys signed since they were made.
        since = min(public["created"] for public in folders)
        first = f"{folders[0]['teams'][0]}-{environment}"
        before = {
            "trust_id": args.trust_id or first, "max_skew": "PT5S", "actor_claim": "sub"
        }  # fmt: skip
    for public in folders:
        for use, key in public["keys"].items():
            keys.setdefault(
                sha256(bytes.fromhex(key)).hexdigest(),
                {
                    "alg": "ed25519",
                    "public_key": key,
                    "use": use,
                    "teams": public["teams"],
                    "environment": public["environment"],
                    "not_before": whole_second(public["created"], use),
                    "not_after": "none",
                    "compromised_from": "none",
                },
            )
    ends(keys, args.not_after, args.revoke, args.compromised, issued)
    for path in args.program:
        program = _program(path, environment, since)
        listed = [{**one, "not_before": "", "not_after": ""} for one in programs]
        if {**program, "not_before": "", "not_after": ""} not in listed:
            programs.append(program)
    log = before.get("log", "none")
    if args.log is not None:
        log = log_policy(args, keys, environment, since)
    elif args.witness or args.quorum is not None:
        raise Failure("--witness and --quorum go with --log", "say --log ORIGIN", MISUSE)
    data = canonical(
        {
            "type": "gantral.dev/trust/v1",
            "trust_id": before["trust_id"],
            "serial": str(serial),
            "previous": previous,
            "issued": issued,
            "environment": environment,
            "keys": keys,
            "programs": programs,
            "max_skew": args.max_skew or before["max_skew"],
            "actor_claim": args.actor_claim or before["actor_claim"],
            "log": log,
        }
    )
    trust = _loaded(data, args.out)
    try:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        _write(args.out, data, 0o644)
    except FileExistsError:
        raise Failure(
            f"{args.out} is already there",
            "name another file with --out, and this one with --previous to continue its line",
        ) from None
    except OSError as error:
        raise Failure(f"cannot write {args.out}: {error.strerror}") from None
    print(trust.digest)
    return 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Failure(f"cannot read {path}: {error.strerror}", "", MISUSE) from None


def _loaded(data: bytes, path: Path) -> TrustFile:
    try:
        return TrustFile.load(data)
    except EvidenceError as error:
        raise Failure(f"{path} is no good trust file: {error.message}", "", MISUSE) from None


def _public(folder: Path) -> dict[str, Any]:
    path = folder / "keys.json"
    try:
        value = parse(_read(path))
    except EvidenceError as error:
        raise Failure(f"{path}: {error.message}", "gantral keys new writes it", MISUSE) from None
    if (
        not isinstance(value, dict)
        or value.keys() != {"type", "environment", "teams", "created", "keys"}
        or value["type"] != _TYPE
        or not isinstance(value["keys"], dict)
        or not value["teams"]
        or not isinstance(value["teams"], list)
    ):
        raise Failure(f"{path} does not describe keys", "gantral keys new writes it", MISUSE)
    return value


def _program(path: Path, environment: str, since: str) -> dict[str, str]:
    data = _read(path)
    try:
        manifest = check_manifest(data)
    except EvidenceError as error:
        raise Failure(
            f"{path} is no manifest: {error.message}", "gantral compile writes one", MISUSE
        ) from None
    return {
        "owning_team_id": manifest["owning_team_id"],
        "workflow_id": manifest["workflow_id"],
        "workflow_version_id": H("manifest", data),
        "environment": environment,
        "not_before": since,
        "not_after": "none",
    }
