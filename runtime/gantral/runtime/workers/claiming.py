"""From a command to claimed uses, one a grant; or the reason why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from gantral.authority import ENDS, Cause
from gantral.evidence.forms import instant_text
from gantral.evidence.gate import Grant
from gantral.evidence.planned import approvals_of, arguments_at, terms_of
from gantral.evidence.signers import Signer
from gantral.evidence.uses import UNDO, plan_arguments, undo_arguments
from gantral.runtime.commands import EffectCommand, granted_by
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.workers.actors import Actors
from gantral.runtime.workers.chain import Chain
from gantral.runtime.workers.grants import (
    Argument,
    NotGranted,
    approved,
    compare,
    granted,
    lapses,
    read_arguments,
)
from gantral.runtime.workers.undoing import may_undo
from gantral.runtime.workers.uses import Book, Sealed, Use, claim_slot


@dataclass(frozen=True)
class Occasion:
    """This attempt: Temporal's run, the attempt's number from 1, when it started (ms since 1970,
    the server's clock, which also follows skipped time), and the task queue that it came by."""

    run: str
    attempt: int
    at: int
    queue: str


OVER: Final = "the instance is over, and what was approved in it with it"


@dataclass(frozen=True)
class Claimed:
    """The uses of one call. ``may_go_on``: the service may be called in this attempt; ``why``
    says why not, when there is more to say than that an outcome is missing; ``untouched`` then,
    that nobody called it before either."""

    uses: tuple[tuple[Book, Use], ...]
    may_go_on: bool
    why: str = ""
    untouched: bool = False

    @property
    def ended(self) -> bool:
        """Whether a signed outcome is there already."""
        return self.uses[0][1].outcome is not None

    def with_outcomes(self, outcomes: list[Sealed]) -> Claimed:
        """The same uses, ended."""
        ended = tuple(
            (book, replace(use, outcome=outcome))
            for (book, use), outcome in zip(self.uses, outcomes, strict=True)
        )
        return replace(self, uses=ended)


@dataclass(frozen=True)
class _Candidate:
    """One grant of the command, its arguments held against it, nothing claimed yet."""

    book: Book
    grant: Grant
    rows: list[list[str]]
    slot: str  # of an undo, else ""
    own: Use | None
    same: Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True)
