"""One question to a real OPA: the three words count, and nothing else does."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gantral.cli.tools.opa import opa as opa_command
from gantral.cli.tools.processes import Processes, free_port
from gantral.cli.tools.servers import _ok, start_opa
from gantral.policy import Opa, PolicyFailure, ask, policy_version_id, question, revision

MONEY = ["record", [["amount", ["decimal", {"scale": "2", "min": "0", "max": "none"}], {}]]]
PARAMETERS = ["record", [["refund", MONEY, {}]]]

REGO = """package answers
allow := {"decision": "ALLOW"}
person := {"decision": "REQUIRE_HUMAN"}
deny := {"decision": "DENY"}
unknown_word := {"decision": "allow"}
unknown_field := {"decision": "ALLOW", "because": "I say so"}
no_field := {}
text := "ALLOW"
number := {"decision": 1}
yes := true
list := [{"decision": "ALLOW"}]
undefined := {"decision": "ALLOW"} if input.proposal.nothing
conflict := {"decision": "ALLOW"} if input.version == 1
conflict := {"decision": "DENY"} if input.version == 1
slow := {"decision": "ALLOW"} if {
  count([1 | some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); a + b == 0]) == 0
}
limit := {"decision": "ALLOW"} if input.proposal.refund.amount <= 50.00
else := {"decision": "REQUIRE_HUMAN"}
exact := {"decision": "ALLOW"} if input.proposal.refund.amount == 12345678901234567.89
else := {"decision": "DENY"}
shape := {"decision": "ALLOW"} if {
  object.keys(input) == {"version", "workflow", "gate", "round", "initiator", "proposal"}
  input.version == 1
  input.round == 2
  input.initiator == "carol"
  is_number(input.proposal.refund.amount)
}
else := {"decision": "DENY"}
"""


def bundle(folder: Path, into: Path, revision: str | None) -> Path:
    command = [opa_command(), "build", "-b", folder, "-o", into]
    if revision is not None:
        command += ["-r", revision]
    subprocess.run(command, check=True, capture_output=True)
    return into


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, Path]:
    folder = tmp_path_factory.mktemp("policy")
    (folder / "rego").mkdir()
    (folder / "rego" / "answers.rego").write_text(REGO)
    version = policy_version_id({"answers.rego": REGO.encode()})
    return folder, version, bundle(folder / "rego", folder / "good.tar.gz", version)


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    with Processes(tmp_path_factory.mktemp("logs")) as running:
        yield running


@pytest.fixture(scope="module")
def server(made: tuple[Path, str, Path], processes: Processes) -> Opa:
    return Opa(start_opa(processes, made[2]).url, timeout=20, reconnect=5)


def asked(opa: Opa, rule: str, amount: str = "40.00") -> Any:
    return asyncio.run(
        ask(
            opa,
            question(
                query=f"data.answers.{rule}",
                workflow="refund",
                gate="finance",
                round=2,
                initiator="carol",
                parameters=PARAMETERS,
                proposal={"refund": {"amount": amount}},
            ),
        )
    )


@pytest.mark.parametrize(
    ("rule", "word"), [("allow", "ALLOW"), ("person", "REQUIRE_HUMAN"), ("deny", "DENY")]
)
def test_the_three_words_count_with_their_revision(
    server: Opa, made: tuple[Path, str, Path], rule: str, word: str
) -> None:
    answer = asked(server, rule)
    assert (answer.decision, answer.policy_version_id) == (word, made[1])


def test_the_input_has_its_members_and_numbers_are_numbers(server: Opa) -> None:
    assert asked(server, "shape").decision == "ALLOW"


@pytest.mark.parametrize(
    ("amount", "word"),
    [("50.00", "ALLOW"), ("50.01", "REQUIRE_HUMAN"), ("1000.00", "REQUIRE_HUMAN")],
)
def test_amounts_compare_as_numbers(server: Opa, amount: str, word: str) -> None:
    assert asked(server, "limit", amount).decision == word


def test_a_decimal_arrives_to_its_last_place(server: Opa) -> None:
    assert asked(server, "exact", "12345678901234567.89").decision == "ALLOW"
    assert asked(server, "exact", "12345678901234567.88").decision == "DENY"


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("unknown_word", "not ALLOW, REQUIRE_HUMAN or DENY"),
        ("unknown_field", "because, decision"),
        ("no_field", "the one member decision"),
        ("text", "is no object"),
        ("number", "decision is no text"),
        ("yes", "is no object"),
        ("list", "is no object"),
        ("undefined", "is undefined"),
        ("nowhere", "is undefined"),
        ("conflict", "status 500"),
    ],
)
def test_everything_else_is_a_failure_in_words(server: Opa, rule: str, why: str) -> None:
    with pytest.raises(PolicyFailure, match=why):
        asked(server, rule)


def test_a_slow_answer_is_a_failure_and_is_not_asked_again(server: Opa) -> None:
    with pytest.raises(PolicyFailure, match=r"gave no answer within 0\.3 s"):
        asked(replace(server, timeout=0.3), "slow")


def test_nobody_there_is_a_failure_after_trying_to_connect() -> None:
    with pytest.raises(PolicyFailure, match="can't be reached"):
        asked(Opa(f"http://127.0.0.1:{free_port()}", reconnect=0.3), "allow")


def test_a_connection_is_tried_until_the_server_is_there(
    made: tuple[Path, str, Path], processes: Processes
) -> None:
    port = free_port()
    command = [opa_command(), "run", "--server", "--addr", f"127.0.0.1:{port}", "-b", made[2]]
    url = f"http://127.0.0.1:{port}"

    def start() -> None:
        processes.start("late", command, ready=lambda: _ok(f"{url}/health?bundles"))

    # The server is started by the first refused connection, so the question came before it.
    starting: list[threading.Thread] = []

    async def both() -> str:
        pending = asyncio.create_task(revision(Opa(url, timeout=10, reconnect=60)))
        await asyncio.sleep(0)
        thread = threading.Thread(target=start)
        thread.start()
        starting.append(thread)
        return await pending

    assert asyncio.run(both()) == made[1]
    starting[0].join()


def test_no_revision_is_a_failure_with_the_remedy(
    made: tuple[Path, str, Path], processes: Processes
) -> None:
    plain = bundle(made[0] / "rego", made[0] / "plain.tar.gz", None)
    opa = Opa(start_opa(processes, plain, name="plain").url, timeout=20)
    with pytest.raises(PolicyFailure, match="gantral policy build"):
        asked(opa, "allow")


def test_a_revision_of_another_form_is_a_failure(
    made: tuple[Path, str, Path], processes: Processes
) -> None:
    odd = bundle(made[0] / "rego", made[0] / "odd.tar.gz", "sha256:1234")
    opa = Opa(start_opa(processes, odd, name="odd").url, timeout=20)
    with pytest.raises(PolicyFailure, match="gantral policy build"):
        asked(opa, "allow")


def test_two_bundles_are_a_failure(made: tuple[Path, str, Path], processes: Processes) -> None:
    other = made[0] / "other"
    other.mkdir()
    (other / "other.rego").write_text("package other\nyes := true\n")
    (other / ".manifest").write_text('{"roots": ["other"]}')
    mine = made[0] / "mine"
    mine.mkdir()
    (mine / "answers.rego").write_text(REGO)
    (mine / ".manifest").write_text('{"roots": ["answers"]}')
    first = bundle(mine, made[0] / "mine.tar.gz", made[1])
    second = bundle(other, made[0] / "other.tar.gz", made[1])
    port = free_port()
    command = [opa_command(), "run", "--server", "--addr", f"127.0.0.1:{port}"]
    command += ["-b", first, "-b", second]
    url = f"http://127.0.0.1:{port}"
    processes.start("two", command, ready=lambda: _ok(f"{url}/health?bundles"))
    with pytest.raises(PolicyFailure, match="2 bundles"):
        asked(Opa(url, timeout=20), "allow")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]", "no object"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n{NaN}", "no strict JSON"),
        (b'HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{"a":1,"a":2}', "no strict JSON"),
        (b"HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", "307"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{", "broke off"),
        (b"nonsense\r\n\r\n", "broke off"),
    ],
)
def test_a_server_that_is_not_opa_is_a_failure_and_is_asked_once(answer: bytes, why: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken: list[bytes] = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    taken.append(connection.recv(65536))
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        opa = Opa(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=20, reconnect=5)
        with pytest.raises(PolicyFailure, match=why):
            asked(opa, "allow")
        assert len(taken) == 1


def test_a_query_of_another_form_is_never_asked() -> None:
    with pytest.raises(PolicyFailure, match="no query"):
        asked(Opa("http://127.0.0.1:1"), "a/../../v1/policies?x=")
