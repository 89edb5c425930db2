"""Bundles from scenes: the refund example's own program, its policies and its role map."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from gantral.cli.commands.policy import policy_files
from gantral.evidence import H, canonical
from gantral.evidence.bundle import place
from gantral.evidence.tar import header
from gantral.policy.bundles import policy_version_id
from scenes import Scene, build
from vectors import INSTANCE, REVISION, inputs

EXAMPLE = Path(__file__).parents[2] / "examples" / "refund"
PROGRAM = EXAMPLE / "src" / "refund_app" / "gen" / "refund" / "manifest.json"
FILES = policy_files(EXAMPLE / "policies")
POLICY = policy_version_id(FILES)
ROLES = canonical({
    "person": "sub",
    "roles": {
        "finance_director": ["groups", "fin-directors"],
        "finance_manager": ["groups", "fin-managers"],
        "support_agent": ["groups", "support"],
    },
    "assurances": {"mfa": ["acr", ["mfa"]]},
})  # fmt: skip
ROLE_MAP = H("role-map", ROLES)
VERSION = H("manifest", PROGRAM.read_bytes())
SPEC = canonical(
    [[name, (EXAMPLE / name).read_text()] for name in ("refund.gantral", "shared/people.gantral")]
)
TEXTS = {
    f"policies/{POLICY.removeprefix('sha256:')}.json": canonical(
        [[path, FILES[path].decode()] for path in sorted(FILES)]
    ),
    f"roles/{ROLE_MAP}.json": ROLES,
    f"specs/{VERSION}/{H('spec', SPEC)}.json": SPEC,
}
CHAINS = ("amended", "approved", "rejected", "timed_out", "waived")


def instance(number: int) -> str:
    return f"{number:08x}{INSTANCE[8:]}"


def scene(chain: str, number: int) -> Scene:
    """An instance of the example, with its real policy revision and role map."""
    given: dict[str, Any] = copy.deepcopy(inputs(chain))
    given |= {"instance_id": instance(number), "role_map": ROLE_MAP}
    given = json.loads(json.dumps(given).replace(REVISION, POLICY))
    return build(given, json.loads(PROGRAM.read_bytes()))


def scenes(*chains: str) -> dict[str, Scene]:
    return {instance(n): scene(chain, n) for n, chain in enumerate(chains or CHAINS, 1)}


Entry = tuple[str, str, bytes]


def entries(found: Mapping[str, Scene], texts: Mapping[str, bytes] | None = None) -> list[Entry]:
    """What lies in the bundle of these, in its order: folder, name, bytes."""
    inside: list[Entry] = [
        (one, name, found[one].files[name])
        for one in sorted(found)
        for name in sorted(found[one].files, key=place)
    ]
    more = TEXTS if texts is None else texts
    for path in sorted(more):
        folder, _, name = path.rpartition("/")
        inside.append((folder, name, more[path]))
    return [("", "contents.json", contents(sorted(found))), *inside]


def contents(ids: Sequence[str], **changes: str) -> bytes:
    listed = "".join(f"{one}\n" for one in ids).encode()
    statement = {
        "type": "gantral.dev/bundle/v1",
        "asked_instances": "all",
        "asked_since": "none",
        "asked_team": "none",
        "completeness": "not_shown",
        "instances": str(len(ids)),
        "instances_hash": sha256(listed).hexdigest(),
    }
    return canonical({**statement, **changes})


def block(folder: str, name: str, data: bytes) -> bytes:
    return header(folder, name, len(data)) + data + bytes(-len(data) % 512)


def bundle(inside: Iterable[Entry]) -> bytes:
    return b"".join(block(*one) for one in inside) + bytes(1024)
