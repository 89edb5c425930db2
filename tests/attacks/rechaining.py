"""Forgeries by those who hold some keys: a chain of which everything downstream is hashed and
signed anew, with the sealed statements that others made."""

from __future__ import annotations

import json
import random
from typing import Any

from corpus import opened, spoil
from gantral.evidence import H, SigningKey, canonical, seal
from gantral.evidence.envelope import write_envelope
from gantral.evidence.hashes import ZERO, context_hash
from scenes import keys_of, rehash
from subjects import Files, Subject
from vectors import inputs

KEYS = keys_of(inputs("approved"))


def statements(files: Files) -> list[dict[str, Any]]:
    """The payloads of the commits, in order."""
    names = [name for name in sorted(files) if name.startswith("commits/")]
    return [json.loads(opened(files[name])[1]) for name in names]


def rechained(files: Files, chain: list[dict[str, Any]], key: SigningKey) -> Files:
    """The folder with these commits, every hash and link made to agree, signed with one key."""
    made = {name: data for name, data in files.items() if not name.startswith("commits/")}
    prev, last, lines = ZERO, ZERO, b""
    for number, statement in enumerate(chain):
        statement["prev_commit_hash"] = prev
        for artifact in statement["artifacts"]:
            artifact["context_hash"] = context_hash(statement["context"])
            for name in ("prev_artifact_hash", "records_hash", "decision_hash"):
                artifact[name] = ""
        rehash(statement, last)
        if statement["artifacts"]:
            last = statement["artifacts"][-1]["artifact_hash"]
        lines += b"".join(canonical(one) + b"\n" for one in statement["artifacts"])
        prev = H("commit", canonical(statement))
        made[f"commits/{number:08d}.json"] = write_envelope(seal("commit", statement, key))
    return {**made, "artifacts.jsonl": lines}


def by_the_worker(subject: Subject, rng: random.Random) -> Files:
    """One or two places of the commits spoilt, or a commit gone or from a twin, by the holder of
    the commit key alone."""
    chain = statements(subject.files)
    how = rng.randrange(6)
    if how == 0:
        del chain[rng.randrange(len(chain))]
    elif how == 1 and subject.twins:
        other = statements(rng.choice(list(subject.twins.values())))
        at = rng.randrange(len(chain))
        chain[at] = rng.choice(other)
    elif how == 2 and subject.twins:
        other = statements(rng.choice(list(subject.twins.values())))
        at = rng.randrange(len(chain))
        chain[at:] = other[at:]
    else:
        for _ in range(rng.choice([1, 1, 2])):
            spoil(rng.choice(chain), rng)
    return rechained(subject.files, chain, KEYS["commit"])
