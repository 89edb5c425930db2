"""The two things that a scenario plays itself: the services, and the answers of OPA."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from gantral.cli.scenarios.script import Script
from gantral.runtime import ActionFailed, CallContext, Service
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.returned import result

# What policy_version_id is in a scenario's evidence: no bundle has this digest.
REVISION = "sha256:" + "0" * 64


def scripted_services(program: ProgramInfo, script: Callable[[], Script]) -> list[Service]:
    """An implementation of every service of a program that answers as the script says."""
    return [_implement(program, base, script)() for base in program.services.values()]


def operations(programs: Iterable[ProgramInfo]) -> dict[str, str]:
    """The name on the wire -> the operation, of all that is called."""
    return {
        str(one["wire"]): name
        for program in programs
        for name, one in program.manifest["operations"].items()
    }


def _implement(
    program: ProgramInfo, base: type[Service], script: Callable[[], Script]
) -> type[Service]:
    def method(self: Service, call: CallContext, /, **arguments: Any) -> Any:
        operation = call.operation
        model = program.calls[operation]
        asked = model(**arguments).to_wire()
        kind = program.manifest["operations"][operation]["kind"]
        answer = script().answer(operation, kind, asked)
        if answer is None:
            raise ActionFailed("the scenario gives no answer", "no")
        if answer.failure:
            raise ActionFailed(answer.reason, "no" if answer.failure == "not_done" else "unknown")
        return None if model.result_ is None else result(model.result_, answer.result)

    methods = dict.fromkeys(base.__abstractmethods__, method)
    return type(f"Scripted{base.__name__}", (base,), methods)


def policy_answer(question: Any, script: Script) -> tuple[int, bytes]:
    """What OPA answers to a question: the script's next word. Without a question it is asked which
    revision it serves."""
    word = "none" if question is None else script.policy(question["gate"])
    body = {
        "result": {"decision": word},
        "provenance": {"bundles": {"scenarios": {"revision": REVISION}}},
    }
    return 500 if word == "FAILURE" else 200, json.dumps(body).encode()


class ScriptedPolicy:
    """OPA's face on loopback, with the words of the script; what reads it is the real client."""

    def __init__(self, script: Callable[[], Script]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers.get("content-length", "0"))
                question = json.loads(self.rfile.read(size)).get("input")
                status, body = policy_answer(question, script())
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: what was asked is in the evidence."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> ScriptedPolicy:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
