"""Forgeries by who holds every key of a deployment but the log's: the log shows them."""

from __future__ import annotations

import shutil
from pathlib import Path

import bundles
from gantral.evidence import LocalStore
from log_world import TEAM, World
from test_log_process import judged


def remade(world: World, number: int, files: dict[str, bytes]) -> None:
    shutil.rmtree(world.home / "store" / TEAM / bundles.instance(number), ignore_errors=True)
    world.put_files(bundles.instance(number), files)


def cut(files: dict[str, bytes]) -> dict[str, bytes]:
    return {
        name: data
        for name, data in files.items()
        if name != "commits/00000003.json" and not (b"/receipt_id" in data and "texts/" in name)
    }


def test_an_instance_is_dropped(world: World) -> None:
    folder = world.home / "store" / TEAM / bundles.instance(2)
    shutil.move(folder, world.home / "hidden")
    try:
        assert judged(world, world.export("dropped"))[:2] == (2, ["log_absent"])
    finally:
        shutil.move(world.home / "hidden", folder)


def test_a_chain_is_cut(world: World) -> None:
    whole = bundles.scene("amended", 1).files
    remade(world, 1, cut(whole))
    try:
        status, found, _ = judged(world, world.export("cut"))
        # The proof that is left is of an earlier commit, or none; the log has one more.
        assert (status, found) == (2, ["log_none", "log_tail", "no_end"])
    finally:
        remade(world, 1, whole)


def test_a_chain_is_made_anew_with_the_real_keys(world: World) -> None:
    whole = bundles.scene("amended", 1).files
    remade(world, 1, bundles.scene("rejected", 1).files)
    try:
        status, found, _ = judged(world, world.export("anew"))
        assert (status, found) == (1, ["log_fork", "log_none", "log_tail"])
    finally:
        remade(world, 1, whole)
    assert judged(world, world.export("mended"))[:2] == (0, [])


def test_the_log_keeper_too_shows_two_views(tmp_path: Path) -> None:
    """Who has the log's key as well runs a second log of that name for another auditor: where a
    witness is asked it has none, and where none is, two auditors who compare see it."""
    (tmp_path / "one").mkdir()
    with World(tmp_path / "one").open() as world:
        world.put("amended", 1)
        world.log_all()
        honest = world.export("honest")
        # The second view: another instance in the first one's place, from the beginning.
        assert world.process is not None
        world.process.kill()
        shutil.rmtree(world.home / "store")
        world.store = LocalStore(world.home / "store")
        world.put("rejected", 2)
        for one in world.witnesses.values():
            one.last = None  # they forget, or are the keeper's own
        world.start("second")
        world.log_all(kept="second.kept")
        other = world.export("other")
        assert judged(world, honest)[:2] == (0, [])
        assert judged(world, other)[:2] == (0, [])
        status, found, _ = judged(world, honest, other)
        assert (status, set(found)) == (1, {"log_split"})
