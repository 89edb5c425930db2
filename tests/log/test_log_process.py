"""gantral-log, filled by what serve does, and read by the commands."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import bundles
import httpx
import pytest
from gantral.api import looks
from gantral.api.log.following import LogBroken
from gantral.cli.main import main
from gantral.cli.tools.go import go
from gantral.cli.tools.log import SOURCES
from gantral.evidence.logged import Entry, judge_checkpoint
from gantral.evidence.merkle import extends, includes, leaf_hash, root_of
from gantral.evidence.tiles import Tiles
from log_world import ORIGIN, TEAM, World
from logs import entries_of
from second import go_environment


def judged(world: World, *paths: Path, trust: Path | None = None) -> tuple[int, list[str], str]:
    """Exit status, codes found, and what is complete."""
    command = ["verify", *map(str, paths), "--trust", str(trust or world.trust_file)]
    with pytest.MonkeyPatch.context() as patch:
        said: list[str] = []
        patch.setattr("builtins.print", lambda *words, **_: said.extend(map(str, words)))
        status = main([*command, "--format", "json"])
    told = json.loads("".join(said))
    found = [one["code"] for one in told["findings"]]
    found += [code["code"] for one in told["instances"] for code in one["findings"]]
    return status, sorted(found), json.dumps(told["complete"])


def show(world: World, out: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "gantral.cli", "evidence", "show", str(out),
         "--trust", str(world.trust_file)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def test_a_team_is_exported_with_its_log(world: World) -> None:
    out = world.export("all", "--team", TEAM)
    status, found, complete = judged(world, out)
    assert (status, found) == (0, [])
    (shown,) = json.loads(complete)
    assert (shown["origin"], shown["team"], shown["instances"]) == (ORIGIN, TEAM, "4")
    assert shown["cosigned"].endswith(".000Z")
    # `evidence show` says it too, and reads past the log to the texts.
    told = show(world, out)
    assert "complete: every instance of team payments that the log log.example/payments" in told
    # Each instance takes its proof along, and is judged alone by it.
    folder = world.home / "unpacked"
    folder.mkdir()
    subprocess.run(["tar", "xf", out, "-C", folder], check=True)
    alone = folder / bundles.instance(1)
    assert judged(world, alone)[:2] == (0, [])
    (proof,) = (alone / "log").iterdir()
    proof.unlink()
    assert judged(world, alone)[:2] == (2, ["log_none"])
    # A part of the instances has proofs, and shows nothing of the others.
    some = world.export("some", bundles.instance(2))
    assert judged(world, some) == (0, [], "[]")


def test_what_is_logged_is_not_sent_again(world: World) -> None:
    following = world.following()
    following.catch_up()
    assert following.seen is not None
    size = following.seen.size
    # By the process that sent it, by another that knows nothing of it.
    assert world.submitting().once() == 0
    assert world.submitting(kept="another").once() == 0
    assert size == sum(len(entries_of(bundles.scene(chain, n).files)) for n, chain in enumerate(
        ("amended", "rejected", "waived", "timed_out"), 1))  # fmt: skip


def test_proofs_of_every_size_are_the_log_s(world: World) -> None:
    following = world.following()
    following.catch_up()
    seen = following.seen
    assert seen is not None
    tiles = Tiles(following.client.fetch, seen.size)
    leaves = [leaf_hash(entry) for entry in tiles.entries()]
    assert root_of(leaves) == seen.root
    for index in range(seen.size):
        assert includes(seen.root, seen.size, index, leaves[index], tiles.inclusion(index))
        old = root_of(leaves[:index])
        assert extends(index, old, seen.size, seen.root, tiles.consistency(index))


def test_the_log_takes_entries_alone_and_from_whom_it_knows(world: World) -> None:
    url = f"http://127.0.0.1:{world.port}"
    token = {"authorization": f"Bearer {(world.home / 'token').read_text().strip()}"}
    good = Entry(TEAM, bundles.instance(9), 0, "0" * 64).data()
    for body, headers, status in (
        (good, {}, 401),
        (good, {"authorization": "Bearer another token of the log"}, 401),
        (b"", token, 400),
        (b"anything", token, 400),
        (good + b"\nanything", token, 400),
        (good.replace(b",", b", "), token, 400),
        (good.replace(b"v1", b"v2"), token, 400),
        ((good + b"\n") * 1025, token, 413),
        (b"x" * (1 << 20) + b"x", token, 413),
    ):
        assert httpx.post(f"{url}/add", content=body, headers=headers).status_code == status
    assert httpx.get(f"{url}/add").status_code == 405
    # Its own files are not shown.
    for path in ("", ".state/", "tile/../.state/treeState", "../keys/log.key"):
        assert httpx.get(f"{url}/{path}").status_code == 404
    assert world.lacking() == 0


def test_a_key_that_the_trust_file_does_not_name_starts_nothing(world: World) -> None:
    made = ["keys", "new", "--use", "log", "--environment", "production", "--team", TEAM]
    assert main([*made, "--out", str(world.home / "others")]) == 0
    command = [str(one) for one in world.command("never")]
    command[command.index("-key") + 1] = str(world.home / "others" / "log.key")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "does not name the key" in done.stderr


def test_doctor_tells_what_the_log_lacks(world: World) -> None:
    settings, trust = world.loaded(), world.trust()

    def look(moment: str) -> looks.Look:
        return looks.log(settings, trust, datetime.fromisoformat(moment))

    assert look("2026-11-24T00:00:00.000Z").faults == ()
    assert "0 commits not logged yet" in look("2026-11-24T00:00:00.000Z").found
    # Commits of the day before: late at once, or still in time.
    world.put("approved", 5)
    try:
        (fault,) = look("2026-11-24T00:00:00.000Z").faults
        assert fault.rule == "log_behind"
        in_time = look("2026-11-23T09:59:59.000Z")
        assert (in_time.faults, "4 commits" in in_time.found) == ((), True)
        # Not logged yet is no proof.
        assert judged(world, world.export("young"))[:2] == (2, ["log_lag", "log_none"])
    finally:
        shutil.rmtree(world.home / "store" / TEAM / bundles.instance(5))


def test_what_serve_runs_logs_and_tells_of_trouble_once(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    submitting = world.submitting(kept="running")

    async def run() -> None:
        task = asyncio.create_task(submitting.running())
        while not (world.home / "running").exists():
            await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    data = (world.home / "running").read_bytes()
    assert judge_checkpoint(data, world.trust()).origin == ORIGIN
    assert capsys.readouterr().err == ""


def test_killed_it_keeps_what_it_took_and_set_back_it_is_noticed(tmp_path: Path) -> None:
    with World(tmp_path).open() as world:
        world.put("amended", 1)
        world.log_all()
        shutil.copytree(world.home / "log", world.home / "early")
        world.put("waived", 2)
        world.submitting().once()
        # Answered for, and not published yet.
        assert world.process is not None
        world.process.kill()
        world.start()
        world.log_all()
        following = world.following()
        following.catch_up()
        assert following.seen is not None
        # What was sent again because nothing showed it yet stands there twice, and says the same.
        size = following.seen.size
        assert size in (4 + 3, 4 + 3 + 3)
        assert judged(world, world.export("after"))[:2] == (0, [])
        assert world.submitting().once() == 0
        # Somebody puts an old copy in its place: its own checkpoint of then is good, and the
        # last one seen says that there was more.
        world.process.kill()
        world.start("early")
        with pytest.raises(LogBroken, match=f"had {size} entries and shows 4"):
            world.submitting().once()
        # Who starts anew with no memory is told by the witnesses: nothing is published any more.
        assert world.witnesses["w1"].last is not None
        assert world.witnesses["w1"].last.size == size


def test_go_has_nothing_to_say_of_its_source() -> None:
    command = [go(), "vet", "-mod=readonly", "./..."]
    done = subprocess.run(
        command, cwd=SOURCES, env=go_environment(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
