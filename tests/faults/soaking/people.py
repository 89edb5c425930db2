"""The people: they start instances, wait for gates and decide, and ask again while an answer is
unknown, as the page and the commands tell them to. What they were told is written down."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from gantral.cli.failure import Failure
from gantral.cli.tools.personas import sign_in

from soaking.reading import Chain
from soaking.world import World

REASON = "The parcel came broken, as the photos show."
_PAUSE = 0.3
_ASKS_AGAIN = 4.0
_UNKNOWN = frozenset({500, 502, 503, 504})
# Refused since a clock is wrong: people are told so, and vote again when that is mended.
_CLOCK = "vote_opening"


@dataclass(frozen=True)
class Vote:
    """What somebody decides: ``decision`` is approve, amend, reject or withdraw."""

    who: str
    decision: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Course:
    """What is asked for, and what people then do. ``by`` is None where silence decides."""

    name: str
    workflow: str = "refund"
    amount: str = "40.00"
    votes: tuple[Vote, ...] = ()


_SMALLER = {"/refund/amount": "25.00"}
COURSES = (
    Course("waived", amount="12.50"),
    Course("amended", votes=(Vote("alice", "amend", _SMALLER), Vote("bob", "amend", _SMALLER))),
    Course("approved", votes=(Vote("alice", "approve"), Vote("bob", "approve"))),
    Course("director", workflow="once", votes=(Vote("dora", "approve"),)),
    Course("rejected", votes=(Vote("alice", "approve"), Vote("bob", "reject"))),
    Course("withdrawn", votes=(Vote("carol", "withdraw"),)),
    Course("timed out", workflow="hasty"),
)


@dataclass
class Answer:
    """What was said to one act, in the end. ``status`` 0: nobody ever gave a definite answer."""

    vote: Vote
    status: int
    body: dict[str, Any]
    tries: int

    @property
    def receipt(self) -> str:
        """The hash of the vote that a receipt names, or "" without one."""
        return str(self.body.get("vote", "")) if self.status == 201 else ""

    @property
    def rule(self) -> str:
        return str(self.body.get("rule", ""))


@dataclass
class Case:
    """One instance, as the people know it. ``instance`` is "" while nobody was told one."""

    number: int
    course: Course
    instance: str = ""
    answers: list[Answer] = field(default_factory=list)
    sent: list[Vote] = field(default_factory=list)
    refused: str = ""
    unknown: int = 0
    fault: str = "none"


class People:
    """Everybody, over HTTP. ``patience``: seconds for one act, and for an instance to go on."""

    def __init__(self, world: World, seed: int, patience: float = 60.0) -> None:
        self.world = world
        self.patience = patience
        self.cases: list[Case] = []
        self._chance = random.Random(seed)
        self._tokens: dict[str, str] = {}
        self._signing: dict[str, asyncio.Lock] = {}
        self._numbers = itertools.count(1)

    async def __aenter__(self) -> People:
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        self._client = httpx.AsyncClient(trust_env=False, timeout=15, limits=limits)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def batch(self, courses: Sequence[Course], fault: str, at_once: int) -> list[Case]:
        """Let these instances run their courses, so many at once; all of them, also those that
        went wrong."""
        slots = asyncio.Semaphore(at_once)

        async def one(case: Case) -> Case:
            async with slots:
                await self.run(case)
            return case

        made = [self.case(course, fault) for course in courses]
        return list(await asyncio.gather(*(one(case) for case in made)))

    def case(self, course: Course, fault: str) -> Case:
        """An instance to be."""
        self.cases.append(Case(next(self._numbers), course, fault=fault))
        return self.cases[-1]

    async def run(self, case: Case) -> None:
        """Start it, decide, and wait for its end, as far as that comes."""
        if not await self.begin(case):
            return
        if case.course.votes:
            waiting = await self._until(case, lambda chain: chain.waiting or chain.ended)
            if waiting is None or waiting.ended:
                return
            shown = waiting.last["artifact_hash"]
            votes = list(case.course.votes)
            self._chance.shuffle(votes)
            if case.course.name == "rejected":
                votes.sort(key=lambda vote: vote.decision)
            for vote in votes:
                await self.decide(case, vote, shown)
        await self._until(case, lambda chain: chain.ended)

    async def begin(self, case: Case) -> bool:
        """Start the instance; False when that was refused or nobody ever said."""
        value = {
            "order_id": f"order-{case.number}",
            "refund": {"amount": case.course.amount, "currency": "EUR"},
            "reason": "broken",
        }
        body = {"workflow": case.course.workflow, "input": value}
        status, told, _ = await self._ask(case, "carol", "POST", "/v1/instances", body)
        if status == 201:
            case.instance = told["instance_id"]
        elif told.get("rule") == "already_started":
            # An answer was lost: it was ours.
            case.instance = told["first"]
        else:
            case.refused = f"{status} {told.get('rule', '')}"
        return bool(case.instance)

    async def decide(self, case: Case, vote: Vote, shown: str) -> Answer:
        """Send one decision until somebody says what became of it."""
        case.sent.append(vote)
        path = f"/v1/instances/{case.instance}/"
        body: dict[str, Any] = {"reason": REASON, "shown": shown}
        if vote.decision == "withdraw":
            path += "withdrawal"
        else:
            path += "decisions"
            body["decision"] = vote.decision
            if vote.values:
                body["values"] = vote.values
        answer = Answer(vote, *await self._ask(case, vote.who, "POST", path, body))
        case.answers.append(answer)
        return answer

    async def opened(self, case: Case) -> str:
        """Wait for the gate; the hash of what it shows, or "" when it never opens."""
        chain = await self._until(case, lambda chain: chain.waiting or chain.ended)
        return chain.last["artifact_hash"] if chain is not None and chain.waiting else ""

    async def ended(self, case: Case) -> None:
        """Wait for the instance's end, as long as the people's patience lasts."""
        await self._until(case, lambda chain: chain.ended)

    async def _until(self, case: Case, condition: Any) -> Chain | None:
        ends = time.monotonic() + self.patience
        asks = time.monotonic() + _ASKS_AGAIN
        while time.monotonic() < ends:
            chain = Chain.read(self.world.evidence, case.instance)
            if chain is not None and condition(chain):
                return chain
            if chain is None and time.monotonic() > asks:
                # Nothing of it is there: whoever asked for it asks again, which is harmless.
                asks += _ASKS_AGAIN
                await self.begin(case)
            await asyncio.sleep(0.05)
        return None

    async def _ask(
        self, case: Case, who: str, method: str, path: str, body: Any
    ) -> tuple[int, dict[str, Any], int]:
        ends = time.monotonic() + self.patience
        tries = 0
        last: dict[str, Any] = {}
        fresh = False
        while time.monotonic() < ends:
            tries += 1
            try:
                token = await self._token(who, fresh)
                headers = {"authorization": f"Bearer {token}"}
                answer = await self._client.request(
                    method, self.world.url + path, json=body, headers=headers
                )
                last = answer.json()
            except (httpx.HTTPError, Failure, json.JSONDecodeError) as error:
                last = {"rule": type(error).__name__}
            else:
                fresh = answer.status_code == 401
                if answer.status_code not in _UNKNOWN | {401} and last.get("rule") != _CLOCK:
                    return answer.status_code, last, tries
            case.unknown += 1
            await asyncio.sleep(_PAUSE)
        return 0, last, tries

    async def _token(self, who: str, fresh: bool) -> str:
        # The provider is a small server: one sign-in of a person at a time.
        async with self._signing.setdefault(who, asyncio.Lock()):
            if fresh or who not in self._tokens:
                self._tokens[who] = await asyncio.to_thread(
                    sign_in, self.world.issuer, "gantral", who
                )
            return self._tokens[who]
