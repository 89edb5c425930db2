"""Several views of one log: whether they are of one tree, and what all of its entries tell.

Memory: 32 bytes an entry, for any earlier checkpoint's root; of an instance what it was given with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gantral.evidence import errors
from gantral.evidence.errors import EvidenceError
from gantral.evidence.logged import MOST_ENTRY, Entry, Seen
from gantral.evidence.merkle import Growing, leaf_hash
from gantral.evidence.report import Finding, Severity

WIDTH = 256
"""Entries in one file of them (tlog-tiles)."""
MOST_TILE = WIDTH * (2 + MOST_ENTRY)
_MOST_FINDINGS = 1000


def tile_path(number: int, width: int = WIDTH) -> str:
    """The path of a tile (tlog-tiles): three digits an element, all but the last begin with x; one
    that is not full says its width."""
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
    return path if width == WIDTH else f"{path}.p/{width}"


def entry_paths(size: int) -> Iterator[tuple[str, int]]:
    """Each file of a log's entries at that size, and how many it holds."""
    for number in range(-(-size // WIDTH)):
        width = min(WIDTH, size - number * WIDTH)
        yield f"tile/entries/{tile_path(number, width)}", width


def split_entries(data: bytes, width: int) -> list[bytes]:
    """The entries of one file, each behind its length in two bytes (tlog-tiles).

    Raises:
        EvidenceError: ``log_entries``, when it does not hold exactly so many.
    """
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    if at != len(data) or len(found) != width:
        raise EvidenceError("log_entries", f"a file of the log's entries does not hold {width}")
    return found


@dataclass
class Tree:
    """Hashes of all leaves of a log: the root of any size up to its own."""

    leaves: bytearray = field(default_factory=bytearray)
    _roots: dict[int, bytes] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many leaves."""
        return len(self.leaves) // 32

    def add(self, entry: bytes) -> None:
        """Append an entry."""
        self.leaves += leaf_hash(entry)

    def roots(self, sizes: Iterable[int]) -> Mapping[int, bytes]:
        """The roots at these sizes, as far as the tree goes, in one pass."""
        wanted = sorted({size for size in sizes if size <= self.size} - self._roots.keys())
        growing = Growing()
        for size in wanted:
            for at in range(growing.size * 32, size * 32, 32):
                growing.add(bytes(self.leaves[at : at + 32]))
            self._roots[size] = growing.root()
        return self._roots


def find_split(seen: Iterable[Seen], trees: Iterable[Tree]) -> Finding | None:
    """What is wrong with checkpoints that are all the log's, if anything: two that no one tree can
    have (INVALID); or nothing shows that they are of one tree, neither witnesses nor all of the
    log's entries (INCONCLUSIVE)."""
    found = sorted(set(seen), key=lambda one: (one.size, one.root))
    trees = sorted(trees, key=lambda tree: tree.size)
    told: dict[int, bytes] = {}
    for one in found:
        if told.setdefault(one.size, one.root) != one.root:
            return _split(one)
    for tree in trees:
        roots = tree.roots(told)
        for one in found:
            if roots.get(one.size, one.root) != one.root:
                return _split(one)
    covered = trees[-1].size if trees else -1
    loose = [one for one in found if one.size > covered]
    alone = len({one.size for one in loose}) + bool(trees) < 2
    if alone or all(one.at for one in found):
        return None
    first, last = found[0], found[-1]
    return Finding(
        "log_unlinked",
        "INCONCLUSIVE",
        "",
        f"nothing shows that checkpoints {first.size} and {last.size} are of one log: no witness "
        "is asked for, and not all entries are here",
    )


def _split(one: Seen) -> Finding:
    return Finding(
        "log_split",
        "INVALID",
        "",
        f"the log signed two views of itself: another one contradicts checkpoint {one.size}",
    )


@dataclass(frozen=True)
class Whole:
    """All entries of a log as of one checkpoint, and what they say of instances that were given:
    every instance of ``team`` ("none": of all teams) is there. Only when nothing is found."""

    seen: Seen
    team: str
    instances: int

    def __str__(self) -> str:
        of = "all teams" if self.team == "none" else f"team {self.team}"
        seen = self.seen
        by = f"cosigned by {seen.at}" if seen.at else "which no witness is asked to cosign"
        return (
            f"complete: every instance of {of} that the log {seen.origin} has, as of its "
            f"checkpoint {seen.size}, {by}, is among the {self.instances} here, to its last commit"
        )


@dataclass
class Comparison:
    """Instances that were given, against all entries of the log.

    Args:
        team: whose instances must all be given; "none" for every team's.
    """

    team: str
    tree: Tree = field(default_factory=Tree)
    _given: dict[tuple[str, str], bytes] = field(default_factory=dict)
    _broken: set[str] = field(default_factory=set)
    _headed: set[tuple[str, str]] = field(default_factory=set)
    _absent: dict[tuple[str, str], int] = field(default_factory=dict)
    _tails: dict[tuple[str, str], int] = field(default_factory=dict)
    _forks: dict[tuple[str, str], int] = field(default_factory=dict)
    _unread: int = 0

    def given(self, team: str, instance_id: str, commits: Iterable[str]) -> None:
        """Note an instance and the hashes of its commits."""
        self._given[team, instance_id] = b"".join(map(bytes.fromhex, commits))

    def broken(self, instance_id: str) -> None:
        """Note an instance that is INVALID: its commits say nothing, and it is not absent."""
        self._broken.add(instance_id)

    @property
    def anything_broken(self) -> bool:
        """Whether an instance that is given is INVALID."""
        return bool(self._broken)

    def entry(self, data: bytes) -> None:
        """Note the log's next entry."""
        self.tree.add(data)
        entry = Entry.read(data) if len(data) <= MOST_ENTRY else None
        if entry is None:
            self._unread += 1
            return
        key = (entry.team, entry.instance_id)
        if entry.instance_id in self._broken:
            return
        if key not in self._given:
            if self.team in ("none", entry.team):
                self._absent[key] = max(self._absent.get(key, 0), entry.number)
            return
        commits = self._given[key]
        at = entry.number * 32
        if at >= len(commits):
            self._tails[key] = max(self._tails.get(key, 0), entry.number)
        elif commits[at : at + 32].hex() != entry.commit_hash:
            self._forks.setdefault(key, entry.number)
        elif at + 32 == len(commits):
            self._headed.add(key)

    def findings(self, seen: Seen) -> list[Finding]:
        """What the entries contradict or miss, once they are all noted."""
        if self.tree.roots([seen.size]).get(seen.size) != seen.root:
            errors.refuse("log_root", "the log's entries here are not those of its checkpoint")
        found: list[Finding] = []

        def say(code: str, key: tuple[str, str], number: int | None, message: str) -> None:
            severe: Severity = "INVALID" if code == "log_fork" else "INCONCLUSIVE"
            at = "" if number is None else str(number)
            if len(found) < _MOST_FINDINGS:
                found.append(Finding(code, severe, at, f"{key[1]} of team {key[0]}: {message}"))

        for key, number in sorted(self._forks.items()):
            say("log_fork", key, number, f"the log has another commit {number}")
        for key, number in sorted(self._tails.items()):
            say("log_tail", key, number, f"the log has commit {number}, which is not here")
        for key, number in sorted(self._absent.items()):
            say("log_absent", key, None, f"the log has it, up to commit {number}; it is not here")
        for key, commits in sorted(self._given.items()):
            if key not in self._headed and key not in self._forks:
                last = len(commits) // 32 - 1
                say("log_lag", key, last, f"the log does not have its last commit, {last}")
        if self._unread:
            unread = f"{self._unread} entries of the log are of no known form"
            found.append(Finding("log_entry", "INCONCLUSIVE", "", unread))
        return found
