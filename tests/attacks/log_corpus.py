"""Attacks on what shows that nothing is missing: an instance's proof from a transparency log, and
all of a log in a bundle. Each family gives evidence and whether what it claims is still true: that
alone may be VALID."""

from __future__ import annotations

import base64
import copy
import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import bundles
from bundles import Entry, bundle, instance
from gantral.evidence.logged import Entry as Logged
from gantral.evidence.logged import Proof, proof_name
from gantral.evidence.merkle import inclusion_proof, root_of
from gantral.evidence.notes import LOG, WITNESS
from logs import YEAR, HandLog, entries_of, line, note_key, seed, trusting, with_proof
from scenes import Scene, build
from subjects import Files
from test_log_whole import made
from vector_manifest import MANIFEST
from vectors import inputs

SCENE = build(inputs("approved"), MANIFEST)
OWN = entries_of(SCENE.files)
LAST = proof_name(OWN[-1].number)
ORDER = 2**252 + 27742317777372353535851937790883648493
# What a family makes: files, and whether they are as true as what was given.
Proven = tuple[Files, bool]
PROOFS: dict[str, Callable[[random.Random], Proven]] = {}


def family(one: Callable[[random.Random], Proven]) -> Callable[[random.Random], Proven]:
    PROOFS[one.__name__] = one
    return one


def _strange(number: int) -> bytes:
    return Logged("others", f"{number:08x}{OWN[0].instance_id[8:]}", 0, f"{number:064x}").data()


@cache
def _filled() -> HandLog:
    log = HandLog([_strange(n) for n in range(5)])
    log.add(SCENE)
    log.entries += [_strange(n) for n in range(5, 8)]
    return log


TRUST = trusting(SCENE.trust, _filled())


def log() -> HandLog:
    """A log that has the instance, with others' entries before and behind, to be changed."""
    return copy.deepcopy(_filled())


WHOLE = with_proof(SCENE, _filled())


def _with(proof: bytes) -> Files:
    return {**WHOLE, LAST: proof}


def _parts() -> tuple[Proof, bytes, list[bytes]]:
    """The proof, its checkpoint's text, and its signature lines."""
    proof = Proof.read(WHOLE[LAST])
    text, _, signed = proof.checkpoint.partition(b"\n\n")
    return proof, text + b"\n", signed.splitlines(keepends=True)


def _noted(text: bytes, lines: list[bytes]) -> Files:
    proof, *_ = _parts()
    return _with(replace(proof, checkpoint=text + b"\n" + b"".join(lines)).write())


def spoilt(data: bytes, rng: random.Random) -> bytes:
    """One byte is another, gone, or new."""
    made = bytearray(data)
    at, how = rng.randrange(len(made)), rng.randrange(4)
    if how < 2:
        made[at] ^= 1 << rng.randrange(8)
    elif how == 2:
        made.insert(at, rng.choice(b"\n A0=\xff\0" + bytes([made[at]])))
    else:
        del made[at]
    return bytes(made)


@family
def a_byte(rng: random.Random) -> Proven:
    """Of the proof: index, hashes, checkpoint, signatures."""
    files = _with(spoilt(WHOLE[LAST], rng))
    return files, files == WHOLE


@family
def hashes_of_the_proof(rng: random.Random) -> Proven:
    """Gone, doubled, exchanged, another's, or one too many."""
    proof, *_ = _parts()
    hashes = list(proof.hashes)
    at, how = rng.randrange(len(hashes)), rng.randrange(5)
    if how == 0:
        del hashes[at]
    elif how == 1:
        hashes.insert(at, rng.choice(hashes))
    elif how == 2:
        rng.shuffle(hashes)
    elif how == 3:
        hashes[at] = rng.choice([bytes(32), *log().leaves()])
    else:
        hashes += [hashes[-1]] * rng.randrange(1, 80)
    files = _with(replace(proof, hashes=tuple(hashes)).write())
    return files, files == WHOLE


@family
def an_index(rng: random.Random) -> Proven:
    """Another place in the log, or the same in other digits."""
    proof, *_ = _parts()
    whole = proof.write()
    index = rng.choice([*range(14), 2**31, 2**53 - 1, 2**53, 2**64 + proof.index, 10**15])
    spelt = rng.choice([b"%d", b"%d", b"0%d", b"+%d", b" %d", b"%d ", b"%d.0", b"-%d"]) % index
    files = _with(whole.replace(b"index %d" % proof.index, b"index " + spelt, 1))
    return files, files == WHOLE


@family
def another_leaf(rng: random.Random) -> Proven:
    """A true proof of something else: another commit of this chain, another instance's, another
    team's; or of this commit in a tree that nobody signed."""
    held = log()
    how = rng.randrange(3)
    if how == 0:
        data = rng.choice([one.data() for one in OWN[:-1]])
    elif how == 1:
        data = _strange(rng.randrange(8))
    else:
        # The leaf is swapped for ours in a log of which only the old checkpoint is signed.
        data = OWN[-1].data()
        held.entries = [one for one in held.entries if one != data]
        held.entries.insert(rng.randrange(len(held.entries)), data)
        if held.entries == _filled().entries:
            return WHOLE, True
    leaves = held.leaves()
    index = held.entries.index(data)
    hashes = inclusion_proof(index, len(leaves), lambda a, b: root_of(leaves[a:b]))
    return _with(Proof(index, tuple(hashes), _filled().checkpoint()).write()), False


