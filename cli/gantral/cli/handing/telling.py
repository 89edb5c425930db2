"""One instance as a story: what was asked, who saw what and decided what, what was done, the end.

The story is made of the same evidence that was judged, and of nothing else. Its words for a gate
are the inbox's (`gantral.api.words`), so that an auditor reads what an approver read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gantral.api import words
from gantral.evidence import H
from gantral.evidence.envelope import read_envelope, unwrap
from gantral.evidence.erasures import Erased, said_of
from gantral.evidence.folder import Files
from gantral.evidence.hashes import leaf_of, read_text
from gantral.evidence.manifest import check_manifest
from gantral.evidence.planned import plan_at

NONE = "none"
_VOTED = {
    "APPROVE": "approved", "OVERRIDE": "approved with a change", "REJECT": "rejected",
    "RETRACT": "took the vote back", "WITHDRAW": "withdrew the request",
}  # fmt: skip
_ENDED = {"done": "done", "not_done": "not done", "unknown": "unknown whether it was done"}


@dataclass
class Part:
    """A part of a story: a heading, rows of what and its value, and parts below it."""

    heading: str
    rows: list[tuple[str, str]] = field(default_factory=list)
    below: list[Part] = field(default_factory=list)

    def row(self, what: str, value: str) -> None:
        """Add a row, unless it says nothing."""
        if value not in ("", NONE):
            self.rows.append((what, value))


@dataclass
class Story:
    """One instance, told. ``decided`` are [gate, round, outcome, who decided, when]."""

    instance_id: str
    team: str
    workflow: str
    version: str
    version_id: str
    started_by: str
    started_at: str
    state: str = ""
    cause: str = NONE
    at: str = ""
    parts: list[Part] = field(default_factory=list)
    decided: list[tuple[str, str, str, tuple[str, ...], str]] = field(default_factory=list)
    policies: set[str] = field(default_factory=set)
    role_maps: set[str] = field(default_factory=set)
    done: list[tuple[str, str]] = field(default_factory=list)  # call, status
    standing: list[str] = field(default_factory=list)
    children: list[tuple[str, str]] = field(default_factory=list)  # call, instance
    gaps: list[str] = field(default_factory=list)


def tell(files: Files) -> Story:
    """The story of evidence that was judged, and not INVALID: as far as its chain goes.

    Raises:
        EvidenceError: it is not even readable.
    """
    return _Teller(files).story()


class _Teller:
    def __init__(self, files: Files) -> None:
        data = files.read("manifest.json") or b""
        self.manifest = check_manifest(data)
        self.version_id = H("manifest", data)
        self.files = files
        self.texts: dict[str, list[str]] = {}
        for name in files.under("texts/"):
            data = files.read(name) or b""
            text = read_text(data)
            # A chain with a gap was judged up to that alone: its texts are held to it here.
            if text is not None and name == f"texts/{leaf_of(data)}.json":
                self.texts[name[6:-5]] = text
        self.names = {
            text[2].removeprefix("/identity/"): text[3]
            for text in self.texts.values()
            if text[2].startswith("/identity/")
        }
        self.erased: dict[str, Erased] = {}
        self.asked: dict[str, Any] = {}

    def story(self) -> Story:
        commits = list(self._commits())
        # What lies beside the commits was judged only if none of those is missing.
        whole = len(commits) == len(self.files.under("commits/"))
        names = self.files.under("erasures/") if whole else ()
        erasures = [read_envelope(self.files.read(name) or b"", "erasure") for name in names]
        self.erased = said_of(erasures)
        first = commits[0]["artifacts"][0]
        submission = unwrap(commits[0]["decision"]["submission"], "submission").statement
        self.told = Story(
            instance_id=first["instance_id"],
            team=first["owning_team_id"],
            workflow=first["workflow_id"],
            version=self.manifest["version"],
            version_id=self.version_id,
            started_by=self.who(first["human_actor_id"]),
            started_at=first["timestamp"],
        )
        for commit in commits:
            for artifact in commit["artifacts"]:
                self.told.state, self.told.at = artifact["authority_state"], artifact["timestamp"]
            self._commit(commit, submission)
        if whole:
            self._beside()
        for one in sorted(erasures, key=lambda one: str(one.statement["timestamp"])):
            part = Part("Texts were erased")
            part.row("at", one.statement["timestamp"])
            part.row("how many", str(len(one.statement["leaves"])))
            part.row("reason", one.statement["reason"])
            self.told.parts.append(part)
        if self.erased:
            self.told.gaps.append(f"{len(self.erased)} texts erased")
        if self.told.state not in ("COMPLETED", "REJECTED", "TERMINATED"):
            self.told.gaps.append("no end")
        return self.told

    def _commits(self) -> Iterator[Mapping[str, Any]]:
        number = 0
        while (data := self.files.read(f"commits/{number:08d}.json")) is not None:
            yield read_envelope(data, "commit").statement
            number += 1

    def who(self, actor: str) -> str:
        """A person: the name that the evidence holds for them, and the actor id."""
        if actor == NONE:
            return "nobody"
        return f"{self.names[actor]} ({actor})" if actor in self.names else actor

    def text(self, leaf: str) -> str:
        """The value behind a leaf, for people."""
        leaf = leaf.removeprefix("leaf:")
        if leaf == NONE:
            return ""
        if leaf not in self.texts:
            return str(self.erased.get(leaf, "(missing)"))
        value = self.texts[leaf][3]
        return self.who(value) if value.startswith("actor:") else words.value(value)

    def _rows(self, context: Sequence[Sequence[str]], prefix: str = "") -> list[tuple[str, str]]:
        return [
            (words.field(path.removeprefix(prefix)) or "value", self.text(leaf))
            for path, leaf in context
        ]

    def _commit(self, commit: Mapping[str, Any], submission: Mapping[str, Any]) -> None:
        first = commit["artifacts"][0] if commit["artifacts"] else None
        state = first["authority_state"] if first else ""
        self._policies(commit)
        if state == "CREATED":
            self._created(commit, submission)
        elif state == "WAITING_FOR_HUMAN":
            self._waiting(commit)
        elif state in ("APPROVED", "OVERRIDDEN", "REJECTED"):
            self._decided(commit, state)
        else:
            self._passed(commit)
        self._done(commit)
        if state in ("COMPLETED", "REJECTED", "TERMINATED"):
            self._end(commit, state)

    def _policies(self, commit: Mapping[str, Any]) -> None:
        for told in (*commit["artifacts"], *commit["records"]):
            if (revision := told.get("policy_version_id", NONE)) != NONE:
                self.told.policies.add(revision)

    def _created(self, commit: Mapping[str, Any], submission: Mapping[str, Any]) -> None:
        self.told.role_maps.add(submission["assurance"]["role_map"])
        part = Part("What was asked for")
        part.row("by", self.told.started_by)
        part.row("at", commit["timestamp"])
        part.row("business key", self.text(submission["business_key"]))
        part.row("environment", submission["environment"])
        parent = submission["parent_artifact_hash"]
        part.row("run as a child under the artifact", parent)
        part.row("started from", submission.get("started_from", {}).get("instance_id", NONE))
        part.row("role map", submission["assurance"]["role_map"])
        part.below.append(Part("the input", self._rows(commit["context"], "/input")))
        self.told.parts.append(part)

    def _waiting(self, commit: Mapping[str, Any]) -> None:
        artifact = commit["artifacts"][0]
        records = {record["kind"]: record for record in commit["records"]}
        rules = self.manifest["gates"][artifact["gate"]]
        values = {path: self.text(leaf) for path, leaf in commit["context"]}
        part = Part(f"Gate {artifact['gate']}, round {artifact['round']}: people were asked")
        part.row("at", commit["timestamp"])
        ask = records["ask"]["ask"] if "ask" in records else ""
        if ask:
            part.row("which is", words.approval(ask))
        part.row("who decides", self._deciders(rules, commit["context"]))
        part.rows += [("not", one) for one in words.apart(rules["apart"])]
        part.rows += [("kept out", self.who(one)) for one in records["deciders"]["excluded"]]
        part.rows += [
            (f"the person in {words.field(pointer)}", ", ".join(map(self.who, actors)))
            for pointer, actors in sorted(records["deciders"]["named"].items())
        ]
        if rules["prove"]["assurance"] != NONE:
            part.row("sign-in", f"with {rules['prove']['assurance']}")
        part.row("without a decision", f"rejected at {records['clock']['instants'][-1][0]}")
        part.rows += self._answers(commit)
        part.below.append(Part("what they were shown", self._rows(commit["context"])))
        sets_off = Part("what a yes sets off")
        plans = plan_at(rules, ask)
        for plan in (plans[call] for call in sorted(plans)):
            taken = self.manifest["operations"][plan["operation"]]["arguments"][1]
            order = [one[0] for one in taken]
            said = words.arguments(plan, values, order)
            told = "; ".join(f"{one['name']} {one['value']}" for one in said)
            sets_off.row(plan["operation"], told or "with no arguments")
        part.below.append(sets_off)
        self.told.parts.append(part)

    def _deciders(self, rules: Mapping[str, Any], context: Sequence[Sequence[str]]) -> str:
        """Who decides, by the values that were shown; of all cases when one of them is gone."""
        values = {p: self.texts[leaf][3] for p, leaf in context if leaf in self.texts}
        if len(values) == len(context) or len(rules["decide"]) == 1:
            return words.deciders(rules, values)
        return "; or ".join(words.formula(case["formula"], values) for case in rules["decide"])

    def _answers(self, commit: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [
            ("policy" if record["kind"] == "policy" else record["kind"],
             f"{record['query']} said {record['answer']}, revision {record['policy_version_id']}")
            for record in commit["records"]
            if record["kind"] in ("policy", "guard", "waiver")
        ]  # fmt: skip

    def _decided(self, commit: Mapping[str, Any], state: str) -> None:
        artifact = commit["artifacts"][0]
        outcome = {"APPROVED": "approved", "OVERRIDDEN": "approved with a change"}.get(
            state, "rejected"
        )
        part = Part(f"Gate {artifact['gate']}, round {artifact['round']}: {outcome}")
        part.row("at", commit["timestamp"])
        part.row("cause", _cause(artifact["cause"]))
        part.row("completed by", self.who(artifact["human_actor_id"]))
        part.rows += self._answers(commit)
        deciders = []
        decision = commit["decision"]
        for envelope in decision["votes"] if decision != NONE else ():
            vote = unwrap(envelope, "authority-decision").statement
            deciders.append(self.who(vote["human_actor_id"]))
            part.below.append(self._vote(vote))
        changed = self._changed(commit) if state == "OVERRIDDEN" else []
        if changed:
            part.below.append(Part("what was approved instead", changed))
        self.told.parts.append(part)
        self.told.decided.append(
            (artifact["gate"], artifact["round"], outcome, tuple(dict.fromkeys(deciders)),
             commit["timestamp"])
        )  # fmt: skip

    def _changed(self, commit: Mapping[str, Any]) -> list[tuple[str, str]]:
        before = dict(self.asked)
        return self._rows([one for one in commit["context"] if before.get(one[0]) != one[1]])

    def _vote(self, vote: Mapping[str, Any]) -> Part:
        self.told.role_maps.add(vote["assurance"]["role_map"])
        said = _VOTED[vote["decision_type"]]
        part = Part(f"{self.who(vote['human_actor_id'])} {said}")
        part.row("at", vote["timestamp"])
        part.row("as", ", ".join(words.role(one) for one in vote["role"]))
        part.rows += [(f"{words.field(p)} becomes", words.value(v)) for p, v in vote["amendment"]]
        part.row("reason", self.text(vote["justification"]))
        part.row("signed in at", vote["assurance"]["auth_time"])
        part.row("assurance", vote["assurance"]["level"])
        part.row("role map", vote["assurance"]["role_map"])
        return part

    def _passed(self, commit: Mapping[str, Any]) -> None:
        for record in commit["records"]:
            if record["kind"] == "waiver":
                part = Part(f"Gate {record['gate']}, round {record['round']}: waived by policy")
                part.rows += [("at", commit["timestamp"]), *self._answers(commit)]
            elif record["kind"] == "unasked":
                part = Part(f"Gate {record['gate']}, round {record['round']}: nobody was asked")
                part.row("at", commit["timestamp"])
                part.row("because this was false", record["condition"])
            elif record["kind"] == "child":
                child = unwrap(record["submission"], "submission").statement
                self.told.children.append((record["call"], child["instance_id"]))
                part = Part(f"Child {record['call']} was started")
                part.rows += [("at", commit["timestamp"]), ("instance", child["instance_id"])]
                part.row("workflow", child["workflow_id"])
            else:
                continue
            if record["kind"] != "child":
                part.rows += [
                    ("which is", words.approval(one["ask"]))
                    for one in commit["records"]
                    if one["kind"] == "ask"
                ]
                said = "waived" if record["kind"] == "waiver" else "unasked"
                self.told.decided.append(
                    (record["gate"], record["round"], said, (), commit["timestamp"])
                )
                part.below.append(Part("what it was about", self._rows(commit["context"])))
            self.told.parts.append(part)

    def _done(self, commit: Mapping[str, Any]) -> None:
        for record in commit["records"]:
            if record["kind"] in ("use", "child_undo"):
                claim = unwrap(record["claim"], "use").statement
                undo = _undo(record["kind"], claim)
                part = Part(f"Effect {undo}{claim['call']} began")
                part.row("at", claim["timestamp"])
                part.rows += [
                    (_argument(name), self._argument(source, leaf))
                    for name, source, leaf in claim["arguments"]
                ]
            elif record["kind"] in ("outcome", "child_undone"):
                ended = unwrap(record["outcome"], "outcome").statement
                undo = _undo(record["kind"], ended)
                part = Part(f"Effect {undo}{ended['call']}: {_ENDED[ended['status']]}")
                part.row("at", ended["timestamp"])
                part.rows += self._rows(ended["results"])
                self.told.done.append((undo + ended["call"], ended["status"]))
            elif record["kind"] == "child_end":
                part = Part(f"Child {record['call']} ended: {record['state']}")
                part.row("cause", _cause(record["cause"]))
                part.row("what stands of it", ", ".join(record.get("standing", [])))
            else:
                continue
            self.told.parts.append(part)
        self.asked = dict(commit["context"])

    def _argument(self, source: str, leaf: str) -> str:
        return self.text(leaf) if leaf != NONE else f"as the program computes it ({source})"

    def _end(self, commit: Mapping[str, Any], state: str) -> None:
        artifact = commit["artifacts"][0]
        self.told.cause = artifact["cause"]
        part = Part(f"How it ended: {state}")
        part.row("at", commit["timestamp"])
        part.row("cause", _cause(artifact["cause"]))
        if state == "TERMINATED":
            part.row("by", self.who(artifact["human_actor_id"]))
            part.rows += self._answers(commit)
        for record in commit["records"]:
            if record["kind"] == "end":
                part.row("message", self.text(record["message"]))
                part.row("statement", record["statement"])
                self.told.standing = list(record["standing"])
                part.row("effects that stand", ", ".join(record["standing"]))
        if state == "COMPLETED":
            part.below.append(Part("the output", self._rows(commit["context"], "/output")))
        self.told.parts.append(part)

    def _beside(self) -> None:
        for name in self.files.under("votes/"):
            if name.endswith(".refusal.json"):
                continue
            vote = read_envelope(self.files.read(name) or b"", "authority-decision").statement
            part = self._vote(vote)
            refusal = self.files.read(f"{name[:-5]}.refusal.json")
            reason = "nothing says what became of it"
            if refusal is not None:
                reason = read_envelope(refusal, "refusal").statement["reason"]
            part.heading += ", which was not counted"
            part.row("because", reason)
            self.told.parts.append(part)


def _argument(name: str) -> str:
    """ "amount.amount" is "amount": what is said twice is said once."""
    return " ".join(dict.fromkeys(name.replace("_", " ").split(".")))


def _undo(kind: str, statement: Mapping[str, Any]) -> str:
    """How a claim or an outcome is called before its call id."""
    if kind.startswith("child_"):
        return f"undo of {statement['instance_id']}/"
    return "undo of " if statement["slot"].startswith("undo/") else ""


def _cause(cause: str) -> str:
    return "" if cause == NONE else cause.replace("_", " ")
