"""Who decides, verified: cases of `decide`, points, a veto by a person, and nobody left to ask.

The gate asks for 4 points of managers (2) and directors (4); up to 30.00, for an auditor. Carol
asks for 40.00, so a change to 25.00 wants both: 4 points, and an auditor, for that same change.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from forging import put
from gantral.evidence import EvidenceError, Report, TrustFile, canonical, verify_folder
from gantral.evidence.bytes import MANIFEST_DEPTH, MAX_BYTES
from gantral.evidence.manifest import check_manifest
from scenes import Builder, Edit, Forge, salt
from vector_manifest import MANIFEST
from vectors import AT_GATE, _commit, _completed, _created, _end, _waiting, inputs, vote

AMOUNT = {"path": ["decimal", "/refund/amount"]}
SMALL = {"<=": [AMOUNT, {"const": ["decimal", "30.00"]}]}
MANY = {"points": ["4", [["finance_manager", "2"], ["finance_director", "4"]]]}
AUDITED = {"quorum": ["1", ["auditor"]]}
OWNED = {"quorum": ["2", [{"actor": "/owner"}]]}
PATH = "/refund/amount"
TIMES = ("2026-11-23T10:21:40.551Z", "2026-11-23T10:31:40.551Z", "2026-11-23T10:44:09.870Z")
LESS = [(PATH, "25.00")]


def gate(**clauses: Any) -> dict[str, Any]:
    manifest = copy.deepcopy(MANIFEST)
    manifest["gates"]["finance"].update(clauses)
    return manifest


CASES = gate(
    decide=[{"when": SMALL, "formula": AUDITED}, {"when": "always", "formula": MANY}],
    clock=[["PT72H", "reject"]],
)
REJECTED = ("REJECTED",)
YES = ("APPROVED", "RESUMED", "RUNNING")
CHANGED = ("OVERRIDDEN", "RESUMED", "RUNNING")


def waiting(amount: str, named: dict[str, list[str]], owner: str) -> dict[str, Any]:
    made = copy.deepcopy(_waiting())
    made["records"][1]["instants"] = [["2026-11-26T10:00:01.004Z", "reject", "none", "none"]]
    made["records"][2]["named"] = named
    made["context"] = [
        [salted, path, amount if path == PATH else value] for salted, path, value in made["context"]
    ]
    if owner:
        made["context"] = sorted(
            [*made["context"], [salt("owner"), "/owner", owner]], key=lambda one: one[1]
        )
    return made


def judged(
    folder: Path,
    states: tuple[str, ...],
    cause: str,
    votes: list[dict[str, Any]] | None,
    opened: list[str],
    *,
    manifest: dict[str, Any] = CASES,
    amount: str = "40.00",
    changed: str = "",
    human: str = "",
    owner: bool = False,
    statement: dict[int, Edit] | None = None,
) -> Report:
    """What the verifier says of one decision on `amount`."""
    given = inputs("approved")
    actors = Builder(given, manifest, Forge())
    named = {"/owner": [actors.actor("dan")]} if owner else {}
    decided = _commit(
        list(states),
        "2026-11-23T10:44:10.002Z",
        {"amended": [[salt("a"), PATH, changed]]} if changed else "same",
        **AT_GATE,
        cause=cause,
        human=human or (votes[-1]["who"] if votes else "none"),
        **({} if votes is None else {"votes": votes, "opened_before": opened}),
    )
    if states == REJECTED:
        decided["records"] = [_end("finance/1", [])]
    commits = [_created(), waiting(amount, named, actors.actor("dan") if owner else ""), decided]
    if states != REJECTED:
        commits.append(_completed("2"))
    given["commits"] = commits
    edits = dict(statement or {})
    if owner and votes is not None:
        edits[2] = put("decision.eligible", [actors.actor("dan")])
    scene = Builder(given, manifest, Forge(statement=edits)).run()
    for name, data in scene.files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return verify_folder(folder, TrustFile.load(scene.trust))


def said(report: Report) -> tuple[str, list[str]]:
    return report.verdict, [finding.code for finding in report.findings]


def yes(who: str, at: int, *roles: str, less: Any = ()) -> dict[str, Any]:
    kind = "OVERRIDE" if less else "APPROVE"
    return vote(who, kind, TIMES[at], less, role=[*(roles or ("finance_manager",))])


def no(who: str, at: int, *roles: str) -> dict[str, Any]:
    return vote(who, "REJECT", TIMES[at], role=[*roles])


VALID: tuple[str, list[str]] = ("VALID", [])


def wrong(*codes: str) -> tuple[str, list[str]]:
    return "INVALID", [*codes]


TWO = [yes("alice", 0), yes("bob", 1)]
BOTH = [yes("alice", 0, less=LESS), yes("bob", 1, less=LESS)]
AUDITOR = yes("dan", 2, "auditor", less=LESS)


@pytest.mark.parametrize(
    ("votes", "opened", "verdict"),
    [
        (TWO, [PATH], VALID),
        ([yes("dan", 0, "finance_director")], [PATH], VALID),
        # A vote that was dropped, or that brings too little.
        (TWO[:1], [PATH], wrong("recount")),
        # What the case was chosen by has to be there in clear.
        (TWO, [], wrong("opened_paths")),
        (TWO, [PATH, "/refund/currency"], wrong("opened_paths")),
        # The auditor decides on small sums alone.
        ([yes("dan", 0, "auditor")], [PATH], wrong("vote_role")),
        ([*TWO, yes("dan", 2, "finance_director")], [PATH], wrong("surplus_vote")),
    ],
)
def test_the_proposal_chooses_its_case(
    tmp_path: Path, votes: list[dict[str, Any]], opened: list[str], verdict: Any
) -> None:
    assert said(judged(tmp_path, YES, "approved", votes, opened)) == verdict


@pytest.mark.parametrize(
    ("votes", "verdict"),
    [
        ([*BOTH, AUDITOR], VALID),
        # In whichever order: all of them say the same.
        ([yes("dan", 0, "auditor", less=LESS), yes("alice", 1, less=LESS),
          yes("bob", 2, less=LESS)], VALID),
        # One person counts in both: each case is met by itself.
        ([yes("alice", 0, less=LESS),
          yes("bob", 1, "auditor", "finance_manager", less=LESS)], VALID),
        # Only what was proposed, or only what is decided.
        (BOTH, wrong("recount")),
        ([AUDITOR], wrong("recount")),
        ([BOTH[0], AUDITOR], wrong("recount")),
        # An auditor's change that leads to no auditor.
        ([*BOTH, yes("dan", 2, "auditor", less=[(PATH, "31.00")])], wrong("vote_role")),
        ([*BOTH, yes("dan", 2, "auditor")], wrong("vote_role")),
    ],
)  # fmt: skip
def test_a_change_must_meet_both_cases(
    tmp_path: Path, votes: list[dict[str, Any]], verdict: Any
) -> None:
    report = judged(tmp_path, CHANGED, "amended", votes, [PATH], changed="25.00")
    assert said(report) == verdict


def test_a_small_proposal_is_the_auditors(tmp_path: Path) -> None:
    audited = [yes("dan", 0, "auditor")]
    assert said(judged(tmp_path, YES, "approved", audited, [PATH], amount="30.00")) == VALID


def test_managers_do_not_decide_a_small_proposal(tmp_path: Path) -> None:
    report = judged(tmp_path, YES, "approved", TWO, [PATH], amount="30.00")
    assert said(report) == wrong("vote_role")


def test_the_value_that_chose_the_case_is_the_one_that_was_shown(tmp_path: Path) -> None:
    # Opened as 40.00, where 30.00 was shown: the case of large sums, wrongly chosen.
    edit = {2: put("decision.opened_before.0.3", "40.00")}
    report = judged(tmp_path, YES, "approved", TWO, [PATH], amount="30.00", statement=edit)
    assert said(report) == wrong("opened")


@pytest.mark.parametrize(
    ("votes", "cause", "verdict"),
    [
        ([no("alice", 0, "finance_manager")], "rejected", VALID),
        # Who decides only where a change leads may join the change, and no more.
        ([no("dan", 0, "auditor")], "rejected", wrong("vote_role")),
    ],
)
def test_who_rejects_decides_on_the_proposal(
    tmp_path: Path, votes: list[dict[str, Any]], cause: str, verdict: Any
) -> None:
    assert said(judged(tmp_path, REJECTED, cause, votes, [PATH])) == verdict


def owned(**clauses: Any) -> dict[str, Any]:
    parameters = copy.deepcopy(MANIFEST["gates"]["finance"]["parameters"])
    parameters[1].append(["owner", ["person"], {"personal": "false", "wire": "owner"}])
    return gate(**{"parameters": parameters, "clock": [["PT72H", "reject"]], **clauses})


NOBODY = owned(
    decide=[{"when": SMALL, "formula": AUDITED}, {"when": "always", "formula": OWNED}],
)
ALWAYS_NOBODY = owned(decide=[{"when": "always", "formula": OWNED}])


@pytest.mark.parametrize(
    ("manifest", "amount", "votes", "opened", "verdict"),
    [
        # Two of one person: nobody can, and the value that says so is there.
        (NOBODY, "40.00", [], [PATH], VALID),
        (ALWAYS_NOBODY, "40.00", None, [], VALID),
        (NOBODY, "30.00", [], [PATH], wrong("no_eligible")),
        (NOBODY, "40.00", None, [], wrong("opened")),
        (NOBODY, "40.00", [], [], wrong("opened_paths")),
        (ALWAYS_NOBODY, "40.00", [], [], wrong("no_votes")),
    ],
)
def test_nobody_is_left_who_could_decide(
    tmp_path: Path,
    manifest: dict[str, Any],
    amount: str,
    votes: list[dict[str, Any]] | None,
    opened: list[str],
    verdict: Any,
) -> None:
    report = judged(
        tmp_path, REJECTED, "no_eligible", votes, opened,
        manifest=manifest, amount=amount, owner=True,
    )  # fmt: skip
    assert said(report) == verdict


def test_silence_needs_no_votes_and_tells_no_case(tmp_path: Path) -> None:
    report = judged(tmp_path, REJECTED, "cancelled", [], [PATH])
    assert said(report) == wrong("no_votes")


VETO = owned(veto=[{"actor": "/owner"}])


@pytest.mark.parametrize(
    ("votes", "cause", "verdict"),
    [
        ([no("dan", 0)], "veto", VALID),
        ([no("dan", 0)], "rejected", wrong("recount")),
        ([no("bob", 0)], "veto", wrong("vote_role")),
        # A veto is a no, never a yes.
        ([yes("alice", 0), vote("dan", "APPROVE", TIMES[1], role=[])], "veto", wrong("vote_role")),
    ],
)
def test_a_person_of_the_proposal_may_veto(
    tmp_path: Path, votes: list[dict[str, Any]], cause: str, verdict: Any
) -> None:
    report = judged(tmp_path, REJECTED, cause, votes, [], manifest=VETO, owner=True)
    assert said(report) == verdict


LAST = {"when": "always", "formula": AUDITED}


@pytest.mark.parametrize(
    "decide",
    [
        [],
        [{"when": SMALL, "formula": AUDITED}],
        [LAST, LAST],
        [LAST, {"when": SMALL, "formula": AUDITED}],
        [{"when": "never", "formula": AUDITED}, LAST],
        [{"when": {"<=": [AMOUNT]}, "formula": AUDITED}, LAST],
        [{"when": {"<": [AMOUNT, {"old": ["decimal", PATH]}]}, "formula": AUDITED}, LAST],
        [{"when": {"<": [AMOUNT, {"new": ["decimal", PATH]}]}, "formula": AUDITED}, LAST],
        [{"when": SMALL, "formula": {"points": ["2", [["auditor", "-1"]]]}}, LAST],
    ],
)
def test_a_manifest_whose_cases_have_another_form_is_refused(decide: list[Any]) -> None:
    data = canonical(gate(decide=decide), MAX_BYTES, MANIFEST_DEPTH)
    with pytest.raises(EvidenceError) as refused:
        check_manifest(data)
    assert (refused.value.code, refused.value.inconclusive) == ("manifest", False)