@family
def an_older_checkpoint(rng: random.Random) -> Proven:
    """Of a size that has the commit, which is as good; or of one that has not, with this proof or
    with that of an earlier commit, under the name of either."""
    held = log()
    size = rng.randrange(1, len(held.entries) + 1)
    note = held.checkpoint(size)
    if size > held.entries.index(OWN[-1].data()):
        return with_proof(SCENE, held, note), True
    if rng.randrange(2):
        proof, *_ = _parts()
        return _with(replace(proof, checkpoint=note).write()), False
    early = [one for one in OWN if held.entries.index(one.data()) < size]
    if not early:
        return SCENE.files, False  # no proof at all
    one = rng.choice(early)
    name = rng.choice([LAST, proof_name(one.number)])
    return {**SCENE.files, name: held.proof(one, note)}, False


@family
def a_split_view(rng: random.Random) -> Proven:
    """The log's key and its witnesses signed two trees of one size, and both are shown."""
    twin = log()
    at = rng.choice([n for n, one in enumerate(twin.entries) if one not in {e.data() for e in OWN}])
    twin.entries[at] = rng.choice([b"", b"another", _strange(99)])
    other = rng.choice(OWN[:-1])
    return {**WHOLE, proof_name(other.number): twin.proof(other)}, False


@family
def lines_of_the_checkpoint(rng: random.Random) -> Proven:
    """Signatures gone, doubled, in another order, or a stranger's beside them: what is still signed
    by the log and two witnesses is true."""
    _, text, lines = _parts()
    how = rng.randrange(5)
    if how == 0:
        del lines[rng.randrange(len(lines))]
        return _noted(text, lines), False
    if how == 1:
        lines.insert(rng.randrange(4), rng.choice(lines))
    elif how == 2:
        rng.shuffle(lines)
    elif how == 3:
        stranger = note_key("w1.example", WITNESS, seed("a stranger"))
        said = (_filled().at).to_bytes(8, "big") + bytes(64)
        lines.insert(rng.randrange(4), line(stranger, said).encode())
    else:
        lines = [lines[0], lines[1], lines[1]]  # one witness, twice
        return _noted(text, lines), False
    return _noted(text, lines), True


@family
def unknown_witnesses(rng: random.Random) -> Proven:
    """One of two witnesses is nobody whom the policy names: by its key, its name or its role."""
    held = log()
    body = held.body(len(held.entries))
    message = b"cosignature/v1\ntime %d\n%b" % (held.at, body)
    key, name, kind = rng.choice(
        [
            (seed("a stranger"), "w2.example", WITNESS),
            (seed("a stranger"), "w9.example", WITNESS),
            (held.witnesses["w2"], "w9.example", WITNESS),
            (held.witnesses["w2"], "w1.example", WITNESS),
            (held.witnesses["w2"], "w2.example", LOG),
            (held.key, "w2.example", WITNESS),
            (held.key, held.checkpoint().decode().split("\n")[0], WITNESS),
            (held.witnesses["w1"], "w2.example", WITNESS),
        ]
    )
    said = held.at.to_bytes(8, "big") + key.sign(message)
    note = held.checkpoint(by=["w1"]) + line(note_key(name, kind, key), said).encode()
    return with_proof(SCENE, held, note), False


@family
def other_signatures(rng: random.Random) -> Proven:
    """A signature line whose bytes are another's, of another size, time or text; malleable."""
    held = log()
    _, text, lines = _parts()
    at = rng.randrange(len(lines))
    head, _, told = lines[at].rstrip(b"\n").rpartition(b" ")
    raw = base64.b64decode(told)
    named, signature = raw[:-64], raw[-64:]
    smaller = held.checkpoint(rng.randrange(1, len(held.entries))).partition(b"\n\n")[2]
    other = base64.b64decode(smaller.splitlines()[at].rpartition(b" ")[2])
    s = int.from_bytes(signature[32:], "little") + ORDER
    later = (held.at + rng.choice([-YEAR, -1, 1, YEAR])).to_bytes(8, "big")
    swapped = base64.b64decode(lines[(at + 1) % 3].rstrip(b"\n").rpartition(b" ")[2])
    said = rng.choice(
        [
            named + bytes(64),
            named + signature[:32] + s.to_bytes(32, "little"),
            named + signature[:-1],
            named + signature + b"\0",
            named + swapped[-64:],
            other,
            named[:4] + later + signature if at else named + signature[32:] + signature[:32],
        ]
    )
    lines[at] = head + b" " + base64.b64encode(said) + b"\n"
    return _noted(text, lines), False


