"""One deployment in memory of a test: keys, a trust file, stores on disk, a loaded program."""

from __future__ import annotations

import json
import secrets
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from gantral.evidence import LocalStore, SigningKey, TrustFile, canonical, seal
from gantral.evidence.envelope import write_envelope
from gantral.evidence.export import export_instance
from gantral.evidence.forms import instant_ms, instant_text
from gantral.evidence.hashes import context_hash, leaf
from gantral.evidence.recount import vote_hash
from gantral.evidence.verify import verify_folder
from gantral.policy import Opa
from gantral.runtime import programs
from gantral.runtime.commands import ZEROS
from gantral.runtime.workers.actors import Actors
from gantral.runtime.workers.asked import seal_answer, seal_guard
from gantral.runtime.workers.chain import Chain
from gantral.runtime.workers.closer import Closer
from gantral.runtime.workers.commit import Committer
from gantral.runtime.workers.effects import EffectWorker
from gantral.runtime.workers.gate import GateOpener
from temporalio.testing import ActivityEnvironment

sys.path.insert(0, str(Path(__file__).parent))

from effect_bank import bank, perform  # noqa: F401  (fixtures of the whole folder)

TEAM = "payments"
NOW = "2026-11-23T10:00:00.000Z"
REASON = "the goods were broken when they came"
HASH = "ab" * 32
POLICY = "sha256:" + "cd" * 32
QUERY = "data.refund.decision"
WATCH = "data.refund.watch"
INPUT = {
    "/input/order_id": "A-1",
    "/input/refund/amount": "40.00",
    "/input/refund/currency": "EUR",
    "/input/reason": REASON,
}
PROPOSAL: dict[str, Any] = {
    "order": {"id": "A-1", "customer": "Zoë", "total": {"amount": "90.00", "currency": "EUR"}},
    "refund": {"amount": "40.00", "currency": "EUR"},
    "reason": REASON,
}
VALUES: dict[str, Any] = {
    "/order/id": "A-1",
    "/order/customer": "Zoë",
    "/order/total/amount": "90.00",
    "/order/total/currency": "EUR",
    "/refund/amount": "40.00",
    "/refund/currency": "EUR",
    "/reason": REASON,
}


def said(answer: str, query: str) -> dict[str, str]:
    return {"query": query, "policy_version_id": POLICY, "input_hash": HASH, "answer": answer}


def later(instant: str, seconds: float) -> str:
    return instant_text(instant_ms(instant) + int(seconds * 1000))


