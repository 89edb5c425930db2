"""Who decides, case by case: what applies now, and where a change would lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gantral.api import ballots, words
from gantral.api.deployment import Deployment
from gantral.api.sealing import NONE, stamp
from gantral.api.story import Story, Vote, Waiting
from gantral.evidence import recount
from gantral.evidence.cases import case_paths, chosen, has_cases
from gantral.evidence.formula import Voter, eligible
from gantral.identity import Person


def may_amend(
    deployment: Deployment, person: Person, story: Story, waiting: Waiting, now: datetime
) -> bool:
    """Whether some change could lead to a case of `decide` in which this person counts."""
    rules = story.manifest["gates"][waiting.gate]
    if not rules["amend"].keys() & case_paths(rules):
        return False
    voter = Voter(deployment.seal.actor(person), frozenset(person.roles))
    electorate = ballots.electorate_of(deployment, story, waiting).electorate(stamp(now))
    return any(eligible(case["formula"], voter, electorate) for case in rules["decide"])


def now(
    rules: Mapping[str, Any], waiting: recount.Waiting, votes: Sequence[Vote]
) -> list[dict[str, str]]:
    """Each case of `decide`, when there are several, and what is in it now: what was ``asked``, a
    ``change`` that somebody voted for, ``both`` or ``none``."""
    if not has_cases(rules):
        return []
    tally = recount.Tally(rules, waiting)
    for vote in votes:
        tally.add(vote.statement, vote.hash)
    asked = chosen(rules, waiting.values)
    changed = {
        chosen(rules, waiting.values, amendment)
        for _, _, amendment in tally.standing.values()
        if amendment
    }
    return [
        {
            "when": words.condition(case["when"], waiting.values),
            "who": words.formula(case["formula"], waiting.values),
            "now": {
                (True, True): "both",
                (True, False): "asked",
                (False, True): "change",
                (False, False): NONE,
            }[number == asked, number in changed],
        }
        for number, case in enumerate(rules["decide"])
    ]
