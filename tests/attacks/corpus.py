"""The corpus: families of attacks by those who have no key. Each is a function of a subject and a
seeded random source, and gives files that are VALID only where they are the subject's own, or a
twin's, byte for byte."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from typing import Any

from gantral.evidence import H, canonical
from gantral.evidence.bytes import MANIFEST_DEPTH
from gantral.evidence.envelope import MAX_ENVELOPE
from recoding import RECODINGS
from subjects import Files, Subject, subjects
from test_forged_at_random import ODD, places

Family = Callable[[Subject, random.Random], Files]
FAMILIES: dict[str, Family] = {}


def family(made: Family) -> Family:
    FAMILIES[made.__name__] = made
    return made


def pick(files: Files, rng: random.Random, *prefixes: str) -> str:
    """The name of a file, one of the folders first: else half of all would be texts."""
    names = [name for name in sorted(files) if name.startswith(prefixes)] if prefixes else []
    if not names:
        kind = rng.choice(sorted({name.partition("/")[0] for name in files}))
        names = [name for name in sorted(files) if name.partition("/")[0] == kind]
    return rng.choice(names)


@family
def a_byte(subject: Subject, rng: random.Random) -> Files:
    """One to three bytes are others, gone, or new."""
    name = pick(subject.files, rng)
    data = bytearray(subject.files[name])
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        at = rng.randrange(len(data))
        how = rng.randrange(4)
        if how == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            data[at] = rng.randrange(256)
        elif how == 2:
            data.insert(at, rng.randrange(256))
        elif len(data) > 1:
            del data[at]
    return {**subject.files, name: bytes(data)}


@family
def a_stretch(subject: Subject, rng: random.Random) -> Files:
    """A stretch of a file is cut out, doubled, or taken from another file or a twin's."""
    name = pick(subject.files, rng)
    data = subject.files[name]
    start, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    source = rng.choice([subject.files, *subject.twins.values()])
    other = source[pick(source, rng)]
    a, b = sorted(rng.randrange(len(other) + 1) for _ in range(2))
    new = rng.choice([b"", data[start:end] * 2, other[a:b]])
    return {**subject.files, name: data[:start] + new + data[end:]}


@family
def a_file(subject: Subject, rng: random.Random) -> Files:
    """One file is gone, empty, under another name, another's bytes, or one too many."""
    files = dict(subject.files)
    name = pick(files, rng)
    folder, slash, last = name.rpartition("/")
    other = pick(files, rng, name.partition("/")[0] + "/")
    strange = ["x", "texts", "commits/1.json", "commits/00000099.json", f"texts/{'ab' * 32}.json",
               f"votes/{'ab' * 32}.json", f"uses/{'ab' * 32}/1.json", f"erasures/{'ab' * 32}.json",
               f"votes/{'ab' * 32}.refusal.json", f"uses/{'ab' * 32}/undo/1.outcome.json",
               "log/0", "../x", f"{folder}{slash}{last.upper()}", name + "\n",
               "MANIFEST.JSON"]  # fmt: skip
    how = rng.randrange(5)
    if how == 0:
        del files[name]
    elif how == 1:
        files[name] = b""
    elif how == 2:
        files[rng.choice(strange)] = files.pop(name)
    elif how == 3:
        files[name], files[other] = files[other], files[name]
    else:
        files[rng.choice(strange)] = files[other]
    return files


@family
def recoded_files(subject: Subject, rng: random.Random) -> Files:
    """A file says the same, or nearly, in other bytes."""
    name = pick(subject.files, rng)
    return {
        **subject.files,
        name: RECODINGS[rng.choice(sorted(RECODINGS))](subject.files[name], rng)
        if name != "artifacts.jsonl"
        else _a_line(subject.files[name], rng),
    }


