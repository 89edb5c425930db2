"""Publish wrong chains as vectors (docs/evidence/vectors/README.md): a base, what is gone, what is
other. `vectors.py` writes them."""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import test_asks_told_apart as asks
import test_beside_commits as beside
import test_calendar_gates as calendar
import test_guarded_gates as guarded
import test_only_if as only_if
import test_several_approvals as several
import test_verifier_rules as rules
import test_waits_in_chains as waits
from gantral.evidence import TrustFile
from gantral.evidence.folder import Kept, belongs
from gantral.evidence.verify import verify_disclosure, verify_files
from scenes import Forge, Scene, build
from vector_manifest import MANIFEST
from vectors import CHAINS, VECTORS, inputs
from wrong import BASES, Wrong
from wrong_chain import CHAIN
from wrong_gate import GATE

Files = dict[str, bytes]
HEX = re.compile("[0-9a-f]{64}")
# Of the forgeries that other tests have, a stranger's verifier is shown these: code -> why.
MORE: dict[str, str] = {
    "artifact_hash": "an artifact's hash is not that of its bytes",
    "artifact_id": "an artifact has an id that does not follow from its sequence",
    "timestamp": "an artifact has another time than its commit",
    "context_hash": "an artifact is about another context than its commit",
    "records_hash": "an artifact binds other records than its commit has",
    "decision_hash": "an artifact binds another decision than its commit has",
    "first_only": "the second artifact of a commit names a person",
    "cause": "COMPLETED has no cause",
    "policy_member": "COMPLETED names a policy's revision",
    "prev_commit": "a commit follows another one than the one before it",
    "number": "a commit says another number than its name",
    "prev_artifact": "the first artifact of a commit does not follow the last one before it",
    "time_order": "a commit is older than the one before it",
    "key_use": "a key for votes signed a commit",
    "key_team": "the key of a commit is of another team",
    "key_lifetime": "the key of a commit had ended",
    "key_compromised": "the key of a vote was compromised before it",
    "closer": "the closer's key ends what is neither lost nor out of time",
    "program": "an artifact is of another program than manifest.json",
    "environment": "a submission of development under a trust file of production",
    "submission": "the submission is about another context than CREATED",
    "initiator": "CREATED names another person than the submission",
    "submission_time": "the submission is younger than CREATED",
    "other_instance": "a submission of another instance",
    "other_team": "a submission of another team",
    "input": "what CREATED is about is not the program's input",
    "proposal": "what is shown at the gate is not its proposal",
    "clock": "a deadline is a millisecond later than the program says",
    "excluded": "the initiator is not kept out",
    "policy_record": "the policy answered ALLOW, and people are asked all the same",
    "policy_version": "WAITING_FOR_HUMAN names another revision than the policy's answer",
    "policy_input": "a policy answered, and nothing says what it was asked",
    "round": "a gate's first round is its second",
    "automaton": "the program does not come to COMPLETED here",
    "decision_bind": "a decision is about another WAITING artifact",
    "decision_excluded": "a decision keeps out others than the opening",
    "decision_eligible": "a decision names an eligible person whom the gate does not",
    "vote_shown": "a vote is about something else than what was shown",
    "vote_excluded": "the initiator approves",
    "vote_role": "a voter has no role that decides here",
    "vote_assurance": "a voter's login was weaker than the gate wants",
    "vote_login": "a voter's login is too old",
    "vote_reason": "a vote's reason is too short",
    "vote_supersedes": "a person's first vote names one before it",
    "vote_amendment": "an amendment raises an amount that may only be lowered",
    "recount": "one manager is not two",
    "surplus_vote": "a vote is counted after the decision stood",
    "human_actor": "APPROVED names another person than who completed it",
    "opened_paths": "a value is opened that no rule reads",
    "amended_values": "the decided value is another than was voted for",
    "early_deadline": "a deadline ends a gate before it",
    "no_eligible": "nobody is said to be eligible, and there are people who are",
    "policy_cause": "a policy is said to have ended a gate that no policy guards",
    "standing": "an effect that stands is not told",
    "output": "what COMPLETED is about is not the program's output",
    "waiver": "a policy waives a gate that another one waives",
    "waiver_form": "a waiver does not say what the policy was asked",
    "waiver_alone": "a waiver is told twice in one commit",
    "critical": "a critical effect acts under a waiver",
    "slot": "a claim of a slot beyond the gate's uses",
    "queue": "a claim by a worker of another queue",
    "lasts": "a claim after the approval has lapsed",
    "claim_time": "a claim older than the approval",
    "argument": "a claim's argument comes from somewhere else than the plan says",
    "outcome_time": "an outcome is older than its claim",
    "outcome_results": "what was not done has a result",
    "at_most": "a call is done twice that is planned once",
    "outcome_twice": "a claim has two outcomes",
    "empty": "a commit of nothing",
    "record_place": "an end record goes with COMPLETED",
    "no_votes": "a decision without a vote",
    "same_context": "a rejection is about something else than what was shown",
    "contradicted": "the votes approve, and the clock is said to have ended the gate",
    "policy_round": "a policy was asked for another round than the next",
    "undo_argument": "an undo acts on something else than what was done",
    "bound_twice": "one leaf stands at two places",
    "text_path": "a text says another path than where it is bound",
    "text_unbound": "a text that nothing binds",
}


