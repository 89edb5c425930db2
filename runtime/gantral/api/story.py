"""One instance as the evidence tells it: every state here was committed, signed and read back.

The API believes the store and not a workflow's memory, so what an approver is shown is exactly
what the hash in their vote covers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

from gantral.api.awaited import Awaiting, Sent, open_waits, sent
from gantral.authority import ENDS, State
from gantral.evidence import EvidenceError, H, Store, TrustFile, parse
from gantral.evidence.bytes import parse_object
from gantral.evidence.envelope import Sealed, judge, read_envelope, unwrap
from gantral.evidence.erasures import Erased, erasures, said_of
from gantral.evidence.hashes import leaf

_T = TypeVar("_T")
_COMMIT_USES = frozenset({"commit", "closer"})
_MOST_KEPT = 20_000


class Untold(Exception):  # noqa: N818 - the evidence's state, not a fault of ours
    """The evidence of an instance can't be read as it should be; the message names the place."""


@dataclass(frozen=True)
class Vote:
    """A sealed vote as it lies in the store. ``refusal``: its rule and message, when refused."""

    hash: str
    envelope: Mapping[str, Any]
    statement: Mapping[str, Any]
    refusal: Mapping[str, Any] | None


@dataclass(frozen=True)
class Waiting:
    """A gate that was opened. ``values``: pointer -> leaf value of the proposal, as shown.

    ``instants``: [[instant, action, from, to], …]; ``excluded`` and ``named`` are actor ids;
    ``ask``: its site with the indexes of its loops, "" at a gate whose asks are not told apart.
    """

    commit: int
    artifact: Mapping[str, Any]
    context: Sequence[Sequence[str]]
    values: Mapping[str, Any]
    instants: Sequence[Sequence[Any]]
    excluded: Sequence[str]
    named: Mapping[str, Sequence[str]]
    ask: str

    @property
    def gate(self) -> str:
        """The gate's name."""
        return str(self.artifact["gate"])

    @property
    def round(self) -> int:
        """Its round, from 1."""
        return int(self.artifact["round"])

    @property
    def deadline(self) -> str:
        """The instant of ``reject``."""
        return str(self.instants[-1][0])


@dataclass(frozen=True)
class Story:
    """What is committed of one instance. ``names``: actor id -> claim value, where not erased."""

    team: str
    instance_id: str
    version_id: str
    manifest: Mapping[str, Any]
    submission: Mapping[str, Any]
    commits: tuple[Mapping[str, Any], ...]
    waiting: Waiting | None
    hashes: tuple[str, ...]  # of the commits
    awaiting: tuple[Awaiting, ...]
    votes: tuple[Vote, ...]
    texts: Mapping[str, Any] = field(repr=False)
    names: Mapping[str, str] = field(repr=False)
    erased: Mapping[str, Erased] = field(default_factory=dict)

    @property
    def artifacts(self) -> list[Mapping[str, Any]]:
        """Every artifact, in order."""
        return [one for commit in self.commits for one in commit["artifacts"]]

    @property
    def state(self) -> State:
        """The authority state it is in."""
        return State(self.artifacts[-1]["authority_state"])

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.state in ENDS

    def asked(self, shown: str) -> Waiting | None:
        """The gate of this waiting_artifact_hash, open or over; None when it was never opened.

        Raises:
            Untold: a text of its proposal is gone.
        """
        for number, commit in enumerate(self.commits):
            if any(one["artifact_hash"] == shown for one in commit["artifacts"]):
                return _waiting(self.commits[: number + 1], self.texts)
        return None

    @property
    def counted(self) -> dict[str, str]:
        """Each vote that a committed decision holds, by its hash, with the state it led to."""
        return {
            unwrap(envelope, "authority-decision").hash: commit["artifacts"][0]["authority_state"]
            for commit in self.commits
            if isinstance(commit["decision"], dict)
            for envelope in commit["decision"].get("votes", [])
        }

    @property
    def sent(self) -> list[Sent]:
        """The events that were taken, in order."""
        return sent(self.commits, self.hashes)

    @property
    def children(self) -> list[str]:
        """The instances that it ran as its children, in order."""
        return [
            str(unwrap(record["submission"], "submission").statement["instance_id"])
            for commit in self.commits
            for record in commit["records"]
            if record["kind"] == "child"
        ]

    @property
    def end(self) -> Mapping[str, Any] | None:
        """The record of its end: message leaf, statement, standing calls."""
        records = self.commits[-1]["records"]
        return next((one for one in records if one["kind"] == "end"), None)

    @property
    def standing(self) -> list[str]:
        """Call ids of effects that are done or unknown, and not undone, after its end."""
        return list(self.end["standing"]) if self.end else []

    @property
    def done(self) -> set[str]:
        """Call ids of effects whose signed outcome is done."""
        outcomes = [
            unwrap(record["outcome"], "outcome").statement
            for commit in self.commits
            for record in commit["records"]
            if record["kind"] == "outcome"
        ]
        return {one["call"] for one in outcomes if one["status"] == "done"}

    def value(self, leaf_hash: str) -> Any:
        """The value behind a leaf, or None when it is gone."""
        return self.texts.get(leaf_hash)

    def said(self, leaf_hash: str) -> Any:
        """The value behind a leaf, or when and why it was erased."""
        if leaf_hash in self.texts:
            return self.texts[leaf_hash]
        return str(self.erased.get(leaf_hash, "(missing)"))

    def values(self, commit: Mapping[str, Any]) -> dict[str, Any]:
        """pointer -> leaf value of a commit's context, as ``said``."""
        return {path: self.said(one) for path, one in commit["context"]}


