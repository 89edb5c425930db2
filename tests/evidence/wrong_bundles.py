"""A bundle, and others that are none, or say what does not lie in them: each by what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import bundles
from bundles import Entry, block, bundle, contents, entries, instance, scenes
from gantral.evidence import H, canonical
from gantral.evidence.tar import header

FOUND = scenes("amended", "rejected")
TRUST = FOUND[instance(1)].trust
WHOLE = bundle(entries(FOUND))
GNU = bytes(257) + b"ustar  \0" + bytes(247)


def raw(
    name: str, data: bytes = b"", *, folder: str = "", kind: bytes = b"0", **fields: bytes
) -> bytes:
    """A member whose header says what ours never do, its checksum right."""
    made = bytearray(header("", "x", len(data)))
    made[0:100] = name.encode().ljust(100, b"\0")
    made[345:500] = folder.encode().ljust(155, b"\0")
    made[156:157] = kind
    places = {"mode": 100, "owner": 108, "size": 124, "time": 136, "link": 157, "magic": 257,
              "user": 265, "pad": 500}  # fmt: skip
    for field, value in fields.items():
        made[places[field] : places[field] + len(value)] = value
    made[148:156] = b" " * 8
    made[148:156] = b"%06o\0 " % sum(made)
    return bytes(made) + data + bytes(-len(data) % 512)


INSIDE = entries(FOUND)
HEAD = block(*INSIDE[0])
BODY = b"".join(block(*one) for one in INSIDE[1:])
END = bytes(1024)
FIRST = instance(1)


def swapped(inside: list[Entry], one: int, other: int) -> bytes:
    made = list(inside)
    made[one], made[other] = made[other], made[one]
    return bundle(made)


def without(keep: Callable[[Entry], bool]) -> bytes:
    return bundle([one for one in INSIDE if keep(one)])


SHAPES: Mapping[str, bytes] = {
    "a symbolic link": HEAD + raw("x", kind=b"2", link=b"/etc/passwd") + BODY + END,
    "a hard link": HEAD + raw("x", kind=b"1", link=b"contents.json") + BODY + END,
    "a device": HEAD + raw("x", kind=b"3") + BODY + END,
    "a folder": HEAD + raw(FIRST + "/", kind=b"5") + BODY + END,
    "extensions of pax": HEAD + raw("x", b"19 path=../../etc/x\n", kind=b"x") + BODY + END,
    "global extensions": raw("x", b"16 comment=hello\n", kind=b"g") + WHOLE,
    "a long name of GNU": HEAD + raw("././@LongLink", b"a" * 200, kind=b"L") + BODY + END,
    "a sparse file": HEAD + raw("x", kind=b"S", magic=b"ustar  \0") + BODY + END,
    "a size in base 256": HEAD + raw("x", size=b"\x80" + bytes(10) + b"\x05") + BODY + END,
    "an owner": HEAD + raw("x", owner=b"0001750") + BODY + END,
    "a user": HEAD + raw("x", user=b"root") + BODY + END,
    "a time": HEAD + raw("x", time=b"14723456712") + BODY + END,
    "a mode": HEAD + raw("x", mode=b"0000755") + BODY + END,
    "something in the padding of a header": HEAD + raw("x", pad=b"x") + BODY + END,
    "a path upwards": HEAD + raw("../../x", folder=FIRST) + BODY + END,
    "a path from the root": HEAD + raw("/etc/x", folder=FIRST) + BODY + END,
    "a folder that is none": HEAD + raw("manifest.json", folder="../" + FIRST) + BODY + END,
    "a file that does not belong": HEAD + block(FIRST, "commits/x.json", b"") + BODY + END,
    "no contents": BODY + END,
    "contents twice": HEAD + HEAD + BODY + END,
    "a file twice": bundle([INSIDE[0], INSIDE[1], INSIDE[1], *INSIDE[2:]]),
    "an instance twice": bundle([*INSIDE[:-3], *INSIDE[1:-3], *INSIDE[-3:]]),
    "files in another order": swapped(INSIDE, 2, 3),
    "texts in another order": swapped(INSIDE, -1, -2),
    "a text twice": bundle([*INSIDE, INSIDE[-1]]),
    "an instance after the texts": bundle(INSIDE[:-3] + INSIDE[-3:] + INSIDE[1:-3]),
    "a text of another kind": HEAD + BODY + block("notes", "0" * 64 + ".json", b"") + END,
    "a text with another name": HEAD + BODY + block("specs", "readme.json", b"") + END,
    "more after the end": WHOLE + b"x",
    "blocks after the end": WHOLE + bytes(512),
    "an end of which half is zeros": HEAD + BODY + bytes(512) + b"x" * 512,
    "a text too large": HEAD + BODY + header(f"specs/{'f' * 64}", "0" * 64 + ".json", 1 << 30),
    "contents too large": header("", "contents.json", 1 << 30) + BODY + END,
    "one block of zeros": HEAD + bytes(512) + BODY + END,
    "something behind a file": WHOLE.replace(b"}" + bytes(10), b"}x" + bytes(9), 1),
    "another archive": GNU + END,
    "a page": b"<html>" + bytes(1000),
}  # fmt: skip


def renamed(one: Entry) -> Entry:
    return (instance(9), one[1], one[2]) if one[0] == instance(2) else one


POLICY = next(iter(bundles.TEXTS))


def with_texts(texts: Mapping[str, bytes]) -> bytes:
    return bundle(entries(FOUND, texts))


def spec(version: str, data: bytes) -> dict[str, bytes]:
    return {f"specs/{version}/{H('spec', data)}.json": data}


OTHER_NAME = [renamed(one) for one in INSIDE]
SAID: Mapping[str, tuple[bytes, str]] = {
    "an instance less than contents.json tells": (
        without(lambda one: one[0] != instance(2)), "contents"
    ),
    "another instance than contents.json tells": (
        bundle([("", "contents.json", contents([FIRST, instance(3)])), *INSIDE[1:]]), "contents"
    ),
    "an instance under another's name": (
        bundle([("", "contents.json", contents([FIRST, instance(9)])), *OTHER_NAME[1:]]), "bundle"
    ),
    "a policy that is another": (
        with_texts({POLICY: canonical([["a", "b"]])}),
        "text_bound",
    ),
    "a role map that is another": (
        with_texts({f"roles/{bundles.ROLE_MAP}.json": canonical({"roles": "none"})}),
        "text_bound",
    ),
    "a spec in another form": (
        with_texts(spec(bundles.VERSION, canonical([["b", ""], ["a", ""]]))),
        "text_bound",
    ),
    "a spec that is another": (
        with_texts({next(iter(spec(bundles.VERSION, b""))): bundles.SPEC}), "text_bound"
    ),
    "a spec of no program here": (
        with_texts(spec("0" * 64, bundles.SPEC)), "text_unnamed"
    ),
    "contents with another member": (
        bundle([("", "contents.json", contents([FIRST], more="x")), *INSIDE[1:]]), "form"
    ),
    "contents nested deep": (
        bundle([("", "contents.json", b"[" * 500_000 + b"]" * 500_000), *INSIDE[1:]]), "bytes"
    ),
}  # fmt: skip