# Of the rest these are not shown: each would bring a whole chain, or much of one, of a program of
# its own. Both verifiers are held to them all the same.
_LONG = {
    "undo:unknown", "slot_twice", "group:waiting", "at_most", "transition", "released:no effect",
    "argument:nothing", "text_path", "alike", "alike_unknown",
    "text_instance", "opened:never", "periods:more", "waiver",
}  # fmt: skip
_UNSHOWN = {"guard_denied", "unasked"}


def wrong() -> dict[str, Wrong]:
    """Every vector, published or not, by its name: the rule's code, and what is wrong after a
    colon where there are several."""
    found = {
        name: Wrong(
            "approved" if base == "empty" else base, why, forge, rules.EXTRA.get(base), then=then
        )
        for name, why in MORE.items()
        for base, forge, then in (rules.FORGERIES[name],)
    }
    found.update(CHAIN)
    found.update(GATE)
    others = [
        *((f"{name}:guarded", f, guarded.GUARDED, guarded.GUARDED_CHAINS[f[0]])
          for name, f in guarded.FORGERIES.items()),
        *((f"{name}:calendar", f, calendar.OFFICE, calendar.CHAINS_OF_OFFICE[f[0]])
          for name, f in calendar.FORGERIES.items() if f[0] != "plain"),
        *((f"{name}:waits", f, waits.WAITING, f[0]) for name, f in waits.FORGERIES.items()),
        *((f"{name}:rules", f, MANIFEST, rules.EXTRA.get(f[0]) or CHAINS[f[0]])
          for name, f in rules.FORGERIES.items() if name not in MORE),
    ]  # fmt: skip
    # Those are named by what is wrong.
    more: dict[str, Wrong] = {
        **{f"{code}:{what}": Wrong("unasked", what, forge)
           for what, (code, forge) in only_if.FORGERIES.items()},
        **{f"{code}:{what}": Wrong("two_gates", what, forge)
           for what, (code, forge) in several.FORGERIES.items()},
        **{f"{code}:{what}": Wrong("two_asks", what, chain=made)
           for what, (code, made) in asks.CHAINS.items()},
        **{f"{code}:{what}": Wrong("approved", what, made=made)
           for what, (code, made) in beside.SPOILED.items()},
        **{name: Wrong("waits", "nothing waits", chain=chain)
           for name, chain in waits.RAISED.items()},
        "wait_site": Wrong("approved", "a wait that the program has not", chain=waits.CHAIN),
        "calendar": Wrong("rejected", "a gate without a calendar tells open days",
                          calendar.FORGERIES["calendar"][1]),
    }  # fmt: skip
    for name, one in more.items():
        one.published = False
        found[name] = one
    for name, (_, forge, then), manifest, chain in others:
        found[name] = Wrong("approved", "", forge, chain, manifest, then=then, published=False)
    return found


