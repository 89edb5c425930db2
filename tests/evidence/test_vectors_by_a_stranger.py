"""Every byte of the golden vectors again, from inputs.json and manifest.json alone.

Imports nothing of gantral: this is what a stranger writes who has read the format.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

VECTORS = Path(__file__).parents[2] / "docs" / "evidence" / "vectors"
NAMES = ["amended", "approved", "execution_lost", "rejected", "timed_out", "waived"]
AT_GATE = {"WAITING_FOR_HUMAN", "APPROVED", "OVERRIDDEN", "RESUMED", "REJECTED"}


def jcs(value: Any) -> bytes:
    # Enough for RFC 8785 here: only text, and every key is ASCII.
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def h(kind: str, data: bytes) -> str:
    return hashlib.sha256(f"gantral.dev/{kind}/v1\n".encode() + data).hexdigest()


class Stranger:
    def __init__(self, given: dict[str, Any], manifest: bytes) -> None:
        self.given = given
        self.manifest = manifest
        self.keys = {
            use: Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
            for use, seed in given["seeds"].items()
        }
        self.files: dict[str, bytes] = {"manifest.json": manifest}
        self.texts: dict[str, list[str]] = {}
        self.commits: list[tuple[str, dict[str, Any]]] = []
        for order in given["commits"]:
            self.commit(order)
        artifacts = [a for _, commit in self.commits for a in commit["artifacts"]]
        self.files["artifacts.jsonl"] = b"".join(jcs(a) + b"\n" for a in artifacts)

    def public(self, use: str) -> bytes:
        return self.keys[use].public_key().public_bytes_raw()

    def actor(self, who: str) -> str:
        if who == "none":
            return who
        given = self.given
        named = jcs([given["issuer"], given["claim"], given["people"][who]])
        pepper = bytes.fromhex(given["pepper"])
        mac = hmac.new(pepper, b"gantral.dev/actor/v1\n" + named, "sha256")
        return "actor:" + mac.hexdigest()[:32]

    def leaf(self, salt: str, path: str, value: str) -> str:
        text = [salt, self.given["instance_id"], path, value]
        name = h("leaf", jcs(text))
        self.texts[name] = text
        self.files[f"texts/{name}.json"] = jcs(text)
        return name

    def seal(self, kind: str, statement: dict[str, Any], use: str) -> dict[str, Any]:
        payload = jcs(statement)
        name = f"application/vnd.gantral.{kind}.v1+json"
        signed = f"DSSEv1 {len(name)} {name} {len(payload)} ".encode() + payload
        keyid = hashlib.sha256(self.public(use)).hexdigest()
        sig = base64.b64encode(self.keys[use].sign(signed)).decode()
        return {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": name,
            "signatures": [{"keyid": keyid, "sig": sig}],
        }

    def place(self) -> dict[str, str]:
        return {name: self.given[name] for name in ("instance_id", "owning_team_id")}

    def program(self) -> dict[str, str]:
        workflow = json.loads(self.manifest)["workflow_id"]
        return {"workflow_id": workflow, "workflow_version_id": h("manifest", self.manifest)}

    def commit(self, order: dict[str, Any]) -> None:
        context = order["context"]
        before = dict(self.commits[-1][1]["context"]) if self.commits else {}
        if isinstance(context, list):
            leaves = {path: self.leaf(salt, path, value) for salt, path, value in context}
        else:
            new = [] if context == "same" else context["amended"]
            leaves = {**before, **{p: self.leaf(s, p, v) for s, p, v in new}}
        pairs = [[path, leaves[path]] for path in sorted(leaves)]
        about = h("context", jcs(pairs))
        decision = self.decision(order, about, before, leaves)
        prev = h("commit", jcs(self.commits[-1][1])) if self.commits else "0" * 64
        records = [self.record(record) for record in order["records"]]
        known = [a for _, commit in self.commits for a in commit["artifacts"]]
        artifacts: list[dict[str, str]] = []
        for state in order["states"]:
            gated = state in AT_GATE or (state == "RUNNING" and len(order["states"]) == 3)
            first = not artifacts
            last = (known + artifacts)[-1]["artifact_hash"] if known + artifacts else "0" * 64
            number = len(known) + len(artifacts)
            instance = uuid.UUID(self.given["instance_id"])
            artifact = {
                **self.place(),
                **self.program(),
                "artifact_version": "1.0.0",
                "artifact_id": str(uuid.uuid5(instance, f"gantral/artifact/{number}")),
                "authority_state": state,
                "cause": order["cause"] if first else "none",
                "context_hash": about,
                "decision_hash": "none",
                "gate": order["gate"] if gated else "none",
                "human_actor_id": self.actor(order["human"]) if first else "none",
                "policy_version_id": order["policy_version_id"] if first else "none",
                "prev_artifact_hash": last,
                "records_hash": "none",
                "round": order["round"] if gated else "none",
                "sequence": str(number),
                "timestamp": order["timestamp"],
            }
            if first:
                told = {"prev_commit_hash": prev, "records": records}
                artifact["records_hash"] = h("records", jcs(told))
                if decision != "none":
                    artifact["decision_hash"] = h("decision", jcs(decision))
            artifact["artifact_hash"] = hashlib.sha256(jcs(artifact)).hexdigest()
            artifacts.append(artifact)
        statement = {
            **self.place(),
            "type": "gantral.dev/commit/v1",
            "artifacts": artifacts,
            "commit": str(len(self.commits)),
            "context": pairs,
            "decision": decision,
            "prev_commit_hash": prev,
            "records": records,
            "timestamp": order["timestamp"],
        }
        envelope = self.seal("commit", statement, order["key"])
        self.files[f"commits/{len(self.commits):08d}.json"] = jcs(envelope)
        self.commits.append((h("commit", jcs(statement)), statement))

    def assurance(self, who: dict[str, Any]) -> dict[str, str]:
        path = f"/identity/{self.actor(who['who'])}"
        person = self.given["people"][who["who"]]
        return {
            "aud": self.given["audience"],
            "auth_time": who["auth_time"],
            "identity": self.leaf(who["identity_salt"], path, person),
            "iss": self.given["issuer"],
            "level": who["level"],
            "role_map": self.given["role_map"],
            "token_hash": who["token_hash"],
        }

    def decision(self, order: Any, about: str, before: Any, leaves: Any) -> Any:
        if "submission" in order:
            made = order["submission"]
            statement = {
                **self.place(),
                **self.program(),
                "type": "gantral.dev/submission/v1",
                "assurance": self.assurance(made),
                "business_key": self.leaf(
                    made["business_key"][0], "/business_key", made["business_key"][1]
                ),
                "context_hash": about,
                "environment": self.given["environment"],
                "human_actor_id": self.actor(made["who"]),
                "parent_artifact_hash": "none",
                "retain_until": made["retain_until"],
                "timestamp": made["timestamp"],
            }
            return {"submission": self.seal("submission", statement, "decision")}
        if "votes" not in order:
            return "none"
        waiting = self.commits[-1][1]
        deciders = next(r for r in waiting["records"] if r["kind"] == "deciders")
        amended = order["context"]["amended"] if isinstance(order["context"], dict) else []
        return {
            "type": "gantral.dev/decision/v1",
            "waiting_artifact_hash": waiting["artifacts"][0]["artifact_hash"],
            "excluded": deciders["excluded"],
            "eligible": [],
            "votes": [self.vote(vote, waiting["artifacts"][0]) for vote in order["votes"]],
            "opened_before": [self.texts[before[path]] for path in order["opened_before"]],
            "opened_after": [self.texts[leaves[path]] for _, path, _ in amended],
        }

    def vote(self, vote: Any, waiting: Any) -> dict[str, Any]:
        salt, reason = vote["justification"]
        leaf = self.leaf(salt, f"/justification/{vote['timestamp']}", reason)
        statement = {
            "type": "gantral.dev/authority-decision/v1",
            "instance_id": self.given["instance_id"],
            "amendment": vote["amendment"],
            "assurance": self.assurance(vote),
            "context_snapshot_hash": waiting["context_hash"],
            "decision_id": vote["decision_id"],
            "decision_type": vote["type"],
            "human_actor_id": self.actor(vote["who"]),
            "justification": "leaf:" + leaf,
            "justification_length": str(len(reason)),
            "role": vote["role"],
            "supersedes": "none",
            "timestamp": vote["timestamp"],
            "waiting_artifact_hash": waiting["artifact_hash"],
        }
        return self.seal("authority-decision", statement, "decision")

    def record(self, made: dict[str, Any]) -> dict[str, Any]:
        made = dict(made)
        if made["kind"] == "deciders":
            made["excluded"] = sorted(map(self.actor, made["excluded"]))
        if made["kind"] == "end" and made["message"] != "none":
            made["message"] = self.leaf(made["message"][0], "/end/message", made["message"][1])
        if made["kind"] not in ("use", "outcome"):
            return made
        kind = made.pop("kind")
        commit_hash, commit = self.commits[int(made["grant"])]
        artifacts, shown = commit["artifacts"], dict(commit["context"])
        made["grant"] = artifacts[0]["artifact_hash"] if artifacts else commit_hash
        made |= self.place() | {"type": f"gantral.dev/{kind}/v1"}
        if kind == "use":
            made["arguments"] = [[name, path, shown[path]] for name, path in made["arguments"]]
            return {"kind": kind, "claim": self.seal("use", made, "effect")}
        made["results"] = [
            [path, self.leaf(salt, f"/result/{made['call']}{path}", value)]
            for salt, path, value in made["results"]
        ]
        return {"kind": kind, "outcome": self.seal("outcome", made, "effect")}

    def trust(self) -> bytes:
        given = dict(self.given["trust"])
        life = {"not_before": given.pop("not_before"), "not_after": given.pop("not_after")}
        life["environment"] = given["environment"]
        team = self.given["owning_team_id"]
        keys = {}
        for use in self.keys:
            raw = self.public(use)
            keys[hashlib.sha256(raw).hexdigest()] = {
                **life,
                "alg": "ed25519",
                "public_key": raw.hex(),
                "use": use,
                "teams": [team],
                "compromised_from": "none",
            }
        programs = [{**life, **self.program(), "owning_team_id": team}]
        return jcs({**given, "type": "gantral.dev/trust/v1", "keys": keys, "programs": programs})


@pytest.mark.parametrize("name", NAMES)
def test_every_byte_is_reproduced(name: str) -> None:
    folder = VECTORS / name
    given = json.loads((folder / "inputs.json").read_text(encoding="utf-8"))
    manifest = (folder / "instance" / "manifest.json").read_bytes()
    stranger = Stranger(given, manifest)
    published = {
        path.relative_to(folder / "instance").as_posix(): path.read_bytes()
        for path in (folder / "instance").rglob("*")
        if path.is_file()
    }
    assert stranger.files == published
    assert stranger.trust() == (folder / "trust.json").read_bytes()
