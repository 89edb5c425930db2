"""Chains from plain inputs: the golden vectors, and forgeries of them signed with the right keys.

``build`` checks nothing, so that it can build what the writer refuses.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gantral.evidence import H, SigningKey, actor_id, artifact_hash, canonical, seal
from gantral.evidence.bytes import MANIFEST_DEPTH, MAX_BYTES
from gantral.evidence.envelope import write_envelope
from gantral.evidence.hashes import (
    ZERO,
    artifact_id,
    context_hash,
    decision_hash,
    leaf,
    records_hash,
)

USES = ("commit", "decision", "effect", "closer", "erasure")
Edit = Callable[[dict[str, Any]], None]


@dataclass
class Scene:
    """Built evidence: its files by name, and its trust file's bytes."""

    files: dict[str, bytes] = field(default_factory=dict)
    trust: bytes = b""
    commits: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Forge:
    """What to spoil: ``statement`` edits a commit before its artifacts are hashed again,
    ``raw`` after, ``sealed`` edits a vote, submission, claim or outcome before it is sealed,
    ``trust`` the trust file, ``files`` the finished files."""

    order: dict[int, Edit] = field(default_factory=dict)
    statement: dict[int, Edit] = field(default_factory=dict)
    raw: dict[int, Edit] = field(default_factory=dict)
    sealed: Callable[[str, dict[str, Any]], None] | None = None
    key: Callable[[str], str] | None = None
    trust: Edit | None = None
    manifest: Edit | None = None
    files: Callable[[dict[str, bytes]], None] | None = None


def keys_of(inputs: Mapping[str, Any]) -> dict[str, SigningKey]:
    return {use: SigningKey.from_seed(bytes.fromhex(seed)) for use, seed in inputs["seeds"].items()}


