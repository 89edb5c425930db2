"""The refund flow as somebody writes it by hand on Temporal: the same activities in the same order,
so the same commits, store, signatures and seals; no runtime of ours underneath, no check that the
evidence worker makes anyway."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from gantral.runtime import programs
from gantral.runtime.sealing import plain_of
from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.exceptions import ApplicationError

_STATE = SearchAttributeKey.for_keyword("GantralState")
_GATE = SearchAttributeKey.for_keyword("GantralGate")
_TEAM = SearchAttributeKey.for_keyword("GantralTeam")
_WORKFLOW = SearchAttributeKey.for_keyword("GantralWorkflow")
_ONCE = RetryPolicy(maximum_attempts=1)
_EVIDENCE = "gantral-evidence"
# The queue by which it comes without whatever a workflow can do without.
BARE = "by-hand-bare"


def _program() -> programs.ProgramInfo:
    """The generated one: the seals, and the names on the wire of the two operations."""
    return next(one for one in programs.loaded() if one.workflow_id == "refund")


def _wire(operation: str) -> str:
    return str(_program().manifest["operations"][operation]["wire"])


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _leaves(value: Any, path: str = "") -> dict[str, str]:
    if not isinstance(value, dict):
        return {path: value}
    return {k: v for name, one in value.items() for k, v in _leaves(one, f"{path}/{name}").items()}


@workflow.defn(name="refund_by_hand", failure_exception_types=[Exception])
class RefundByHand:
    """One refund."""

    def __init__(self) -> None:
        self._number = 0
        self._prev = self._last = "0" * 64
        self._sequence = 0
        self._votes: list[dict[str, Any]] = []
        self._voters: dict[str, list[str]] = {}
        self._open = self._decided = self._settled = False

    @workflow.run
    async def run(self, start: dict[str, Any]) -> dict[str, Any]:
        self._sealer = _program().sealer(workflow.info().workflow_id)
        start = self._sealer.open("start", start)
        given = start["input"]
        await self._commit(
            ["CREATED", "RUNNING"],
            {"leaves": start["context"]},
            human_actor_id=start["initiator"]["actor"],
            decision={"submission": start["submission"]},
        )
        order = (await self._act("orders", "orders.fetch", {"id": given["order_id"]}))["result"]
        refund, total = given["refund"], order["total"]
        if refund["currency"] != total["currency"] or float(refund["amount"]) > float(
            total["amount"]
        ):
            raise ValueError("the refund does not fit the order")
        opened = workflow.now()
        proposal = {"order": order, "refund": refund, "reason": given["reason"]}
        gate = await self._ask(
            "gantral.open_gate",
            {
                **self._who(),
                "gate": "finance",
                "round": 1,
                "opened_at": _text(opened),
                "initiator": start["initiator"],
                "proposal": proposal,
            },
            task_queue=_EVIDENCE,
            start_to_close_timeout=timedelta(minutes=1),
        )
        if gate["answer"] != "REQUIRE_HUMAN":
            raise ValueError(gate["answer"])
        mark = {"gate": "finance", "round": "1"}
        waiting = self._number
        await self._commit(
            ["WAITING_FOR_HUMAN"],
            {"values": _leaves(proposal)},
            gate="finance",
            policy_version_id=gate["policy_version_id"],
            asked=gate["sealed"],
            at=opened,
            records=[
                {
                    "kind": "policy",
                    **mark,
                    **{n: gate[n] for n in ("query", "policy_version_id", "input_hash", "answer")},
                },
                {"kind": "clock", **mark, "instants": gate["instants"]},
                {
                    "kind": "deciders",
                    **mark,
                    "excluded": gate["excluded"],
                    "named": gate["named"],
                },
            ],
        )
        self._open = True
        workflow.upsert_memo({"title": "a refund", "deadline": gate["instants"][-1][0]})
        await workflow.wait_condition(lambda: self._decided, timeout=timedelta(hours=72))
        self._open = False
        receipt = await self._commit(
            ["APPROVED", "RESUMED", "RUNNING"],
            {"same": True},
            gate="finance",
            cause="approved",
            human_actor_id=list(self._voters)[-1],
            decision={"votes": self._votes},
        )
        decided = workflow.now()
        self._settled = True
        done = await self._act(
            "payments",
            "payments.refund",
            {"order": order["id"], "amount": refund},
            undo=False,
            parents=[],
            grants=[
                {
                    "artifact": receipt["first_artifact_hash"],
                    "waiting_commit": waiting,
                    "decision_commit": self._number - 1,
                    "gate": "finance",
                    "round": 1,
                }
            ],
            lapses=_text(decided + timedelta(minutes=30)),
        )
        await self._commit(
            ["COMPLETED"],
            {"values": {"/output/receipt_id": done["result"]["receipt_id"]}},
            cause="completed",
            records=[
                *({"kind": "use", "claim": one} for one in done["claims"]),
                *({"kind": "outcome", "outcome": one} for one in done["outcomes"]),
            ],
        )
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._sealer.close("end", {"receipt_id": done["result"]["receipt_id"]})

    @workflow.update
    async def decide(self, delivery: dict[str, Any]) -> dict[str, Any]:
        delivery = self._sealer.open("decide", delivery)
        vote = json.loads(base64.b64decode(delivery["vote"]["payload"]))
        self._votes.append(delivery["vote"])
        self._voters[vote["human_actor_id"]] = vote["role"]
        managers = sum("finance_manager" in roles for roles in self._voters.values())
        self._decided = managers > 1 or "finance_director" in vote["role"]
        if not self._decided:
            return {"status": "counted", "state": "WAITING_FOR_HUMAN"}
        await workflow.wait_condition(lambda: self._settled)
        return {"status": "decided", "state": "APPROVED"}

    @decide.validator
    def _may_decide(self, delivery: dict[str, Any]) -> None:
        if not self._open or self._decided:
            raise ApplicationError("nothing waits", type="gate")

    async def _ask(self, name: str, command: dict[str, Any], **options: Any) -> Any:
        envelope = self._sealer.close(name, command)
        if workflow.info().task_queue != BARE:
            # What Temporal's UI shows of it: it costs a payload more for each activity.
            states = command.get("states")
            named = command.get("operation") or command["gate"]
            options["summary"] = named if states is None else " ".join(states)
        answer = await workflow.execute_activity(name, envelope, **options)
        return self._sealer.open_value(f"{name}:answer", answer, plain_of(envelope))

    def _who(self) -> dict[str, str]:
        instance = workflow.info().workflow_id
        return {
            "team": "payments",
            "workflow_id": "refund",
            "instance_id": instance,
            "program": _program().version_id,
        }

    async def _act(self, queue: str, operation: str, arguments: Any, **more: Any) -> dict[str, Any]:
        done: dict[str, Any] = await self._ask(
            _wire(operation),
            {
                **self._who(),
                "run": workflow.info().run_id,
                "call": f"{operation}/1",
                "operation": operation,
                "arguments": arguments,
                **more,
            },
            task_queue=queue,
            start_to_close_timeout=timedelta(minutes=2),
            retry_policy=_ONCE,
        )
        return done

    async def _commit(
        self, states: list[str], context: Any, *, at: datetime | None = None, **more: Any
    ) -> dict[str, Any]:
        gate = more.pop("gate", "none")
        command = {
            **self._who(),
            "commit": self._number,
            "prev": self._prev,
            "last_artifact": self._last,
            "sequence": self._sequence,
            "states": states,
            "timestamp": _text(at or workflow.now()),
            "gate": gate,
            "round": int(gate != "none"),
            "cause": "none",
            "human_actor_id": "none",
            "policy_version_id": "none",
            "context": context,
            "decision": "none",
            "records": [],
            "asked": "none",
            "end": "none",
            **more,
        }
        receipt: dict[str, Any] = await self._ask(
            "gantral.commit",
            command,
            task_queue=_EVIDENCE,
            start_to_close_timeout=timedelta(seconds=10),
        )
        self._number += 1
        self._prev, self._last = receipt["commit_hash"], receipt["last_artifact"]
        self._sequence = receipt["sequence"]
        waits = states[-1] == "WAITING_FOR_HUMAN"
        updates = [_STATE.value_set(states[-1]), _GATE.value_set(gate if waits else "none")]
        if states[0] == "CREATED":
            updates += [_TEAM.value_set("payments"), _WORKFLOW.value_set("refund")]
        workflow.upsert_search_attributes(updates)
        return receipt
