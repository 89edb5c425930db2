"""The demo: five stories on real servers, then their evidence."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gantral.api.story import Library
from gantral.cli.demo.folder import make_folder
from gantral.cli.demo.late import make_late, run_late
from gantral.cli.demo.people import Visitor
from gantral.cli.demo.proof import tamper, verify
from gantral.cli.demo.telling import Teller
from gantral.cli.demo.watch import Watch
from gantral.cli.failure import Failure
from gantral.cli.stack import Stack, raise_stack
from gantral.cli.tools.opa import opa
from gantral.cli.tools.processes import Processes
from gantral.evidence import LocalStore, TrustFile
from gantral.evidence.export import export_instance

_TEAM = "payments"
_AUDIENCE = "gantral"
_PATIENCE = 60.0


@dataclass(frozen=True)
class Told:
    """A story that is over: what it was about, and its instance."""

    about: str
    instance_id: str


def run_demo(work: Path, teller: Teller) -> int:
    """Run it all in ``work``; 0 when every verdict is as it must be.

    Raises:
        Failure: a part could not be started or did not answer.
    """
    began = time.monotonic()
    project = make_folder(work)
    teller.say("Refunds that people decide: from a spec to evidence that a stranger can check.", 0)
    teller.say(f"Everything runs on this machine; what is made lies in {_near(work)}.", 0)
    opa()  # `check` fetches nothing, and without it one proof would be open
    _compile(teller, project)
    with Processes(work / "stack" / "logs") as processes:
        teller.heading("2  Start the servers, all on loopback")
        stack = raise_stack(
            processes, project, work / "stack", lambda line: teller.say(line, hang=10)
        )
        late = make_late(processes, stack, project, work / "late")
        teller.say("and a server that can skip time, with a worker of its own")
        demo = _Demo(teller, processes, stack, work, project)
        demo.waived()
        demo.amended()
        demo.rejected()
        demo.late(late)
    failed = demo.prove()
    teller.write("")
    teller.say(f"{time.monotonic() - began:.0f} seconds. Look at {_near(work)}:", 0)
    for path, what in (
        ("refund/refund.gantral", "the spec"),
        ("refund/src/refund_app/gen", "what was compiled from it"),
        ("evidence", "the evidence, one folder an instance"),
        ("trust.json", "whose signatures count"),
    ):
        teller.say(f"{path:<28}{what}", hang=28)
    teller.say("Decide for yourself, in an inbox: gantral dev " + _near(project), 0)
    return 1 if failed else 0


def _compile(teller: Teller, project: Path) -> None:
    teller.heading("1  Prove the spec, and compile it to a Temporal workflow")
    for command in ("check", "compile"):
        teller.say(f"$ gantral {command}")
        done = subprocess.run(
            [sys.executable, "-m", "gantral.cli", command],
            cwd=project,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "NO_COLOR": "1"},
        )
        said = (done.stdout + done.stderr).strip()
        if done.returncode != 0:
            raise Failure(f"gantral {command} failed:\n{said}")
        for line in said.splitlines():
            teller.say(line, indent=4, hang=2)


class _Demo:
    def __init__(
        self, teller: Teller, processes: Processes, stack: Stack, work: Path, project: Path
    ) -> None:
        self._teller = teller
        self._processes = processes
        self._stack = stack
        self._work = work
        self._project = project
        self._store = LocalStore(stack.evidence)
        self._library = Library(self._store, TrustFile.load(stack.trust.read_bytes()), [_TEAM])
        self._names = {one.sub: str(one.claims.get("name", one.sub)) for one in stack.personas}
        self._told: list[Told] = []

    def waived(self) -> None:
        """Policy lets it pass."""
        self._teller.heading("3  12.50 EUR back: small enough that policy lets it pass")
        self._end(self._ask("A-1002", "12.50", "the wrong colour"), "waived by policy, paid")

    def amended(self) -> None:
        """Two managers, a smaller amount."""
        self._teller.heading("4  40.00 EUR back: two managers decide, and lower it")
        watch = self._ask("A-1001", "40.00", "the lamp arrived broken")
        self._until(watch, waiting=True)
        why = "the shade alone is broken, and costs 25"
        for name in ("alice", "bob"):
            self._teller.act(f'{self._names[name]} signs in, says yes to 25.00: "{why}"')
            self._visitor(name).decide(watch.instance_id, "amend", why, {"/refund/amount": "25.00"})
        self._end(watch, "two managers' yes to 25.00, paid")

    def rejected(self) -> None:
        """One no ends it."""
        self._teller.heading("5  300.00 EUR back: a manager says no")
        watch = self._ask("A-1003", "300.00", "it is not what I expected")
        self._until(watch, waiting=True)
        self._teller.act(f'{self._names["alice"]} signs in, says yes: "the customer is a good one"')
        self._visitor("alice").decide(watch.instance_id, "approve", "the customer is a good one")
        why = "it was used for a year before it came back"
        self._teller.act(f'{self._names["bob"]} signs in, says no: "{why}"')
        self._visitor("bob").decide(watch.instance_id, "reject", why)
        self._end(watch, "rejected, nothing paid")

    def late(self, settings: Path) -> None:
        """Nobody answers for 72 hours, which pass at once."""
        self._teller.heading("6  60.00 EUR back: nobody answers, and time is made to run")
        input = _input("A-1005", "60.00", "it never arrived")
        self._asks("A-1005", "60.00", input["reason"])
        visitor = self._visitor("carol")
        instance_id, deployment = run_late(settings, visitor, input, self._teller, self._names)
        self._export(deployment.store, instance_id)
        self._told.append(Told("time ran out, nothing paid", instance_id))

    def prove(self) -> bool:
        """Ledger, evidence, tampered copy; True when a verdict is not what it must be."""
        self._ledger()
        teller, evidence = self._teller, self._work / "evidence"
        trust = self._work / "trust.json"
        shutil.copy(self._stack.trust, trust)
        teller.heading("8  What the evidence says, offline, to somebody who trusts nobody here")
        teller.say(f"$ gantral verify {_near(evidence)}/<instance> --trust {_near(trust)}")
        failed = False
        for told in self._told:
            verdict = verify(evidence / told.instance_id, trust)
            teller.verdict(verdict.word, f"{told.instance_id[:8]}  {told.about}")
            for finding in verdict.findings:
                teller.say(finding, indent=4, hang=2)
            failed = failed or verdict.word != "VALID"
        victim = self._told[1]
        copy = self._work / "tampered" / victim.instance_id
        tamper(evidence / victim.instance_id, copy, "25.00", "95.00")
        verdict = verify(copy, trust)
        what = f"{victim.instance_id[:8]}  a copy in which the approved 25.00 was made 95.00"
        teller.verdict(verdict.word, what)
        for finding in verdict.findings:
            teller.say(finding.replace(str(copy), _near(copy)), indent=4, hang=2)
        return failed or verdict.word != "INVALID"

    def _ledger(self) -> None:
        self._teller.heading("7  What was paid, in the ledger of the payments service")
        file = self._project / "build" / "ledger.sqlite"
        query = "SELECT receipt_id, order_id, amount, currency FROM refunds ORDER BY receipt_id"
        with closing(sqlite3.connect(file)) as ledger:
            for receipt, order, amount, currency in ledger.execute(query):
                self._teller.say(f"{receipt}  order {order}  {amount:>7} {currency}")

    def _ask(self, order: str, amount: str, reason: str) -> Watch:
        self._asks(order, amount, reason)
        instance_id = self._visitor("carol").start("refund", _input(order, amount, reason))
        return Watch(self._library, instance_id, self._teller, self._names)

    def _asks(self, order: str, amount: str, reason: str) -> None:
        who = self._names["carol"]
        self._teller.act(f'{who} signs in, asks for {amount} EUR on order {order}: "{reason}"')

    def _visitor(self, name: str) -> Visitor:
        return Visitor(name, self._stack.issuer, _AUDIENCE, self._stack.url)

    def _end(self, watch: Watch, about: str) -> None:
        self._until(watch, waiting=False)
        self._export(self._store, watch.instance_id)
        self._told.append(Told(about, watch.instance_id))

    def _until(self, watch: Watch, *, waiting: bool) -> None:
        ends = time.monotonic() + _PATIENCE
        while (story := watch.look()) is None or not (
            story.ended or (waiting and story.waiting is not None)
        ):
            if (ended := self._processes.ended()) is not None:
                raise Failure(f"{ended.name} ended by itself", f"its log is {ended.log}")
            if time.monotonic() > ends:
                raise Failure(
                    f"nothing happened to {watch.instance_id} for {_PATIENCE:g} s",
                    f"look into the logs in {self._processes.logs}",
                )
            time.sleep(0.03)

    def _export(self, store: Any, instance_id: str) -> None:
        export_instance(store, _TEAM, instance_id, self._work / "evidence" / instance_id)


def _input(order: str, amount: str, reason: str) -> dict[str, Any]:
    refund = {"amount": amount, "currency": "EUR"}
    return {"order_id": order, "refund": refund, "reason": reason}


def _near(path: Path) -> str:
    """A path as the user would type it."""
    near = os.path.relpath(path)
    return near if not near.startswith("..") else str(path)