def judged(scene: Scene) -> Any:
    """What the first verifier says of a vector: its last finding ends the judging."""
    trust = TrustFile.load(scene.trust)
    if "field.json" in scene.files:
        return verify_disclosure(scene.files["field.json"], trust)[0]
    files = Kept(scene.files)
    files.strangers = [name for name in scene.files if not belongs(name)]
    return verify_files(files, trust)


def files_of(scene: Scene) -> Files:
    """By their paths in a vector's folder."""
    if "field.json" in scene.files:
        return {**scene.files, "trust.json": scene.trust}
    return {
        **{f"instance/{path}": data for path, data in scene.files.items()},
        "trust.json": scene.trust,
    }


def valid(name: str) -> Files:
    chain, manifest = BASES[name]
    return files_of(build({**inputs("approved"), "commits": chain}, manifest, Forge()))


def published() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each vector's path in the folder of vectors, and what its file says."""
    bases = {name: valid(name) for name in BASES}
    for name, files in bases.items():
        if name not in {*CHAINS, *_UNSHOWN}:
            yield f"valid/{name}.json", {"verdict": "VALID", **changes({}, files)}
    for name, one in wrong().items():
        if not one.published or name in _LONG:
            continue
        scene = one.scene()
        findings = judged(scene).findings
        assert findings, name
        last = findings[-1]
        assert last.code == name.partition(":")[0], (name, last)
        base = one.base
        # What is wrong with artifacts.jsonl shows beside the commits alone.
        files = files_of(scene if last.code == "jsonl" else cut(scene, last.commit))
        said = {"verdict": "INVALID", "code": last.code, "commit": last.commit, "why": one.why}
        where = base if base in CHAINS else f"valid/{base}.json"
        plain = re.sub("[^a-z_]+", "-", name)
        yield f"invalid/{plain}.json", {**said, "base": where, **changes(bases[base], files)}


def changes(base: Files, files: Files) -> dict[str, Any]:
    """What makes the files of the base's: those that are gone, and those that are other or new."""
    return {
        "without": sorted(base.keys() - files.keys()),
        "files": {
            path: data.decode() for path, data in sorted(files.items()) if base.get(path) != data
        },
    }


def cut(scene: Scene, commit: str) -> Scene:
    """Without what follows the commit that is refused, which nobody reads: later commits, the lines
    for auditors, the texts of what is gone. A verifier that lacks the rule finds no end."""
    if not commit or "field.json" in scene.files:
        return scene
    last = f"commits/{int(commit):08d}.json"
    kept = {
        path: data
        for path, data in scene.files.items()
        if path == "manifest.json" or (path.startswith("commits/") and path <= last)
    }
    bound = set()
    for path, data in kept.items():
        if path != "manifest.json":
            bound |= set(named(data))
    kept.update({
        path: data for path, data in scene.files.items()
        if path.startswith("texts/") and path[6:70] in bound
    })  # fmt: skip
    return Scene(kept, scene.trust)


def named(data: bytes) -> Iterator[str]:
    """Every hash in an envelope, and in those inside it."""
    for payload in re.findall(rb'"payload":"([A-Za-z0-9+/=]+)"', data):
        inside = base64.b64decode(payload)
        yield from HEX.findall(inside.decode("utf-8", "replace"))
        yield from named(inside)


def write() -> None:
    for folder in ("valid", "invalid"):
        shutil.rmtree(VECTORS / folder, ignore_errors=True)
        (VECTORS / folder).mkdir()
    for path, said in published():
        text = json.dumps(said, ensure_ascii=False, indent=1)
        (VECTORS / path).write_text(text + "\n", encoding="utf-8")


def read(path: str, folder: Path) -> Mapping[str, Any]:
    """Make a vector's folder from what is published alone; what its file says."""
    said: dict[str, Any] = json.loads((VECTORS / path).read_text(encoding="utf-8"))
    base = said.get("base", "")
    if base.endswith(".json"):
        read(base, folder)
    elif base:
        shutil.copytree(VECTORS / base, folder)
    for gone in said["without"]:
        (folder / gone).unlink()
    for name, text in said["files"].items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return said


if __name__ == "__main__":
    write()