@dataclass
class World:
    """A deployment and one instance's walk through it."""

    root: Path
    keys: dict[str, SigningKey]
    trust: TrustFile
    trust_bytes: bytes
    program: programs.ProgramInfo
    pepper: bytes = b"pepper of the team"
    issuer: str = "https://idp.example"
    instance_id: str = ""
    last: dict[str, Any] = field(default_factory=dict)
    number: int = 0
    receipts: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = LocalStore(self.root / "evidence")
        self.drafts = LocalStore(self.root / "drafts", deletable=True)
        self.actors = Actors(self.pepper, self.issuer, "sub")
        self.committer = Committer(
            self.store, self.drafts, self.trust, self.keys["commit"], self.actors
        )
        self.effects = EffectWorker(self.store, self.trust, self.keys["effect"], self.actors)
        self.closer = Closer(self.store, self.drafts, self.trust, self.keys["closer"])
        self.instance_id = self.instance_id or str(uuid.uuid4())

    @property
    def chain(self) -> Chain:
        return Chain(self.store, self.trust, TEAM, self.instance_id)

    def actor(self, name: str) -> str:
        return self.actors.resolve(name)

    def put_text(self, pointer: str, value: str) -> str:
        text = [secrets.token_hex(16), self.instance_id, pointer, value]
        self.store.put(self.chain.key("texts", f"{leaf(text)}.json"), canonical(text))
        return leaf(text)

    def assurance(self, level: str = "mfa") -> dict[str, str]:
        return {
            "aud": "gantral",
            "auth_time": NOW,
            "identity": self.put_text("/identity", "whoever it was"),
            "iss": self.issuer,
            "level": level,
            "role_map": HASH,
            "token_hash": HASH,
        }

    def submission(
        self, *, inputs: Mapping[str, str] = INPUT, **changes: Any
    ) -> tuple[list[list[str]], dict[str, Any]]:
        context = sorted([path, self.put_text(path, value)] for path, value in inputs.items())
        statement = {
            "type": "gantral.dev/submission/v1",
            "instance_id": self.instance_id,
            "owning_team_id": TEAM,
            "workflow_id": self.program.workflow_id,
            "workflow_version_id": self.program.version_id,
            "human_actor_id": self.actor("carol"),
            "context_hash": context_hash(context),
            "environment": "development",
            "parent_artifact_hash": "none",
            "business_key": "none",
            "retain_until": "none",
            "timestamp": NOW,
            "assurance": self.assurance("none"),
            **changes,
        }
        return context, seal("submission", statement, self.keys["decision"])

    def command(
        self, states: Sequence[str], context: Mapping[str, Any], **more: Any
    ) -> dict[str, Any]:
        return {
            "team": TEAM,
            "workflow_id": self.program.workflow_id,
            "instance_id": self.instance_id,
            "program": self.program.version_id,
            "commit": self.number,
            "prev": self.last.get("commit_hash", ZEROS),
            "last_artifact": self.last.get("last_artifact", ZEROS),
            "sequence": self.last.get("sequence", 0),
            "states": list(states),
            "timestamp": later(NOW, self.number),
            "gate": "none",
            "round": 0,
            "cause": "none",
            "human_actor_id": "none",
            "policy_version_id": "none",
            "context": dict(context),
            "decision": "none",
            "records": [],
            "asked": "none",
            "end": "none",
            **more,
        }

    def put(self, command: Mapping[str, Any]) -> dict[str, Any]:
        receipt = dict(self.committer.put(command))
        self.number = command["commit"] + 1
        self.last = receipt
        self.receipts.append(receipt)
        return receipt

    def created(self, **more: Any) -> dict[str, Any]:
        context, envelope = self.submission()
        return self.command(
            ["CREATED", "RUNNING"],
            {"leaves": context},
            human_actor_id=self.actor("carol"),
            decision={"submission": envelope},
            **more,
        )

    def waiting(self, gate: str = "paying", **more: Any) -> dict[str, Any]:
        at = later(NOW, self.number)
        rules = self.program.manifest["gates"][gate]
        records: list[dict[str, Any]] = []
        mark = {"gate": gate, "round": "1"}
        version = "none"
        if rules["guarded"] != "none":
            guard = said("REQUIRE_HUMAN", WATCH)
            more = {"asked": self.asked("REQUIRE_HUMAN", gate=gate, guard=guard), **more}
            records.append({"kind": "guard", **mark, **guard})
        if rules["waived"] != "none":
            version = POLICY
            more = {"asked": self.asked("REQUIRE_HUMAN"), **more}
            records.append(
                {
                    "kind": "policy",
                    **mark,
                    "query": "data.refund.decision",
                    "policy_version_id": POLICY,
                    "input_hash": HASH,
                    "answer": "REQUIRE_HUMAN",
                }
            )
        instants = [
            [later(at, 8 * 3600), "remind", "none", "none"],
            [later(at, 24 * 3600), "widen", ["finance_manager"], ["finance_director"]],
            [later(at, 72 * 3600), "reject", "none", "none"],
        ]
        if gate == "office":
            days = ("2026-11-23", "2026-11-24")
            # Nobody's office is open on a Sunday, the day before.
            open_days = [[d, f"{d}T08:00:00.000Z", f"{d}T16:30:00.000Z"] for d in days]
            records.append({"kind": "calendar", **mark, "periods": open_days})
            instants = [
                [later(at, 3600), "remind", "none", "none"],
                [
                    later(f"{days[1]}T08:00:00.000Z", self.number + 2 * 3600),
                    "reject",
                    "none",
                    "none",
                ],
            ]
        owned = gate == "owned"
        excluded = [self.actor("carol"), *([self.actor("olga")] if owned else [])]
        named = {"/owner": [self.actor("olga")]} if owned else {}
        records.append({"kind": "clock", **mark, "instants": instants})
        records.append({"kind": "deciders", **mark, "excluded": sorted(excluded), "named": named})
        context = {
            "values": VALUES if owned else {**VALUES, "/owner": {}},
            "persons": {"/owner": "olga"} if owned else {},
        }
        return self.command(
            ["WAITING_FOR_HUMAN"],
            context,
            gate=gate,
            round=1,
            policy_version_id=version,
            records=records,
            **more,
        )

    def asked(self, answer: str, **changes: Any) -> dict[str, Any]:
        """What an evidence worker seals when the policy of ``finance`` answers so."""
        guard = changes.pop("guard", "none")
        told = {"holders": changes.pop("holders")} if "holders" in changes else {}
        answered: Any = {**said(answer, changes.pop("query", QUERY)), "guard": guard, **told}
        of: Any = {**self.of("finance"), **changes}
        return seal_answer(of, answered, {**VALUES, "/owner": "{}"}, self.keys["commit"])

    def of(self, gate: str) -> dict[str, Any]:
        return {
            "team": TEAM,
            "instance_id": self.instance_id,
            "program": self.program.version_id,
            "gate": gate,
            "round": 1,
        }

    def guarded(
        self, answer: str, amount: str = "40.00", gate: str = "watched", **changes: Any
    ) -> dict[str, Any]:
        """What a command holds when the guard answers so about this decided amount."""
        guard: Any = said(answer, WATCH)
        of: Any = {**self.of(gate), **changes}
        values = {**VALUES, "/owner": "{}", "/refund/amount": amount}
        record = {"kind": "guard", "gate": gate, "round": "1", **guard}
        return {
            "policy_version_id": POLICY,
            "records": [record],
            "asked": seal_guard(of, guard, values, self.keys["commit"]),
        }

    def vote(self, person: str, kind: str = "APPROVE", **changes: Any) -> dict[str, Any]:
        waiting = self.receipts[-1]
        justification = "leaf:" + self.put_text("/justification", REASON)
        statement = {
            "type": "gantral.dev/authority-decision/v1",
            "decision_id": str(uuid.uuid4()),
            "instance_id": self.instance_id,
            "decision_type": kind,
            "human_actor_id": self.actor(person),
            "role": ["finance_manager"],
            "justification": justification,
            "justification_length": str(len(REASON)),
            "context_snapshot_hash": waiting["context_hash"],
            "timestamp": later(NOW, self.number),
            "waiting_artifact_hash": waiting["first_artifact_hash"],
            "supersedes": "none",
            "amendment": [],
            "assurance": self.assurance(),
            **changes,
        }
        envelope = seal("authority-decision", statement, self.keys["decision"])
        key = self.chain.key("votes", f"{vote_hash(statement)}.json")
        self.store.put(key, write_envelope(envelope))
        return envelope

    def approved(
        self, votes: Sequence[Mapping[str, Any]], by: str = "bob", gate: str = "paying", **more: Any
    ) -> dict[str, Any]:
        base: dict[str, Any] = {
            "gate": gate,
            "round": 1,
            "cause": "approved",
            "human_actor_id": self.actor(by),
            "decision": {"votes": list(votes)},
        }
        return self.command(["APPROVED", "RESUMED", "RUNNING"], {"same": True}, **{**base, **more})

    def to_grant(self, gate: str = "paying") -> dict[str, Any]:
        """Walk to RUNNING under an approval of this gate; return the grant."""
        if self.number == 0:
            self.put(self.created())
        waiting = self.number
        self.put(self.waiting(gate))
        votes = [self.vote("alice"), self.vote("bob")]
        receipt = self.put(self.approved(votes, gate=gate))
        return {
            "artifact": receipt["first_artifact_hash"],
            "waiting_commit": waiting,
            "decision_commit": waiting + 1,
            "gate": gate,
            "round": 1,
        }

    def verdict(self) -> tuple[str, Any]:
        """What the verifier says of the exported folder, and its findings."""
        folder = self.root / f"exported-{len(list(self.root.iterdir()))}"
        export_instance(self.store, TEAM, self.instance_id, folder)
        report = verify_folder(folder, self.trust)
        return report.verdict, report.findings

    def opener(self, opa: Opa | None = None) -> GateOpener:
        return GateOpener(self.actors, opa, self.keys["commit"])

    def environment(
        self,
        *,
        attempt: int = 1,
        run: str = "run-1",
        at: str | None = None,
        queue: str = "payments",
    ) -> ActivityEnvironment:
        environment = ActivityEnvironment()
        started = instant_ms(at or later(NOW, self.number)) / 1000
        environment.info = replace(
            environment.info,
            attempt=attempt,
            workflow_run_id=run,
            workflow_id=self.instance_id,
            task_queue=queue,
            started_time=datetime.fromtimestamp(started, UTC),
        )
        return environment