def _a_line(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    at = rng.randrange(len(lines))
    how = rng.randrange(6)
    if how == 0:
        lines[at] = RECODINGS[rng.choice(sorted(RECODINGS))](lines[at][:-1], rng) + b"\n"
    elif how == 1:
        del lines[at]
    elif how == 2:
        lines.insert(at, rng.choice(lines))
    elif how == 3:
        rng.shuffle(lines)
    elif how == 4:
        lines.append(rng.choice([*lines, b"\n", b"{}\n", b"x"]))
    else:
        lines[at] = lines[at].replace(b"\n", rng.choice([b"\r\n", b"", b"\n\n", b" \n"]))
    return b"".join(lines)


def opened(data: bytes) -> tuple[dict[str, Any], bytes]:
    envelope = json.loads(data)
    return envelope, base64.b64decode(envelope["payload"])


def _closed(envelope: dict[str, Any], payload: bytes) -> bytes:
    return canonical(
        {**envelope, "payload": base64.b64encode(payload).decode()}, 1 << 27, MANIFEST_DEPTH
    )


SEALED = ("commits/", "votes/", "erasures/", "uses/")


@family
def recoded_payloads(subject: Subject, rng: random.Random) -> Files:
    """What is signed says the same in other bytes; the envelope is as it should be."""
    name = pick(subject.files, rng, *SEALED)
    envelope, payload = opened(subject.files[name])
    payload = RECODINGS[rng.choice(sorted(RECODINGS))](payload, rng)
    return {**subject.files, name: _closed(envelope, payload)}


@family
def base64_otherwise(subject: Subject, rng: random.Random) -> Files:
    """The same bytes in another base64: alphabet, padding, unused bits, line ends."""
    name = pick(subject.files, rng, *SEALED)
    envelope, _ = opened(subject.files[name])
    holder, key = rng.choice([(envelope, "payload"), (envelope["signatures"][0], "sig")])
    text = holder[key]
    at = rng.randrange(len(text))
    last = len(text.rstrip("=")) - 1
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    holder[key] = rng.choice(
        [
            text.rstrip("="), text + "=", text + "==", text[:at] + "\n" + text[at:],
            text.replace("+", "-").replace("/", "_"), text[:at] + "=" + text[at:], text + "AA==",
            text[:last] + letters[letters.index(text[last]) ^ 1] + text[last + 1 :], text[4:],
        ]
    )  # fmt: skip
    return {**subject.files, name: canonical(envelope, MAX_ENVELOPE)}


def spoil(tree: Any, rng: random.Random) -> None:
    """One place of a tree is changed, gone, doubled, exchanged, of another type, or new."""
    *steps, last = rng.choice(list(places(tree)))
    node = tree
    for step in steps:
        node = node[step]
    how = rng.randrange(6)
    if how == 0:
        del node[last]
    elif how == 1 and isinstance(node, list):
        node.insert(last, node[rng.randrange(len(node))])
    elif how == 2 and isinstance(node, list):
        rng.shuffle(node)
    elif how == 3 and isinstance(node, dict):
        node[last] = node[rng.choice(sorted(node))]
    elif how == 4 and isinstance(node, dict):
        node[rng.choice(["extra", "", "__proto__", last.upper(), last + " "])] = "none"
    elif isinstance(node[last], str) and node[last] and rng.randrange(2):
        text = node[last]
        at = rng.randrange(len(text))
        node[last] = text[:at] + chr(rng.choice([ord(text[at]) ^ 1, 48, 57, 97])) + text[at + 1 :]
    else:
        node[last] = rng.choice(ODD)


@family
def fields_without_a_key(subject: Subject, rng: random.Random) -> Files:
    """A member of what is signed, or of what is not, is another; nothing is signed again."""
    name = pick(subject.files, rng)
    data = subject.files[name]
    if name.startswith(SEALED) and rng.randrange(3):
        envelope, payload = opened(data)
        tree = json.loads(payload)
        spoil(tree, rng)
        made = _closed(envelope, canonical(tree, depth=MANIFEST_DEPTH))
    elif name == "artifacts.jsonl":
        trees = [json.loads(line) for line in data.splitlines()]
        spoil(trees, rng)
        made = b"".join(canonical(tree, depth=MANIFEST_DEPTH) + b"\n" for tree in trees)
    else:
        tree = json.loads(data)
        spoil(tree, rng)
        made = canonical(tree, MAX_ENVELOPE, MANIFEST_DEPTH)
        if name.startswith("texts/") and rng.randrange(2):
            # Under the name that its own bytes give it: nothing binds that one.
            rest = {key: kept for key, kept in subject.files.items() if key != name}
            return {**rest, f"texts/{H('leaf', made)}.json": made}
    return {**subject.files, name: made}


@family
def commits_replayed(subject: Subject, rng: random.Random) -> Files:
    """Commits are dropped, swapped, doubled, or come from another instance, team, program, time or
    end of this one; the lines of artifacts.jsonl may follow them, and the texts."""
    chain = [subject.files[name] for name in sorted(subject.files) if name.startswith("commits/")]
    twin = rng.choice([subject.files, *subject.twins.values()])
    others = [twin[name] for name in sorted(twin) if name.startswith("commits/")]
    at = rng.randrange(len(chain))
    how = rng.randrange(6)
    if how == 0:
        del chain[at]
    elif how == 1:
        other = rng.randrange(len(chain))
        chain[at], chain[other] = chain[other], chain[at]
    elif how == 2:
        chain.insert(at, rng.choice([*chain, *others]))
    elif how == 3:
        chain[at] = rng.choice(others)
    elif how == 4:
        chain[at:] = others[at:]
    else:
        chain = chain[: at + 1]
    files = {name: data for name, data in subject.files.items() if not name.startswith("commits/")}
    if rng.randrange(2):
        files = {**twin, **files} if rng.randrange(2) else {**files, **twin}
        files = {name: data for name, data in files.items() if not name.startswith("commits/")}
    if rng.randrange(2):
        files["artifacts.jsonl"] = b"".join(map(_lines, chain))
    return files | {f"commits/{number:08d}.json": data for number, data in enumerate(chain)}


def _lines(data: bytes) -> bytes:
    return b"".join(canonical(one) + b"\n" for one in json.loads(opened(data)[1])["artifacts"])


def inner(tree: Any) -> list[tuple[Any, Any]]:
    """Where envelopes stand in a commit: the holder and the key of each."""
    return [
        (node, path[-1])
        for path in places(tree)
        if isinstance(value := _at(tree, path), dict) and "payloadType" in value
        for node in [_at(tree, path[:-1])]
    ]


def _at(tree: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        tree = tree[step]
    return tree


@family
def votes_replayed(subject: Subject, rng: random.Random) -> Files:
    """Votes, submissions, claims and outcomes within a commit are dropped, doubled, exchanged, or
    come from another commit or a twin; the commit's own signature stays."""
    names = [name for name in sorted(subject.files) if name.startswith("commits/")]
    name = rng.choice(names)
    envelope, payload = opened(subject.files[name])
    tree = json.loads(payload)
    source = rng.choice([subject.files, *subject.twins.values()])
    other = json.loads(opened(source[pick(source, rng, "commits/")])[1])
    found, theirs = inner(tree), inner(other)
    if not found or not theirs:
        return commits_replayed(subject, rng)
    node, key = rng.choice(found)
    there, which = rng.choice(theirs)
    how = rng.randrange(3)
    if how == 0:
        node[key] = there[which]
    elif isinstance(node, list):
        node.insert(key, there[which]) if how == 1 else node.pop(key)
    else:
        del node[key]
    return {**subject.files, name: _closed(envelope, canonical(tree))}


@family
def other_signatures(subject: Subject, rng: random.Random) -> Files:
    """A signature of another envelope, by another key's name, none, two; another payloadType."""
    name = pick(subject.files, rng, *SEALED)
    envelope, _ = opened(subject.files[name])
    twin = rng.choice([subject.files, *subject.twins.values()])
    other, _ = opened(twin[pick(twin, rng, *SEALED)])
    (one,) = envelope["signatures"]
    (two,) = other["signatures"]
    order = bytes.fromhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
    raw = base64.b64decode(one["sig"])
    s = int.from_bytes(raw[32:], "little") + int.from_bytes(order, "little")
    malleable = raw[:32] + s.to_bytes(32, "little")
    how = rng.randrange(8)
    if how == 0:
        envelope["signatures"] = [two]
    elif how == 1:
        one["keyid"] = rng.choice(["0" * 64, "", one["keyid"].upper(), one["keyid"][::-1]])
    elif how == 2:
        envelope["signatures"] = rng.choice([[], [one, two], [one, one], one, "none"])
    elif how == 3:
        kinds = ["use", "outcome", "authority-decision", "refusal", "Commit", "commit.v2", ""]
        envelope["payloadType"] = f"application/vnd.gantral.{rng.choice(kinds)}.v1+json"
    elif how == 4:
        envelope["payload"] = other["payload"]
    elif how == 5:
        one["sig"] = base64.b64encode(malleable).decode()
    elif how == 6:
        one["sig"] = base64.b64encode(bytes(64)).decode()
    else:
        one["sig"] = base64.b64encode(raw[32:] + raw[:32]).decode()
    return {**subject.files, name: canonical(envelope, MAX_ENVELOPE)}


@family
def a_weaker_program(subject: Subject, rng: random.Random) -> Files:
    """The manifest is another of the same name: what it demands is less, or only spoilt."""
    tree = json.loads(subject.files["manifest.json"])
    gate = rng.choice(sorted(tree["gates"]))
    how = rng.randrange(5)
    if how == 0:
        tree["gates"][gate]["decide"][-1]["formula"] = {"quorum": ["1", ["support_agent"]]}
    elif how == 1:
        tree["gates"][gate]["apart"] = []
    elif how == 2:
        tree["gates"][gate]["amend"] = {}
    elif how == 3:
        tree["gates"][gate]["uses"] = "9"
    else:
        spoil(tree, rng)
    made = canonical(tree, MAX_ENVELOPE, MANIFEST_DEPTH)
    return {**subject.files, "manifest.json": made}


def one(name: str, seed: int) -> tuple[Subject, Files]:
    """The attack of a family that a seed names, on whatever subject."""
    rng = random.Random(f"{name} {seed}")
    subject = rng.choice(subjects())
    return subject, FAMILIES[name](subject, rng)