class Builder:
    def __init__(self, inputs: dict[str, Any], manifest: dict[str, Any], forge: Forge) -> None:
        self.inputs, self.forge = inputs, forge
        self.keys = keys_of(inputs)
        self.manifest = copy.deepcopy(manifest)
        if forge.manifest:
            forge.manifest(self.manifest)
        self.manifest_bytes = canonical(self.manifest, MAX_BYTES, MANIFEST_DEPTH)
        self.version = H("manifest", self.manifest_bytes)
        self.scene = Scene()
        self.texts: dict[str, list[str]] = {}
        self.prev, self.last, self.sequence = ZERO, ZERO, 0
        self.hashes: list[str] = []
        self.contexts: list[list[list[str]]] = []

    def actor(self, who: str) -> str:
        if who == "none":
            return who
        given = self.inputs
        pepper = bytes.fromhex(given["pepper"])
        return actor_id(pepper, given["issuer"], given["claim"], given["people"][who])

    def text(self, salt: str, path: str, value: str) -> str:
        text = [salt, self.inputs["instance_id"], path, value]
        self.texts[leaf(text)] = text
        return leaf(text)

    def seal(self, kind: str, statement: dict[str, Any], use: str) -> dict[str, Any]:
        if self.forge.sealed:
            self.forge.sealed(kind, statement)
        if self.forge.key:
            use = self.forge.key(kind) or use
        return seal(kind, statement, self.keys[use])

    def run(self) -> Scene:
        for number, order in enumerate(self.inputs["commits"]):
            order = copy.deepcopy(order)
            if number in self.forge.order:
                self.forge.order[number](order)
            self.commit(number, order)
        files = self.scene.files
        files["manifest.json"] = self.manifest_bytes
        files["artifacts.jsonl"] = b"".join(
            canonical(artifact) + b"\n"
            for commit in self.scene.commits
            for artifact in commit["artifacts"]
        )
        for hashed, text in self.texts.items():
            files[f"texts/{hashed}.json"] = canonical(text)
        for leaves in self.inputs.get("erased", []):
            self.erase(leaves)
        if self.forge.files:
            self.forge.files(files)
        self.scene.trust = self.trust()
        return self.scene

    def erase(self, erased: dict[str, Any]) -> None:
        leaves = [h for h, text in self.texts.items() if text[2] in erased["paths"]]
        statement = {
            "type": "gantral.dev/erasure/v1",
            "instance_id": self.inputs["instance_id"],
            "owning_team_id": self.inputs["owning_team_id"],
            "leaves": sorted(leaves),
            "reason": erased["reason"],
            "timestamp": erased["timestamp"],
        }
        envelope = self.seal("erasure", statement, "erasure")
        name = H("erasure", canonical(statement))
        self.scene.files[f"erasures/{name}.json"] = write_envelope(envelope)
        for hashed in leaves:
            del self.scene.files[f"texts/{hashed}.json"]

    def commit(self, number: int, order: dict[str, Any]) -> None:
        given = self.inputs
        context = self.context(order)
        self.contexts.append(context)
        about = context_hash(context)
        decision = self.decision(order, about)
        records = [self.record(record) for record in order["records"]]
        statement: dict[str, Any] = {
            "artifacts": [],
            "commit": str(number),
            "context": context,
            "decision": decision,
            "instance_id": given["instance_id"],
            "owning_team_id": given["owning_team_id"],
            "prev_commit_hash": self.prev,
            "records": records,
            "timestamp": order["timestamp"],
            "type": "gantral.dev/commit/v1",
        }
        for index, state in enumerate(order["states"]):
            at_gate = state in (
                "WAITING_FOR_HUMAN",
                "APPROVED",
                "OVERRIDDEN",
                "RESUMED",
                "REJECTED",
            ) or (state == "RUNNING" and len(order["states"]) == 3)
            first = index == 0
            sequence = self.sequence + index
            statement["artifacts"].append(
                {
                    "artifact_version": "1.0.0",
                    "artifact_id": artifact_id(given["instance_id"], sequence),
                    "authority_state": state,
                    "cause": order["cause"] if first else "none",
                    "context_hash": about,
                    "decision_hash": "",
                    "gate": order["gate"] if at_gate else "none",
                    "human_actor_id": self.actor(order["human"]) if first else "none",
                    "instance_id": given["instance_id"],
                    "owning_team_id": given["owning_team_id"],
                    "policy_version_id": order["policy_version_id"] if first else "none",
                    "prev_artifact_hash": "",
                    "records_hash": "",
                    "round": order["round"] if at_gate else "none",
                    "sequence": str(sequence),
                    "timestamp": order["timestamp"],
                    "workflow_id": self.manifest["workflow_id"],
                    "workflow_version_id": self.version,
                }
            )
        if number in self.forge.statement:
            self.forge.statement[number](statement)
        rehash(statement, self.last)
        if number in self.forge.raw:
            self.forge.raw[number](statement)
        if statement["artifacts"]:
            self.last = statement["artifacts"][-1].get("artifact_hash", ZERO)
        self.sequence += len(statement["artifacts"])
        envelope = self.seal("commit", statement, order["key"])
        self.prev = H("commit", canonical(statement))
        self.hashes.append(self.prev)
        self.scene.commits.append(statement)
        self.scene.files[f"commits/{number:08d}.json"] = write_envelope(envelope)

    def context(self, order: dict[str, Any]) -> list[list[str]]:
        made = order["context"]
        if made == "same":
            return copy.deepcopy(self.contexts[-1])
        if isinstance(made, dict):
            leaves = dict(self.contexts[-1])
            for salt, path, value in made["amended"]:
                leaves[path] = self.text(salt, path, value)
            return [[path, leaves[path]] for path in sorted(leaves)]
        return sorted([path, self.text(salt, path, value)] for salt, path, value in made)

    def assurance(self, vote: dict[str, Any]) -> dict[str, str]:
        given = self.inputs
        path = f"/identity/{self.actor(vote['who'])}"
        return {
            "aud": given["audience"],
            "auth_time": vote["auth_time"],
            "identity": self.text(vote["identity_salt"], path, given["people"][vote["who"]]),
            "iss": given["issuer"],
            "level": vote["level"],
            "role_map": given["role_map"],
            "token_hash": vote["token_hash"],
        }

    def decision(self, order: dict[str, Any], about: str) -> Any:
        given = self.inputs
        if "submission" in order:
            made = order["submission"]
            salt, key = made["business_key"]
            statement = {
                "type": "gantral.dev/submission/v1",
                "assurance": self.assurance(made),
                "business_key": self.text(salt, "/business_key", key),
                "context_hash": about,
                "environment": given["environment"],
                "human_actor_id": self.actor(made["who"]),
                "instance_id": given["instance_id"],
                "owning_team_id": given["owning_team_id"],
                "parent_artifact_hash": "none",
                "retain_until": made["retain_until"],
                "timestamp": made["timestamp"],
                "workflow_id": self.manifest["workflow_id"],
                "workflow_version_id": self.version,
            }
            return {"submission": self.seal("submission", statement, "decision")}
        if "votes" not in order:
            return "none"
        waiting = self.scene.commits[-1]["artifacts"][-1]
        shown = dict(self.contexts[-2])
        opened = [self.texts[shown[path]] for path in order["opened_before"]]
        after = []
        if isinstance(order["context"], dict):
            after = [
                self.texts[dict(self.contexts[-1])[path]]
                for _, path, _ in order["context"]["amended"]
            ]
        hashes: list[str] = []
        votes = []
        for vote in order["votes"]:
            statement = self.vote(vote, waiting, hashes)
            envelope = self.seal("authority-decision", statement, "decision")
            hashes.append(H("authority-decision", canonical(statement)))
            votes.append(envelope)
        deciders = next(r for r in self.scene.commits[-1]["records"] if r["kind"] == "deciders")
        return {
            "type": "gantral.dev/decision/v1",
            "waiting_artifact_hash": waiting["artifact_hash"],
            "excluded": deciders["excluded"],
            "eligible": [],
            "votes": votes,
            "opened_before": opened,
            "opened_after": after,
        }

    def vote(self, vote: dict[str, Any], waiting: Any, hashes: list[str]) -> dict[str, Any]:
        salt, reason = vote["justification"]
        reason_leaf = self.text(salt, f"/justification/{vote['timestamp']}", reason)
        supersedes = vote["supersedes"]
        return {
            "type": "gantral.dev/authority-decision/v1",
            "amendment": vote["amendment"],
            "assurance": self.assurance(vote),
            "context_snapshot_hash": waiting["context_hash"],
            "decision_id": vote["decision_id"],
            "decision_type": vote["type"],
            "human_actor_id": self.actor(vote["who"]),
            "instance_id": self.inputs["instance_id"],
            "justification": f"leaf:{reason_leaf}",
            "justification_length": str(len(reason)),
            "role": vote["role"],
            "supersedes": "none" if supersedes == "none" else hashes[int(supersedes)],
            "timestamp": vote["timestamp"],
            "waiting_artifact_hash": waiting["artifact_hash"],
        }

    def grant(self, number: str) -> str:
        commit = self.scene.commits[int(number)]
        if commit["artifacts"]:
            return str(commit["artifacts"][0]["artifact_hash"])
        return H("commit", canonical(commit))

    def shown(self, own: str, path: str) -> list[str]:
        """An argument's source and leaf: at a path of the own grant's data, or at "under:N/path" of
        the data that commit N granted."""
        if not path.startswith("under:"):
            return [path, dict(self.contexts[int(own)]).get(path, "none")]
        other, slash, rest = path.removeprefix("under:").partition("/")
        pointer = slash + rest
        leaf = dict(self.contexts[int(other)]).get(pointer, "none")
        return [f"under:{self.grant(other)}{pointer}", leaf]

    def record(self, made: dict[str, Any]) -> dict[str, Any]:
        kind = made["kind"]
        if kind == "deciders":
            return {**made, "excluded": sorted(self.actor(who) for who in made["excluded"])}
        if kind == "end":
            message = made["message"]
            if message != "none":
                message = self.text(message[0], "/end/message", message[1])
            return {**made, "message": message}
        if kind == "event":
            event = {
                "type": "gantral.dev/event/v1",
                "assurance": self.assurance(made),
                "context_hash": context_hash(self.contexts[-1]),
                "event": made["event"],
                "human_actor_id": self.actor(made["who"]),
                "instance_id": self.inputs["instance_id"],
                "owning_team_id": self.inputs["owning_team_id"],
                "role": made["role"],
                "timestamp": made["timestamp"],
                # Of the wait at that commit, or of the one just before.
                "wait_commit_hash": self.hashes[made["wait"]] if "wait" in made else self.prev,
            }
            return {"kind": "event", "event": self.seal("event", event, "decision")}
        if kind == "use":
            own = made["grant"]
            claim = {
                **{name: made[name] for name in ("attempt", "call", "operation", "queue")},
                **{name: made[name] for name in ("run", "slot", "timestamp")},
                "type": "gantral.dev/use/v1",
                "arguments": [
                    [name, *([path, *leaf] if leaf else self.shown(own, path))]
                    for name, path, *leaf in made["arguments"]
                ],
                "grant": self.grant(made["grant"]),
                "instance_id": self.inputs["instance_id"],
                "owning_team_id": self.inputs["owning_team_id"],
            }
            return {"kind": "use", "claim": self.seal("use", claim, "effect")}
        if kind == "outcome":
            results = []
            for salt, path, value in made["results"]:
                results.append([path, self.text(salt, f"/result/{made['call']}{path}", value)])
            outcome = {
                **{name: made[name] for name in ("call", "operation", "slot", "status")},
                "type": "gantral.dev/outcome/v1",
                "grant": self.grant(made["grant"]),
                "instance_id": self.inputs["instance_id"],
                "owning_team_id": self.inputs["owning_team_id"],
                "results": results,
                "timestamp": made["timestamp"],
            }
            return {"kind": "outcome", "outcome": self.seal("outcome", outcome, "effect")}
        return made

    def trust(self) -> bytes:
        given = self.inputs["trust"]
        life = {name: given[name] for name in ("environment", "not_before", "not_after")}
        statement = {
            "type": "gantral.dev/trust/v1",
            **{n: given[n] for n in ("trust_id", "serial", "previous", "issued", "environment")},
            **{n: given[n] for n in ("max_skew", "actor_claim", "log")},
            "keys": {
                key.keyid: {
                    "alg": "ed25519",
                    "public_key": key.public.hex(),
                    "use": use,
                    "teams": [self.inputs["owning_team_id"]],
                    "compromised_from": "none",
                    **life,
                }
                for use, key in self.keys.items()
            },
            "programs": [
                {
                    "owning_team_id": self.inputs["owning_team_id"],
                    "workflow_id": self.manifest["workflow_id"],
                    "workflow_version_id": self.version,
                    **life,
                }
            ],
        }
        if self.forge.trust:
            self.forge.trust(statement)
        return canonical(statement)


def rehash(statement: dict[str, Any], last: str) -> None:
    """Make every hash of the artifacts agree with the statement again."""
    for index, artifact in enumerate(statement["artifacts"]):
        artifact.setdefault("artifact_hash", "")
        artifact["prev_artifact_hash"] = artifact["prev_artifact_hash"] or last
        if index == 0:
            artifact["records_hash"] = artifact["records_hash"] or records_hash(
                statement["prev_commit_hash"], statement["records"]
            )
            decided = statement["decision"]
            artifact["decision_hash"] = artifact["decision_hash"] or (
                "none" if decided == "none" else decision_hash(decided)
            )
        else:
            artifact["records_hash"] = artifact["records_hash"] or "none"
            artifact["decision_hash"] = artifact["decision_hash"] or "none"
        last = artifact["artifact_hash"] = artifact_hash(artifact)


def build(inputs: dict[str, Any], manifest: dict[str, Any], forge: Forge | None = None) -> Scene:
    return Builder(copy.deepcopy(inputs), manifest, forge or Forge()).run()


def salt(*names: object) -> str:
    """A salt of the vectors: anything fixed will do, a real one is random."""
    return hashlib.sha256(("salt " + " ".join(map(str, names))).encode()).hexdigest()[:32]
