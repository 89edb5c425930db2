"""A commit on each kind of store, side by side: the evidence worker's whole activity, no Temporal.

The commit is an end after CREATED: it reads the chain, drafts a salt, puts a text, puts itself and
drops the drafts before it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

from gantral.api.deployment import Deployment
from gantral.api.sealing import put_texts, stamp, text
from gantral.cli.scenarios.collect import collect
from gantral.cli.scenarios.world import open_world
from gantral.cli.tools.processes import Processes
from gantral.cli.tools.servers import start_test_server
from gantral.evidence import LocalStore, Store
from gantral.evidence.s3 import S3Store
from gantral.evidence.s3_client import connect
from gantral.evidence.split import SplitStore
from gantral.runtime.workers import assembly
from gantral.runtime.workers.commit import Committer
from instances import ROOT, person
from sizes import size

sys.path.insert(0, str(ROOT / "tests" / "stores"))

import seaweed

COMMITS = size(200, 2)
_DAY = timedelta(days=1)
_ZEROS = "0" * 64


def run(scratch: Path) -> None:
    """Measure and print."""
    scratch.mkdir()
    os.environ.update(seaweed.ENVIRONMENT)
    with Processes(scratch / "logs") as processes:
        server = seaweed.start(processes, scratch / "seaweed")
        server.bucket("locked", locked=True)
        server.bucket("texts", locked=False)
        asyncio.run(_measure(scratch, start_test_server(processes).address, server.url))


async def _measure(scratch: Path, temporal: str, s3: str) -> None:
    (suite,) = collect([ROOT / "examples" / "refund"])
    async with open_world(suite.code.packages, scratch, temporal) as world:
        deployment = world.deployment("stores")
        made = {name: _committer(deployment, *pair) for name, pair in _kinds(scratch, s3).items()}
        taken: dict[str, list[float]] = {name: [] for name in made}
        for number in range(-COMMITS // 10, COMMITS):
            # In turns, so that what else the machine does meets all of them.
            for name, committer in made.items():
                seconds = _commit(deployment, committer)
                if number >= 0:
                    taken[name].append(seconds)
    print(f"stores: {COMMITS} commits on each, in turns; S3 is SeaweedFS on this machine")
    for name, found in taken.items():
        cut = quantiles(found, n=100)
        print(f"  {name:<40} p50 {cut[49] * 1000:6.1f} ms   p99 {cut[98] * 1000:6.1f} ms")


def _kinds(scratch: Path, url: str) -> dict[str, tuple[Store, Store]]:
    """Name -> the store and its drafts."""
    client = connect(url, "us-east-1")
    drafts = LocalStore(scratch / "drafts", deletable=True)
    locked = S3Store(client, "locked", "", _DAY)
    return {
        "folder": (LocalStore(scratch / "folder"), drafts),
        "S3 locked, texts and drafts in folders": (
            SplitStore(locked, LocalStore(scratch / "texts", deletable=True)),
            drafts,
        ),
        "S3 locked, texts and drafts in S3": (
            SplitStore(locked, S3Store(client, "texts", "texts", None)),
            S3Store(client, "texts", "drafts", None),
        ),
    }


def _committer(deployment: Deployment, store: Store, drafts: Store) -> Committer:
    settings, trust = deployment.settings, deployment.trust
    key = assembly.signing_key(settings, "commit", trust)
    return Committer(store, drafts, trust, key, assembly.actors(settings))


def _commit(deployment: Deployment, committer: Committer) -> float:
    """Seconds of the second commit of a fresh instance."""
    program, seal, carol = (
        deployment.programs["refund"],
        deployment.seal,
        person("carol", "support_agent"),
    )
    instance = str(uuid.uuid4())
    values = {
        "/input/order_id": "o-1",
        "/input/reason": "broken",
        "/input/refund/amount": "40.00",
        "/input/refund/currency": "EUR",
    }
    bound = {path: text(instance, path, value) for path, value in values.items()}
    context = [[path, bound[path].leaf] for path in sorted(bound)]
    identity, now = seal.identity(carol, instance), datetime.now(UTC)
    put_texts(committer.store, program.team, instance, [*bound.values(), identity])
    submission = seal.submission(
        carol, program.manifest, program.version_id, instance, context, None,
        identity, now,
    )  # fmt: skip
    common = {
        "team": program.team,
        "workflow_id": program.workflow_id,
        "instance_id": instance,
        "program": program.version_id,
        "timestamp": stamp(now),
        "gate": "none",
        "round": 0,
        "policy_version_id": "none",
        "records": [],
        "asked": "none",
    }
    first = committer.put(
        {
            **common,
            "commit": 0,
            "prev": _ZEROS,
            "last_artifact": _ZEROS,
            "sequence": 0,
            "states": ["CREATED", "RUNNING"],
            "cause": "none",
            "human_actor_id": seal.actor(carol),
            "context": {"leaves": context},
            "decision": {"submission": submission},
            "end": "none",
        }
    )
    end = {"message": "the refund exceeds the order", "statement": "require/1", "standing": []}
    second: Mapping[str, Any] = {
        **common,
        "commit": 1,
        "prev": first["commit_hash"],
        "last_artifact": first["last_artifact"],
        "sequence": first["sequence"],
        "states": ["TERMINATED"],
        "cause": "terminated_by_spec",
        "human_actor_id": "none",
        "context": {"same": True},
        "decision": "none",
        "end": end,
    }
    began = time.perf_counter()
    committer.put(second)
    return time.perf_counter() - began
