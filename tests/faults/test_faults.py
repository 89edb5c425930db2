"""After a few faults every rule holds; and a world in which one does not is found out."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from soaking.judging import Judge
from soaking.people import Case, Vote
from soaking.reading import TEAM
from soaking.shop import open_ledger
from soaking.table import broken, table

# Nothing here waits for a clock, and the machine may be busy: the world takes what it takes.
pytestmark = pytest.mark.timeout(600)


def test_every_rule_holds_after_every_fault(told: Any) -> None:
    assert broken(told.rows) == []


def test_the_table_counts_every_instance(told: Any) -> None:
    *_, last = table(told.rows).splitlines()
    cells = [cell.strip() for cell in last.split("|")[1:-1]]
    count = sum(len(row.cases) for row in told.rows)
    assert cells[0] == "**all**"
    assert int(cells[2]) == count
    assert count > 20
    assert int(cells[9]) + int(cells[10]) == count
    assert cells[-2:] == ["0", "0"]


@dataclasses.dataclass
class Changed:
    """A copy of what lies there after one instance, to be spoilt."""

    judge: Judge
    case: Case
    folder: Path
    ledger: Path

    def found(self) -> list[str]:
        """What the judge says of it now."""
        judge = Judge(self.judge.world, frozenset())
        return judge.judge([self.case])[0].broken

    def paid(self, change: str) -> None:
        """Run a statement on the ledger's row of this instance."""
        with closing(open_ledger(self.ledger)) as db, db:
            db.execute(change, {"one": self.case.instance})


@pytest.fixture
def changed(told: Any, tmp_path: Path) -> Iterator[Callable[[str], Changed]]:
    def copied(course: str) -> Changed:
        case = next(
            one.case
            for row in told.rows
            for one in row.judged
            if one.case.course.name == course and one.end.startswith(("COMPLETED", "REJECTED"))
        )
        folder = tmp_path / "evidence" / TEAM / case.instance
        shutil.copytree(told.world.evidence / TEAM / case.instance, folder)
        shutil.copy(told.world.ledger, tmp_path / "ledger.sqlite")
        shutil.copy(told.world.folder / "trust.json", tmp_path)
        shutil.copytree(told.world.folder / "keys", tmp_path / "keys")
        world = dataclasses.replace(told.world, folder=tmp_path)
        answers = [dataclasses.replace(answer) for answer in case.answers]
        case = dataclasses.replace(case, answers=answers, sent=list(case.sent))
        return Changed(Judge(world, frozenset()), case, folder, world.ledger)

    return copied


def test_what_is_whole_breaks_nothing(changed: Any) -> None:
    assert changed("amended").found() == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            "INSERT INTO calls (instance, workflow, key, operation, amount, receipt)"
            " SELECT instance, workflow, 'another', operation, amount, receipt FROM calls"
            " WHERE instance = :one",
            "effect done twice",
        ),
        (
            "UPDATE calls SET amount = '40.00' WHERE instance = :one",
            "effect with another amount than was decided",
        ),
        ("DELETE FROM calls WHERE instance = :one", "completed, and nothing was done"),
    ],
)
def test_the_judge_sees_what_the_ledger_says(changed: Any, statement: str, found: str) -> None:
    spoilt = changed("amended")
    spoilt.paid(statement)
    assert found in spoilt.found()


def test_the_judge_sees_an_effect_that_nobody_approved(changed: Any) -> None:
    spoilt = changed("rejected")
    spoilt.paid(
        "INSERT INTO calls (instance, workflow, key, operation, amount, receipt)"
        " VALUES (:one, 'refund', 'k', 'payments.refund', '40.00', 'R')"
    )
    assert "effect without authority in a commit" in spoilt.found()


def test_the_judge_sees_a_chain_that_was_cut(changed: Any) -> None:
    spoilt = changed("amended")
    (spoilt.folder / "commits" / "00000003.json").unlink()
    assert "stands in RUNNING" in spoilt.found()
    (spoilt.folder / "commits" / "00000002.json").unlink()
    found = spoilt.found()
    assert "effect without authority in a commit" in found
    assert "waits, and its run is over" in found
    assert any("was told OVERRIDDEN" in one for one in found)


def test_the_judge_sees_a_lost_receipt_and_a_vote_that_nobody_sent(changed: Any) -> None:
    spoilt = changed("amended")
    first = spoilt.case.answers[0]
    first.body = {**first.body, "vote": "0" * 64}
    spoilt.case.sent.remove(first.vote)
    assert {f"lost decision of {first.vote.who}", "a vote that nobody sent"} <= set(spoilt.found())


def test_the_judge_counts_the_votes_itself(changed: Any) -> None:
    spoilt = changed("amended")
    judge = spoilt.judge
    one = {"decision_type": "OVERRIDE", "amendment": "x", "role": ["finance_manager"]}
    votes = [{**one, "human_actor_id": who} for who in ("alice", "bob")]
    assert judge._enough(votes)
    assert not judge._enough(votes[:1])
    assert not judge._enough([votes[0], {**votes[1], "amendment": "y"}])
    assert not judge._enough([votes[0], {**votes[1], "human_actor_id": "alice"}])
    assert judge._enough([{**votes[0], "role": ["finance_director"]}])


def test_the_judge_sees_bytes_that_are_not_the_evidence(changed: Any) -> None:
    spoilt = changed("amended")
    name = next((spoilt.folder / "texts").iterdir())
    text = json.loads(name.read_bytes())
    name.write_text(json.dumps([*text[:3], text[3] + "!"]))
    assert any(one.startswith("INVALID") for one in spoilt.found())


def test_a_fault_that_never_struck_is_told(told: Any) -> None:
    row = dataclasses.replace(told.rows[1], struck=False)
    assert broken([row])[0].endswith("it never struck")


def test_somebody_elses_effect_is_told(told: Any) -> None:
    judge = Judge(told.world, frozenset())
    cases = [case for row in told.rows for case in row.cases]
    assert judge.strangers(cases) == []
    paid = next(case for case in cases if case.instance in judge.calls)
    (stranger,) = judge.strangers([case for case in cases if case is not paid])
    assert stranger.broken == ["effect of an instance that nobody started"]


def test_a_vote_of_another_kind_is_one_that_nobody_sent(changed: Any) -> None:
    spoilt = changed("amended")
    spoilt.case.sent[:] = [Vote(one.who, "approve") for one in spoilt.case.sent]
    assert "a vote that nobody sent" in spoilt.found()


def test_the_judge_sees_a_time_that_was_not(changed: Any) -> None:
    spoilt = changed("amended")
    spoilt.judge.world.began = "2126-01-01T00:00:00.000Z"
    assert "a time that was not, or that goes back" in spoilt.found()


def test_a_clock_ends_nothing(changed: Any) -> None:
    spoilt = changed("rejected")
    spoilt.case.fault = "clocks jump"
    assert spoilt.found() == []
    spoilt.case.course = dataclasses.replace(spoilt.case.course, name="approved")
    assert "ended by rejected" in spoilt.found()
