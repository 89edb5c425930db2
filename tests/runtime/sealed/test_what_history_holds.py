"""No person's text can be read in any history, and the instance's key opens all of it."""

from __future__ import annotations

import asyncio
from typing import Any

import marked
import pytest
from families import TEAM, Family
from gantral.api import deciding, sending, starting
from gantral.evidence.hashes import child_id
from gantral.evidence.instance_keys import InstanceKeys
from gantral.runtime import defining, execution, programs
from gantral.runtime.keyring import Keyring, NoKey
from gantral.runtime.sealing import Sealer, Unsealed
from marked import AMENDED, AMOUNT, MARK, found_in, histories, mark, opened, readable
from temporalio.client import WorkflowFailureError
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

pytestmark = pytest.mark.timeout(120)


async def play(family: Family, **input: Any) -> tuple[str, Any]:
    """An instance up to its end: its id, and how it ended."""
    deployment = family.deployment
    await family.look()
    carol = family.person(mark("carol"), "clerk")
    body = {"workflow": "marked", "input": marked.given(**input)}
    one = (await starting.start(deployment, carol, body, None))["instance_id"]
    dora = family.person(mark("dora"), "boss")
    story = await family.until(one, lambda story: story.awaiting)
    assert story.awaiting
    data = {"what": mark("what"), "by": mark("by")}
    await sending.send(deployment, dora, one, {"event": "called", "data": data})
    story = await family.waiting(one)
    assert story.waiting is not None
    shown = story.waiting.artifact["artifact_hash"]
    await family.look()
    vote = {"decision": "amend", "shown": shown, "reason": mark("reason")}
    dora = family.person(mark("dora"), "boss")
    await deciding.decide(deployment, dora, one, {**vote, "values": {"/amount": AMENDED}})
    try:
        return one, await asyncio.wait_for(family.end(one), 60)
    except WorkflowFailureError as error:
        return one, error.cause


def test_a_person_s_text_is_readable_in_no_history(
    on_marked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(family: Family) -> None:
        one, end = await play(family)
        assert end["output"]["text"] == mark("reference")
        assert end["output"]["child"] == mark("said")
        assert end["output"]["told"] == mark("what")
        two, end = await play(family, end=True)
        assert end["message"].startswith(f"it ends: {mark('note')}")
        assert end["standing"] == ["bank.pay/1"]
        with monkeypatch.context() as patched:
            patched.setattr(execution.Governed, "complete", failing)
            three, cause = await play(family)
        assert (cause.type, MARK in str(cause)) == ("RuntimeError", False)
        assert await texts_of(family, one) >= 12
        keys = InstanceKeys(family.deployment.store)
        replayer = Replayer(
            workflows=[info.workflow_class for info in family.deployment.programs.values()],
            workflow_runner=SandboxedWorkflowRunner(restrictions=programs.sandbox()),
        )
        for instance in (one, two, three):
            child = child_id(instance, "workflow.settle/1")
            found = await histories(family, instance)
            assert len(found) >= 2
            for history in (*found, *await histories(family, child)):
                assert readable(history) == []
            key = keys.get(TEAM, instance)
            assert key is not None
            told = "".join(opened(Sealer(key, instance), history) for history in found)
            texts = map(mark, ("note", "iban", "is missing", "by", "reason", "customer 7"))
            for text in (*texts, AMOUNT):
                assert text.replace('"', '\\"') in told
            # Without its key it is noise, for another instance's key as well.
            with pytest.raises(Unsealed):
                opened(Sealer(keys.get(TEAM, child) or b"", instance), found[0])
            for history in found if instance != three else ():
                await replayer.replay_workflow(history)

    on_marked(test)


_complete = execution.Governed.complete


def failing(self: Any, output: Any, *, at: str) -> Any:
    if self.workflow_ == "settle":
        return _complete(self, output, at=at)
    raise RuntimeError(f"no number: {mark('in an error of the code')}")


async def texts_of(family: Family, instance: str) -> int:
    """How many texts of an instance have a mark."""
    store = family.deployment.store
    names = list(store.list(f"{TEAM}/{instance}/texts"))
    return sum(MARK in (store.get(name) or b"").decode() for name in names)


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_the_search_finds_what_is_encoded(depth: int) -> None:
    import base64
    import json

    for text in (f"x{MARK}y", f"{AMOUNT}", f"zz {AMENDED} {mark('a')}"):
        data = json.dumps({"a": text}).encode()
        for _ in range(depth):
            data = json.dumps({"payload": base64.b64encode(data).decode()}).encode()
        assert found_in(data)


def test_a_run_whose_key_is_not_there_does_nothing_and_does_not_end(tmp_path: Any) -> None:
    from gantral.evidence import LocalStore

    keys = Keyring(LocalStore(tmp_path), most=2)
    ids = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(4)]
    with pytest.raises(NoKey, match=r"^instance_key: "):
        keys.of(TEAM, ids[0])
    made = [keys.make(TEAM, one) for one in ids]
    # Bounded: the oldest are read again.
    assert keys.cached(TEAM, ids[0]) is None
    assert keys.cached(TEAM, ids[3]) is made[3]
    assert keys.of(TEAM, ids[0]).open("end", made[0].close("end", {"a": "b"})) == {"a": "b"}
    assert not isinstance(NoKey("x"), defining.FailsRun)
    assert isinstance(ValueError("x"), defining.FailsRun)
