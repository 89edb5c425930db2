"""The files of a project as a commit has them, read from git's objects."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gantral.cli.failure import MISUSE, Failure

# Plain files, executable or not. A link's text is no spec, and where it points is not looked for.
_FILES = ("100644", "100755")


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit: `objects` has the object of each file by its posix path from the project's root."""

    root: Path
    name: str
    objects: Mapping[str, str]

    def read(self, path: str) -> bytes | None:
        """The bytes of a file; None when the commit has no such file.

        Raises:
            Failure: git can't give it.
        """
        named = self.objects.get(path)
        if named is None:
            return None
        return _git(self.root, f"{self.name}:{path} can't be read", "cat-file", "blob", named)

    def paths(self) -> list[str]:
        """The paths of its files, sorted."""
        return sorted(self.objects)


def revision(root: Path, name: str) -> Revision:
    """The commit that `name` stands for, as the project in `root` sees it.

    Raises:
        Failure: there is no git, no repository or no such commit.
    """
    if not name or "\0" in name:
        raise Failure(f"{name!r} names no commit", "name one, like main or HEAD~1", MISUSE)
    # Whatever the name looks like, it is no option; all that follows names objects by their hash.
    commit = _line(
        root,
        f"git knows no commit {name} in {root}",
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        f"{name}^{{commit}}",
    )
    below = _line(root, f"{root} is in no git repository", "rev-parse", "--show-prefix")
    listed = _git(
        root, f"{name} can't be listed", "ls-tree", "-r", "-z", "--full-tree", commit
    ).decode("utf-8", "surrogateescape")
    objects: dict[str, str] = {}
    for entry in listed.split("\0"):
        head, _, path = entry.partition("\t")
        if path.startswith(below) and head[:6] in _FILES:
            objects[path.removeprefix(below)] = head.split(" ")[2]
    return Revision(root, name, objects)


def _line(root: Path, fault: str, *arguments: str) -> str:
    return _git(root, fault, *arguments).decode("utf-8", "surrogateescape").removesuffix("\n")


def _git(root: Path, fault: str, *arguments: str) -> bytes:
    try:
        done = subprocess.run(
            ["git", "--no-replace-objects", *arguments],
            cwd=root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise Failure(
            "--against reads an older version from git, and there is no git on the PATH",
            "install git; or compare two files: gantral diff OLD NEW",
        ) from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        told = f": {said[0]}" if said else ""
        raise Failure(
            f"{fault}{told}",
            "name a commit, branch or tag that is here (git fetch brings it; in CI, check out with "
            "the history)",
        )
    return done.stdout