@family
def another_text(rng: random.Random) -> Proven:
    """Origin, size or root of a checkpoint are others under the same signatures, or signed anew by
    who has not the log's key."""
    held = log()
    origin, size, root, _ = _filled().checkpoint().decode().split("\n")[:4]
    held.entries[0] = b"another"
    forged = base64.b64encode(root_of(held.leaves())).decode()
    text = rng.choice(
        [
            f"{origin}x\n{size}\n{root}\n", f"{origin}\n{int(size) + 1}\n{root}\n",
            f"{origin}\n{int(size) - 1}\n{root}\n", f"{origin}\n0{size}\n{root}\n",
            f"{origin}\n{size}\n{forged}\n", f"{origin}\n{size}\n{root}\nextension\n",
            f"{origin}\n{size}\n{root.rstrip('=')}\n", f"{origin} \n{size}\n{root}\n",
        ]
    ).encode()  # fmt: skip
    _, _, lines = _parts()
    if rng.randrange(2):
        thief = seed("a stranger")
        lines[0] = line(note_key(origin, LOG, thief), thief.sign(text)).encode()
    return _noted(text, lines), False


# The same for all of a log in a bundle.
FOUND = bundles.scenes("amended", "rejected", "waived")
BUNDLES: dict[str, Callable[[random.Random], tuple[list[Entry], bool]]] = {}


def whole(one: Callable[[random.Random], tuple[list[Entry], bool]]) -> object:
    BUNDLES[one.__name__] = one
    return one


@cache
def _of_bundle() -> HandLog:
    held = HandLog()
    for scene in FOUND.values():
        held.add(scene)
    held.entries += [Logged("others", instance(9), n, f"{n:064x}").data() for n in range(2)]
    return held


BUNDLE_TRUST = trusting(FOUND[instance(1)].trust, _of_bundle())


@cache
def complete() -> tuple[Entry, ...]:
    """The inside of a bundle of which a log shows that it is complete."""
    return tuple(made(_of_bundle(), FOUND))


def _places() -> list[int]:
    return [n for n, (folder, *_) in enumerate(complete()) if folder.startswith("log")]


@whole
def a_byte_of_the_log(rng: random.Random) -> tuple[list[Entry], bool]:
    """Of the checkpoint or of the entries, in its file."""
    inside = list(complete())
    at = rng.choice(_places())
    folder, name, data = inside[at]
    inside[at] = (folder, name, spoilt(data, rng))
    return inside, inside == list(complete())


@whole
def entries_told_otherwise(rng: random.Random) -> tuple[list[Entry], bool]:
    """Entries gone, doubled, exchanged, or others; the checkpoint is the old one."""
    held = copy.deepcopy(_of_bundle())
    at, other = rng.randrange(len(held.entries)), rng.randrange(len(held.entries))
    how = rng.randrange(4)
    if how == 0:
        held.entries[at], held.entries[other] = held.entries[other], held.entries[at]
    elif how == 1:
        held.entries[at] = held.entries[other]
    elif how == 2:
        held.entries[at] = _strange(7)
    else:
        held.entries[at] = b""
    inside = list(complete())
    for n in _places()[1:]:
        folder, name, _ = inside[n]
        path = f"{folder}/{name}".removeprefix("log/")
        inside[n] = (folder, name, held.tiles(len(held.entries))[path])
    return inside, inside == list(complete())


@whole
def left_out(rng: random.Random) -> tuple[list[Entry], bool]:
    """An instance is left out, or a commit at a chain's end; or an older checkpoint is shown, that
    has not heard of it."""
    held, found = copy.deepcopy(_of_bundle()), dict(FOUND)
    gone = rng.choice(sorted(found))
    how = rng.randrange(3)
    if how == 0:
        del found[gone]
        return made(held, found), False
    if how == 1:
        files = dict(found[gone].files)
        last = max(name for name in files if name.startswith("commits/"))
        del files[last]
        found[gone] = Scene(files, found[gone].trust, found[gone].commits[:-1])
        return made(held, found), False
    # Each folder's proof is made for the whole log; the checkpoint behind them is older.
    inside = list(complete())
    size = rng.randrange(1, len(held.entries) + 1)
    old = made(held, {}, held.checkpoint(size))
    told = [entry for entry in old if entry[0].startswith("log")]
    kept = [entry for n, entry in enumerate(inside) if n not in _places()]
    at = _places()[0]
    own = len(held.entries) - 2
    return [*kept[:at], *told, *kept[at:]], size >= own


@whole
def a_log_of_its_own(rng: random.Random) -> tuple[list[Entry], bool]:
    """All is right, in a log of a stranger's; or the trusted one's text, signed by a stranger."""
    held = copy.deepcopy(_of_bundle())
    if rng.randrange(2):
        return made(replace(held, key=seed("a stranger")), FOUND), False
    strangers = {name: seed(f"stranger {name}") for name in held.witnesses}
    return made(replace(held, witnesses=strangers), FOUND), False


def of_bundle(name: str, number: int) -> tuple[bytes, bool]:
    """The attack of a family that a seed names, as a bundle's bytes."""
    inside, true = BUNDLES[name](random.Random(f"{name} {number}"))
    return bundle(inside), true


def of_proof(name: str, number: int) -> Proven:
    """The attack of a family that a seed names, as an instance's files."""
    return PROOFS[name](random.Random(f"{name} {number}"))