@pytest.fixture(scope="session")
def program() -> programs.ProgramInfo:
    folder = str(Path(__file__).parent / "packages")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return programs.load("activity_refund")


@pytest.fixture(scope="session")
def keys() -> dict[str, SigningKey]:
    return {use: SigningKey.generate() for use in ("commit", "decision", "effect", "closer")}


@pytest.fixture(scope="session")
def trust_bytes(program: programs.ProgramInfo, keys: dict[str, SigningKey]) -> bytes:
    life = {"not_before": "2026-01-01T00:00:00.000Z", "not_after": "none"}
    return canonical(
        {
            "type": "gantral.dev/trust/v1",
            "trust_id": "test",
            "serial": "1",
            "previous": "none",
            "issued": NOW,
            "environment": "development",
            "max_skew": "PT5S",
            "actor_claim": "sub",
            "log": "none",
            "keys": {
                key.keyid: {
                    "alg": "ed25519",
                    "public_key": key.public.hex(),
                    "use": use,
                    "teams": [TEAM],
                    "environment": "development",
                    "compromised_from": "none",
                    **life,
                }
                for use, key in keys.items()
            },
            "programs": [
                {
                    "owning_team_id": TEAM,
                    "workflow_id": program.workflow_id,
                    "workflow_version_id": program.version_id,
                    "environment": "development",
                    **life,
                }
            ],
        }
    )


@pytest.fixture
def new_world(
    tmp_path: Path,
    program: programs.ProgramInfo,
    keys: dict[str, SigningKey],
    trust_bytes: bytes,
) -> Callable[[], World]:
    def make() -> World:
        return World(tmp_path, keys, TrustFile.load(trust_bytes), trust_bytes, program)

    return make


@pytest.fixture
def world(new_world: Callable[[], World]) -> World:
    return new_world()


@pytest.fixture
def manifest(program: programs.ProgramInfo) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(program.manifest_bytes)
    return found