class Library:
    """Reads stories, in many threads at once. What was read once of the write-once store is kept.

    Args:
        store: the evidence. trust: whose signatures count. teams: where instances are looked for.
    """

    def __init__(self, store: Store, trust: TrustFile, teams: Sequence[str]) -> None:
        self._store = store
        self._trust = trust
        self._teams = tuple(teams)
        self._kept: dict[str, Any] = {}
        self._lock = Lock()

    def team_of(self, instance_id: str) -> str | None:
        """The team whose instance this is, or None when there is no such instance."""
        for team in self._teams:
            if self._store.get(f"{team}/{instance_id}/commits/00000000.json") is not None:
                return team
        return None

    def story(self, instance_id: str) -> Story | None:
        """The instance's story, or None when nothing of it was committed.

        Raises:
            Untold: its evidence is not as it should be. StoreError.
        """
        team = self.team_of(instance_id)
        return None if team is None else self._tell(team, instance_id)

    def _tell(self, team: str, instance_id: str) -> Story:
        place = f"{team}/{instance_id}"
        commits: list[Mapping[str, Any]] = []
        hashes: list[str] = []
        while (one := self._commit(team, f"{place}/commits/{len(commits):08d}.json")) is not None:
            hashes.append(one[0])
            commits.append(one[1])
        first = commits[0]["artifacts"][0]
        try:
            erased = said_of(erasures(self._store, self._trust, team, instance_id))
        except EvidenceError as error:
            raise Untold(f"{place}/erasures: {error}") from None
        # Named by an erasure and still there: whoever erases it is not done yet.
        texts = {name: one for name, one in self._texts(place).items() if name not in erased}
        values = {name: parts[3] for name, parts in texts.items()}
        sealed = unwrap(commits[0]["decision"]["submission"], "submission")
        # A person's start is sealed by the API, a child's by the evidence worker.
        child = sealed.statement.get("parent_artifact_hash") != "none"
        submission = self._opened(sealed, "commit" if child else "decision", team)
        return Story(
            team=team,
            instance_id=instance_id,
            version_id=first["workflow_version_id"],
            manifest=self._manifest(place, first["workflow_version_id"]),
            submission=submission,
            commits=tuple(commits),
            waiting=_waiting(commits, values),
            hashes=tuple(hashes),
            awaiting=open_waits(commits, hashes),
            votes=self._votes(team, place),
            texts=values,
            names={
                parts[2].removeprefix("/identity/"): str(parts[3])
                for parts in texts.values()
                if parts[2].startswith("/identity/")
            },
            erased=erased,
        )

    def _commit(self, team: str, key: str) -> tuple[str, Mapping[str, Any]] | None:
        found: tuple[str, Mapping[str, Any]] | None = self._kept.get(key)
        if found is None:
            data = self._store.get(key)
            if data is None:
                return None
            try:
                sealed = read_envelope(data, "commit")
                at = str(sealed.statement["timestamp"])
                opened = judge(sealed, self._trust, _COMMIT_USES, team, at)
            except (EvidenceError, KeyError) as error:
                raise Untold(f"{key}: {error}") from None
            found = self._keep(key, (opened.hash, opened.statement))
        return found

    def _votes(self, team: str, place: str) -> tuple[Vote, ...]:
        votes = []
        for key in list(self._store.list(f"{place}/votes")):
            if key.endswith(".refusal.json"):
                continue
            found = self._kept.get(key)
            if found is None:
                data = self._store.get(key) or b""
                try:
                    sealed = read_envelope(data, "authority-decision")
                    statement = self._opened(sealed, "decision", team)
                    found = self._keep(key, (sealed.hash, parse_object(data), statement))
                except EvidenceError as error:
                    raise Untold(f"{key}: {error}") from None
            name, envelope, statement = found
            votes.append(Vote(name, envelope, statement, self._refusal(team, key)))
        votes.sort(key=lambda vote: (vote.statement["timestamp"], vote.hash))
        return tuple(votes)

    def _refusal(self, team: str, key: str) -> Mapping[str, Any] | None:
        key = f"{key.removesuffix('.json')}.refusal.json"
        found: Mapping[str, Any] | None = self._kept.get(key)
        if found is None:
            data = self._store.get(key)
            if data is None:
                return None
            try:
                opened = self._opened(read_envelope(data, "refusal"), "decision", team)
            except EvidenceError as error:
                raise Untold(f"{key}: {error}") from None
            found = self._keep(key, opened)
        return found

    def _opened(self, sealed: Sealed, use: str, team: str) -> Mapping[str, Any]:
        at = str(sealed.statement.get("timestamp"))
        try:
            return judge(sealed, self._trust, frozenset({use}), team, at).statement
        except EvidenceError as error:
            raise Untold(f"{sealed.kind}: {error}") from None

    def _manifest(self, place: str, version_id: str) -> Mapping[str, Any]:
        key = f"{place}/manifest.json"
        found: Mapping[str, Any] | None = self._kept.get(key)
        if found is None:
            data = self._store.get(key)
            if data is None or H("manifest", data) != version_id:
                raise Untold(f"{key} is not the manifest that the instance was started with")
            # The hash pins its bytes, and its shapes nest deeper than a statement may.
            found = self._keep(key, json.loads(data))
        return found

    def _texts(self, place: str) -> dict[str, list[Any]]:
        # Never kept: a text can be erased, and must then be gone here too.
        texts: dict[str, list[Any]] = {}
        for key in list(self._store.list(f"{place}/texts")):
            data = self._store.get(key)
            if data is None:
                continue
            try:
                parts = parse(data)
            except EvidenceError as error:
                raise Untold(f"{key}: {error}") from None
            name = key.rsplit("/", 1)[1].removesuffix(".json")
            if not isinstance(parts, list) or len(parts) != 4 or leaf(parts) != name:
                raise Untold(f"{key} is not the text that its name binds")
            texts[name] = parts
        return texts

    def _keep(self, key: str, value: _T) -> _T:
        with self._lock:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = value
        return value


def _waiting(commits: Sequence[Mapping[str, Any]], texts: Mapping[str, Any]) -> Waiting | None:
    last = commits[-1]["artifacts"][-1:] or [None]
    if last[0] is None or last[0]["authority_state"] != State.WAITING_FOR_HUMAN:
        return None
    commit = commits[-1]
    records = {record["kind"]: record for record in commit["records"]}
    values = {}
    for path, name in commit["context"]:
        if name not in texts:
            raise Untold(f"the text at {path} of the proposal is gone, so it can't be shown")
        values[path] = texts[name]
    return Waiting(
        commit=len(commits) - 1,
        artifact=last[0],
        context=commit["context"],
        values=values,
        instants=records["clock"]["instants"],
        excluded=records["deciders"]["excluded"],
        named=records["deciders"]["named"],
        ask=records.get("ask", {"ask": ""})["ask"],
    )
