"""Generated folders appear all or none."""

from __future__ import annotations

from pathlib import Path

import pytest
from gantral.cli.failure import Failure
from gantral.cli.folders import MARK, OURS, refuse_foreign, replace_folders


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_when_one_folder_cannot_be_written_none_is(tmp_path: Path) -> None:
    first, left = tmp_path / "gen" / "a", tmp_path / "gen" / "left"
    for folder in (first, left):
        folder.mkdir(parents=True)
        (folder / "types.py").write_bytes(b"old")
    (tmp_path / "file").write_bytes(b"")
    # A file is where the second one's parent should be.
    second = tmp_path / "file" / "b"
    with pytest.raises(Failure, match="can't be written"):
        replace_folders({first: {"types.py": b"new"}, second: {"types.py": b"new"}}, [left])
    assert files(first) == files(left) == {"types.py": b"old"}
    assert sorted(path.name for path in (tmp_path / "gen").iterdir()) == ["a", "left"]


def test_a_failure_after_the_first_swap_undoes_it(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    (first / "types.py").write_bytes(b"old")
    # A folder can't be moved to where a file is: the second rename fails.
    second.write_bytes(b"a file")
    with pytest.raises(Failure):
        replace_folders({first: {"types.py": b"new"}, second: {"types.py": b"new"}}, [])
    assert files(first) == {"types.py": b"old"}
    assert second.read_bytes() == b"a file"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_nothing_of_the_old_folder_stays(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "stale.py").write_bytes(b"old")
    replace_folders({folder: {"types.py": b"new"}}, [])
    assert files(folder) == {"types.py": b"new"}
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("name", ["notes.md", "types.py"])
def test_what_is_not_ours_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / MARK).write_bytes(OURS)
    (tmp_path / name).write_bytes(b"# mine\n")
    with pytest.raises(Failure, match=name):
        refuse_foreign(tmp_path)


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "gen").symlink_to(tmp_path / "real")
    with pytest.raises(Failure, match="in the way"):
        refuse_foreign(tmp_path / "gen")
