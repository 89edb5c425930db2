"""What a transparency log says of commits: its entries, its proofs, which checkpoints count.

An entry binds a commit's hash to its team, instance and number. The hash of an instance's last
commit binds all before it, so one proof of that one shows that the whole chain was logged.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gantral.evidence import errors
from gantral.evidence.bytes import encode
from gantral.evidence.errors import EvidenceError
from gantral.evidence.folder import Files
from gantral.evidence.log_policy import LogPolicy
from gantral.evidence.merkle import includes, leaf_hash
from gantral.evidence.notes import decode, read_checkpoint, second_text
from gantral.evidence.trust import TrustFile

TYPE = "gantral.dev/log-entry/v1"
MOST_ENTRY = 512
_FIRST = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,15})\Z")
_ENTRY = re.compile(
    rf'\["{TYPE}","([a-z][a-z0-9_]{{0,62}})",'
    r'"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})","(0|[1-9][0-9]{0,7})","([0-9a-f]{64})"\]\Z'
)


@dataclass(frozen=True)
class Entry:
    """What one leaf of the log says: this commit of this instance has this hash."""

    team: str
    instance_id: str
    number: int
    commit_hash: str

    def data(self) -> bytes:
        """Its bytes, RFC 8785 as all else."""
        return encode([TYPE, self.team, self.instance_id, str(self.number), self.commit_hash])

    @staticmethod
    def read(data: bytes) -> Entry | None:
        """From its exact bytes; None when it is no entry of ours."""
        match = _ENTRY.match(data.decode("latin-1"))
        return Entry(match[1], match[2], int(match[3]), match[4]) if match else None


@dataclass(frozen=True)
class Seen:
    """A checkpoint that counts: the log's size and root there. ``at`` is the instant by which
    enough witnesses had cosigned it, "" where the policy asks for none."""

    origin: str
    size: int
    root: bytes
    at: str = ""


def policy_of(trust: TrustFile) -> LogPolicy:
    """The policy of the trust file's log.

    Raises:
        EvidenceError: ``log_unknown`` (inconclusive), when it names none.
    """
    if trust.log is None:
        raise EvidenceError("log_unknown", "the trust file names no log", inconclusive=True)
    return trust.log


def judge_checkpoint(data: bytes, trust: TrustFile) -> Seen:
    """Demand that the trust file's log signed this checkpoint, and enough witnesses cosigned it.

    Raises:
        EvidenceError: ``checkpoint``, ``checkpoint_signature``, ``key_lifetime``,
            ``key_compromised``; inconclusive are ``log_unknown``, ``log_quorum``, ``log_time``.
    """
    policy = policy_of(trust)
    checkpoint = read_checkpoint(data)
    signers = [
        trust.keys[key.public.keyid]
        for key in policy.logs
        if checkpoint.origin == policy.origin and checkpoint.signed(key)
    ]
    if not signers:
        raise EvidenceError(
            "log_unknown", "a checkpoint that the trust file's log did not sign", inconclusive=True
        )
    cosigned: dict[str, int] = {}
    for name, key in policy.witnesses.items():
        second = checkpoint.cosigned(key)
        if second is not None and _lives(trust, key.public.keyid, second):
            cosigned[name] = second
    reached = policy.reached(cosigned)
    if reached is None and policy.quorum != "none":
        errors.refuse(
            "log_quorum", "too few witnesses cosigned a checkpoint of the log", inconclusive=True
        )
    at = "" if reached is None else second_text(reached)
    for signer in signers:
        if at:
            signer.lives(at)
        elif (signer.not_after, signer.compromised_from) != ("none", "none"):
            # A log's own signature says no time; witnesses' do.
            errors.refuse(
                "log_time",
                "the log's key has an end, and no witness says when it signed a checkpoint",
                inconclusive=True,
            )
    return Seen(checkpoint.origin, checkpoint.size, checkpoint.root, at)


def _lives(trust: TrustFile, keyid: str, second: int) -> bool:
    """Whether a witness's word of that second counts: outside its life it is as none."""
    try:
        trust.keys[keyid].lives(second_text(second))
    except EvidenceError:
        return False
    return True


@dataclass(frozen=True)
class Proof:
    """A tlog-proof: where an entry lies, the hashes beside its way to the root, the checkpoint."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes

    def write(self) -> bytes:
        """Its bytes."""
        lines = [
            _FIRST,
            f"index {self.index}",
            *(b64encode(one).decode() for one in self.hashes),
            "",
            "",
        ]
        return "\n".join(lines).encode() + self.checkpoint

    @staticmethod
    def read(data: bytes) -> Proof:
        """From its exact bytes. ``extra`` data has no place in ours.

        Raises:
            EvidenceError: ``log_proof``.
        """
        head, blank, checkpoint = data.partition(b"\n\n")
        lines = head.decode("latin-1").split("\n")
        index = _INDEX.match(lines[1]) if blank and len(lines) > 1 else None
        if lines[0] != _FIRST or index is None or len(lines) > 66:
            raise EvidenceError("log_proof", "this is no tlog-proof")
        hashes = [decode(line) for line in lines[2:]]
        found = tuple(one for one in hashes if one is not None and len(one) == 32)
        if len(found) != len(hashes):
            raise EvidenceError("log_proof", "a hash of a tlog-proof is none")
        return Proof(int(index[1]), found, checkpoint)


def judge_proof(data: bytes, entry: Entry, trust: TrustFile) -> Seen:
    """Demand that the log has this entry, as of a checkpoint that counts.

    Raises:
        EvidenceError: ``log_proof``, ``log_inclusion``, or those of ``judge_checkpoint``.
    """
    proof = Proof.read(data)
    seen = judge_checkpoint(proof.checkpoint, trust)
    listed = [trust.keys[key.public.keyid] for key in policy_of(trust).logs]
    if not any(entry.team in key.teams for key in listed):
        raise EvidenceError("key_team", f"the log's key is not of team {entry.team}")
    leaf = leaf_hash(entry.data())
    if not includes(seen.root, seen.size, proof.index, leaf, proof.hashes):
        errors.refuse(
            "log_inclusion", f"the log does not have commit {entry.number} where its proof says"
        )
    return seen


def proof_name(number: int) -> str:
    """Where an instance's folder keeps the proof of one of its commits."""
    return f"log/{number:08d}.tlog-proof"


def check_log(
    folder: Files,
    trust: TrustFile,
    team: str,
    instance_id: str,
    commits: Sequence[str],
    note: Callable[[EvidenceError], None],
) -> frozenset[Seen]:
    """The proofs in an instance's folder, whose commits have these hashes: the last commit's must
    be there, if the trust file names a log. What is missing or unknown is noted.

    Returns: the checkpoints that count.

    Raises:
        EvidenceError: as ``judge_proof``, what is not inconclusive.
    """
    names = folder.under("log/")
    if not names and trust.log is None:
        return frozenset()
    last = len(commits) - 1
    if proof_name(last) not in names:
        lag = f"no proof shows that commit {last}, the last one here, is in the log"
        note(EvidenceError("log_lag" if names else "log_none", lag, inconclusive=True))
    found: set[Seen] = set()
    for name in names:
        number = int(name[4:12])
        if number > last:
            tail = f"the log is said to have a commit {number}, which is not here"
            note(EvidenceError("log_tail", tail, inconclusive=True))
            continue
        entry = Entry(team, instance_id, number, commits[number])
        try:
            found.add(judge_proof(folder.read(name) or b"", entry, trust))
        except EvidenceError as error:
            if not error.inconclusive:
                raise
            note(error)
    return frozenset(found)