class Claimer:
    """Checks and claims for the operations of one program."""

    chain: Chain
    program: ProgramInfo
    key: Signer
    actors: Actors | None

    def claim(self, command: EffectCommand, occasion: Occasion) -> Claimed:
        """Check every grant, then claim a use of each.

        Raises:
            NotGranted, EvidenceError, MissingEvidence, StoreError.
        """
        if not command["grants"]:
            raise NotGranted(Cause.AUTHORITY_AMBIGUOUS, "no approval is named")
        shape = self.program.manifest["operations"][command["operation"]]["arguments"]
        arguments = read_arguments(shape, command["arguments"], self.actors)
        candidates = (
            self._undos(command, arguments) if command["undo"] else self._effect(command, arguments)
        )
        own = [one.own for one in candidates]
        if own[0] is not None:
            return self._again(command, candidates, own[0], occasion)
        if not command["undo"]:
            _in_time(candidates, occasion.at)
        if self._over(command):
            raise NotGranted(Cause.LAPSED, OVER)
        members = self._members(command, occasion)
        uses: list[tuple[Book, Use]] = []
        mine = True
        for one in candidates:
            wanted = {**members, "arguments": one.rows}
            use, fresh = _claim(one, wanted)
            mine = mine and fresh
            uses.append((one.book, use))
        if mine and self._over(command):
            # A put can take longer than its run has patience for.
            return Claimed(tuple(uses), may_go_on=False, why=OVER, untouched=True)
        return Claimed(tuple(uses), may_go_on=mine)

    def _over(self, command: EffectCommand) -> bool:
        """Whether the instance has ended since the decision: an attempt can reach its worker long
        after its run gave it up (ADR 0087). Of an undo of what a child did, whether who undoes it
        has."""
        if command["parents"]:
            undoer = Chain(
                self.chain.store, self.chain.trust, self.chain.team, command["parents"][-1]
            )
            last = undoer.last_artifact(undoer.head())
            return last is None or last["authority_state"] in ENDS
        number = 1 + max(one["decision_commit"] for one in command["grants"])
        while (commit := self.chain.read(number)) is not None:
            if any(one["authority_state"] in ENDS for one in commit.artifacts):
                return True
            number += 1
        return False

    def _effect(self, command: EffectCommand, arguments: Argument) -> list[_Candidate]:
        """A candidate for each approval that the program names for this call, no more, no less."""
        operation, call = command["operation"], command["call"]
        grants = [
            granted(self.chain, self.program, command, named, operation)
            for named in command["grants"]
        ]
        wanted = approvals_of(self.program.manifest, call)
        if sorted(one.approval for one in grants) != sorted(wanted):
            why = f"{call} does not act under each approval that it wants"
            raise NotGranted(Cause.AUTHORITY_AMBIGUOUS, why)
        return [self._candidate(command, one, grants, arguments) for one in grants]

    def _candidate(
        self, command: EffectCommand, grant: Grant, all_: list[Grant], arguments: Argument
    ) -> _Candidate:
        book = Book(self.chain, self.key, grant.name)
        plan = self._plan(grant, command["call"])
        others = {one.approval: one for one in all_ if one is not grant}
        rows = plan_arguments(plan, grant.context, self._results(command, plan), others)
        read = approved(grant, others)
        compare(self.chain, plan, rows, arguments, read)
        own = book.of_call(int(grant.manifest_gate["uses"]), command["call"])
        same = partial(self._same, grant, command["operation"], rows, arguments, read)
        return _Candidate(book, grant, rows, "", own, same)

    def _same(
        self,
        grant: Grant,
        operation: str,
        rows: list[list[str]],
        arguments: Argument,
        read: Mapping[str, str],
        claim: Mapping[str, Any],
    ) -> bool:
        """Whether a claim is of this operation with equal arguments: values, wherever they come
        from. Raises what ``compare`` raises but a difference."""
        if claim["operation"] != operation:
            return False
        plan = terms_of(grant.manifest_gate, claim["call"], grant.ask)
        if not plan:
            return bool(claim["arguments"] == rows)
        try:
            compare(self.chain, plan, claim["arguments"], arguments, read)
        except NotGranted:
            return False
        return True

    def _plan(self, grant: Grant, call: str) -> Mapping[str, Any]:
        """The terms of the call's arguments, at its place in its loops."""
        plan = grant.planned(call)
        assert plan is not None  # granted() has found it
        return arguments_at(self.program.manifest, plan)

    def _undos(self, command: EffectCommand, arguments: Argument) -> list[_Candidate]:
        effect = command["call"].partition("/")[0]
        operation = self.program.manifest["operations"].get(effect)
        undo: Any = "none" if operation is None else operation["undo"]
        if undo == "none" or undo["operation"] != command["operation"]:
            raise NotGranted(
                Cause.AUTHORITY_AMBIGUOUS, f"{command['operation']} does not undo {effect}"
            )
        may_undo(self.chain, command["parents"])
        grants = [
            granted(self.chain, self.program, command, named, effect) for named in command["grants"]
        ]
        terms = undo["arguments"]
        return [self._undo(command, one, grants, terms, arguments) for one in grants]

    def _undo(
        self,
        command: EffectCommand,
        grant: Grant,
        all_: list[Grant],
        terms: Mapping[str, Any],
        arguments: Argument,
    ) -> _Candidate:
        book = Book(self.chain, self.key, grant.name)
        done = book.of_call(int(grant.manifest_gate["uses"]), command["call"])
        if done is None or done.outcome is None or done.outcome.statement["status"] != "done":
            # An effect of unknown outcome is never undone by guess (LANGUAGE section 8, rule 7).
            raise NotGranted(Cause.AUTHORITY_AMBIGUOUS, "only what is known to be done is undone")
        claim, results = done.claim.statement, dict(done.outcome.statement["results"])
        rows = undo_arguments(terms, claim["arguments"], claim["call"], results)
        constants = self._constants(grant, claim, rows)
        # What the effect computed of what several approvals show is computed once more.
        read = approved(grant, {one.approval: one for one in all_ if one is not grant})
        compare(self.chain, {**terms, **constants}, rows, arguments, read)
        slot = UNDO + done.slot
        return _Candidate(book, grant, rows, slot, book.use(slot), _never)

    def _constants(
        self, grant: Grant, claim: Mapping[str, Any], rows: list[list[str]]
    ) -> dict[str, Any]:
        """Terms of undo arguments that repeat a constant argument of the effect."""
        plan = self._plan(grant, claim["call"])
        return {
            name: plan[source.removeprefix("argument:")]
            for name, source, hashed in rows
            if hashed == "none" and source.startswith("argument:")
        }

    def _results(
        self, command: EffectCommand, plan: Mapping[str, Any]
    ) -> dict[str, dict[str, str]]:
        """The results of the calls that the plan's arguments read, from their signed outcomes."""
        wanted = {term["result"][0] for term in plan.values() if "result" in term}
        found: dict[str, dict[str, str]] = {}
        for call in wanted:
            operation = call.partition("/")[0]
            for named in command["grants"]:
                name = granted_by(named)
                book = Book(self.chain, self.key, name)
                gate = self.program.manifest["gates"].get(named["gate"])
                use = book.of_call(int(gate["uses"]), call) if gate else None
                if (
                    use is not None
                    and use.outcome is not None
                    and use.outcome.statement["status"] == "done"
                    and use.claim.statement["operation"] == operation
                ):
                    found[call] = dict(use.outcome.statement["results"])
        return found

    def _again(
        self, command: EffectCommand, candidates: list[_Candidate], own: Use, occasion: Occasion
    ) -> Claimed:
        claim = own.claim.statement
        uses = tuple((one.book, one.own) for one in candidates if one.own is not None)
        for one in candidates:
            said = None if one.own is None else one.own.claim.statement
            if said is not None and (said["arguments"], said["operation"]) != (
                one.rows,
                command["operation"],
            ):
                raise NotGranted(Cause.DRIFTED, "this call was claimed with other arguments")
        operation = self.program.manifest["operations"][command["operation"]]
        go_on = (
            len(uses) == len(candidates)
            and operation["idempotent"] == "true"
            and claim["run"] == occasion.run
            and int(claim["attempt"]) < occasion.attempt
        )
        if go_on and not command["undo"]:
            try:
                _in_time(candidates, occasion.at)
            except NotGranted as late:
                # The earlier attempt may have done it, so nobody may say that it did not happen.
                return Claimed(uses, may_go_on=False, why=str(late))
        if go_on and self._over(command):
            return Claimed(uses, may_go_on=False, why=OVER)
        return Claimed(uses, may_go_on=go_on)

    def _members(self, command: EffectCommand, occasion: Occasion) -> dict[str, Any]:
        operation = self.program.manifest["operations"][command["operation"]]
        return {
            "owning_team_id": command["team"],
            "instance_id": command["instance_id"],
            "operation": command["operation"],
            "call": command["call"],
            "queue": operation["queue"],
            "run": occasion.run,
            "attempt": str(occasion.attempt),
            "timestamp": instant_text(occasion.at),
        }


def _never(claim: Mapping[str, Any]) -> bool:
    return False


def _claim(one: _Candidate, members: Mapping[str, Any]) -> tuple[Use, bool]:
    if not one.slot:
        return claim_slot(one.book, one.grant.manifest_gate, members, one.same)
    sealed = one.book.claim(one.slot, members)
    if sealed is not None:
        return Use(one.slot, sealed, None), True
    there = one.book.use(one.slot)
    if there is None:
        # As in ``Book.end``: only a store that loses things comes here.
        raise NotGranted(Cause.SPENT, "the slot was taken and is not there")
    return there, False


def _in_time(candidates: list[_Candidate], at: int) -> None:
    started = instant_text(at)
    for one in candidates:
        until = lapses(one.grant)
        if until != "none" and started > until:
            raise NotGranted(Cause.LAPSED, f"the approval lapsed at {until}")
