"""A bundle, read strictly and one instance at a time. Everything here goes through the command, or
is written by hand: what a stranger may do to a file."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import bundles
import jsonschema
import pytest
from bundles import Entry, block, bundle, contents, entries, instance, scenes
from gantral.cli.main import main
from gantral.evidence import H, Report, TrustFile, canonical
from gantral.evidence import bundle as reading
from gantral.evidence import verify as judging
from gantral.evidence.bundle import Bundle, Section, Stretch, read_stretch
from gantral.evidence.several import judge_in_processes
from gantral.evidence.tar import header
from gantral.evidence.verify import Judged, one_by_one, verify_bundle, verify_files
from hypothesis import given
from hypothesis import strategies as st
from rules_off import switch_off
from twice import second_of_bytes

KEPT = Path(__file__).parent / "kept"
SCHEMA = Path(__file__).parents[2] / "docs" / "evidence" / "verdict.schema.json"
FOUND = scenes("amended", "rejected")
TRUST = FOUND[instance(1)].trust
WHOLE = bundle(entries(FOUND))
GNU = bytes(257) + b"ustar  \0" + bytes(247)


def verify(tmp_path: Path, data: bytes, *words: str) -> int:
    (tmp_path / "a.evidence").write_bytes(data)
    (tmp_path / "trust.json").write_bytes(TRUST)
    paths = [str(tmp_path / "a.evidence"), *(one for one in words if one.endswith(".evidence"))]
    more = [one for one in words if not one.endswith(".evidence")]
    return main(["verify", *paths, "--trust", str(tmp_path / "trust.json"), *more])


def codes(
    data: bytes, *, pipe: bool = False, trust: bytes = TRUST, alone: bool = False
) -> tuple[str, list[str]]:
    """The worst severity ("VALID" for none) and the codes found; unless ``alone`` the second
    verifier says the same."""
    if pipe:
        found = list(verify_bundle(io.BytesIO(data), TrustFile.load(trust), stream=True))
    else:
        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.seek(0)
            found = list(verify_bundle(file, TrustFile.load(trust)))
    findings = [one for _, report in found for one in report.findings]
    worst = {one.severity for one in findings}
    word = "INVALID" if "INVALID" in worst else "INCONCLUSIVE" if worst else "VALID"
    found_codes = [one.code for one in findings]
    if not alone:
        second = second_of_bytes(trust, data, pipe=pipe)
        assert second in (None, (word, found_codes))
    return word, found_codes


@pytest.mark.parametrize("path", sorted(KEPT.glob("*.evidence")), ids=lambda path: path.stem)
def test_bundles_of_every_release_stay_valid(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trust = path.with_suffix(".trust.json")
    assert main(["verify", str(path), "--trust", str(trust), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    jsonschema.validate(told, json.loads(SCHEMA.read_text()))
    assert [one["verdict"] for one in told["instances"]] == ["VALID"] * 4
    # From a pipe, and unpacked by a program that is not ours.
    command = [sys.executable, "-m", "gantral.cli", "verify", "-", "--trust", str(trust)]
    with path.open("rb") as file:
        piped = subprocess.run(command, stdin=file, capture_output=True, check=False)
    assert (piped.returncode, piped.stdout) == (0, b"VALID\n")
    subprocess.run(["tar", "xf", path, "-C", tmp_path], check=True)
    folders = [str(tmp_path / one["instance_id"]) for one in told["instances"]]
    assert main(["verify", *folders, "--trust", str(trust)]) == 0
    # A child's parent is in the same file: it is judged with it.
    alone = next(one for one in told["instances"] if one["instance_id"].startswith("9fbfc125"))
    assert main(["verify", str(tmp_path / alone["instance_id"]), "--trust", str(trust)]) == 2


def test_the_verdict_names_file_instance_commit_and_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoilt = [
        (folder, name, data.replace(b'"sig":"', b'"sig":"A')[: len(data)] if name == LAST else data)
        for folder, name, data in entries(FOUND)
    ]
    assert verify(tmp_path, bundle(spoilt)) == 1
    told = capsys.readouterr()
    assert told.out == "INVALID\n"
    assert f"{tmp_path / 'a.evidence'} {instance(1)} commit 3: " in told.err
    assert verify(tmp_path, bundle(spoilt), "--format", "json") == 1
    told = json.loads(capsys.readouterr().out)
    jsonschema.validate(told, json.loads(SCHEMA.read_text()))
    first, second = told["instances"]
    assert (first["verdict"], first["findings"][0]["commit"]) == ("INVALID", "3")
    assert second["verdict"] == "VALID"


LAST = "commits/00000003.json"


def test_require_asks_every_instance(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(tmp_path, WHOLE, "--require", "finance=approved") == 1
    assert f"{instance(2)}: the gate finance is rejected, not approved" in capsys.readouterr().err
    assert (
        verify(tmp_path, bundle(entries(scenes("amended"))), "--require", "finance=approved") == 0
    )


def test_require_asks_a_child_that_is_judged_with_its_parent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = KEPT / "bundle_v1.evidence"
    words = [str(path), "--trust", str(path.with_suffix(".trust.json"))]
    assert main(["verify", *words, "--require", "finance=waived"]) == 1
    assert "9fbfc125-205c-5fe0-9ce0-d1f9d6731e7c: the gate finance is approved" in (
        capsys.readouterr().err
    )


def test_two_bundles_that_tell_one_instance_differently_are_a_fork(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "b.evidence"
    other.write_bytes(bundle(entries({instance(1): bundles.scene("approved", 1)})))
    assert verify(tmp_path, WHOLE, str(other)) == 1
    assert "INVALID[fork]" in capsys.readouterr().err


@pytest.mark.parametrize("pipe", [False, True])
def test_cut_anywhere_it_is_inconclusive(pipe: bool) -> None:
    ends = {0, 1, 511, 512, len(WHOLE) - 1, len(WHOLE) - 512, len(WHOLE) - 1024}
    ends |= set(random.Random(7).sample(range(len(WHOLE)), 25))
    for end in sorted(ends):
        word, found = codes(WHOLE[:end], pipe=pipe)
        assert (word, found[-1]) == ("INCONCLUSIVE", "cut"), end


def test_no_byte_can_be_another() -> None:
    rng = random.Random(11)
    for at in rng.sample(range(len(WHOLE)), 150):
        data = bytearray(WHOLE)
        data[at] ^= 1 << rng.randrange(8)
        assert codes(bytes(data))[0] != "VALID", at


SPLICES = st.lists(
    st.tuples(
        st.integers(0, len(WHOLE)),
        st.integers(0, 2048),
        st.one_of(
            st.binary(max_size=64), st.integers(0, len(WHOLE)).map(lambda at: WHOLE[at : at + 1024])
        ),
    ),
    min_size=1,
    max_size=4,
)


@pytest.mark.hypothesis
@given(SPLICES, st.booleans())
def test_whatever_is_spliced_only_the_same_bytes_are_valid(
    splices: list[tuple[int, int, bytes]], pipe: bool
) -> None:
    data = WHOLE
    for at, gone, new in splices:
        data = data[:at] + new + data[at + gone :]
    assert (codes(data, pipe=pipe)[0] == "VALID") == (data == WHOLE)


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


@pytest.mark.parametrize("what", SHAPES)
@pytest.mark.parametrize("pipe", [False, True])
def test_only_one_shape_is_read(what: str, pipe: bool) -> None:
    word, found = codes(SHAPES[what], pipe=pipe)
    assert (word, found[-1]) == ("INVALID", "bundle")


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


@pytest.mark.parametrize("what", SAID)
def test_what_a_bundle_says_is_what_lies_in_it(what: str) -> None:
    data, code = SAID[what]
    word, found = codes(data)
    assert (word, found[-1]) == ("INVALID", code)
    assert codes(data, pipe=True) == (word, found)


def test_a_text_of_an_instance_that_nobody_vouches_for_is_no_fault() -> None:
    trust = json.loads(TRUST)
    for keyid in [keyid for keyid, key in trust["keys"].items() if key["use"] == "decision"]:
        del trust["keys"][keyid]
    word, found = codes(WHOLE, trust=canonical(trust))
    assert (word, set(found)) == ("INCONCLUSIVE", {"key_unknown"})


def test_a_later_format_is_inconclusive() -> None:
    later = contents([FIRST], type="gantral.dev/bundle/v2")
    assert codes(bundle([("", "contents.json", later)])) == ("INCONCLUSIVE", ["version"])


def test_a_bundle_of_nothing_is_inconclusive() -> None:
    assert codes(bundle([("", "contents.json", contents([]))])) == ("INCONCLUSIVE", ["missing"])


@pytest.mark.parametrize("code", ["text_unnamed"])
def test_without_the_rule_it_would_pass(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (data,) = (data for data, expected in SAID.values() if expected == code)
    switch_off(monkeypatch, {code})
    assert codes(data, alone=True) == ("VALID", [])


def test_a_huge_file_is_refused_by_its_header(tmp_path: Path) -> None:
    huge = header(FIRST, "manifest.json", 8**11 - 1)
    word, found = codes(HEAD + huge + bytes(4096))
    assert (word, found) == ("INVALID", ["bundle"])
    # Lines may be long; what is not there is cut, and no memory is made for it.
    before = [one for one in INSIDE[1:] if one[0] == FIRST and one[1] < "d" and one[1][0] == "c"]
    tracemalloc.start()
    long = (
        HEAD + b"".join(block(*one) for one in before) + header(FIRST, "artifacts.jsonl", 8**11 - 1)
    )
    for pipe in (False, True):
        assert codes(long + bytes(4096), pipe=pipe, alone=True)[0] == "INCONCLUSIVE"
    assert tracemalloc.get_traced_memory()[1] < 8_000_000
    tracemalloc.stop()


def test_too_much_for_a_pipe_or_of_one_instance_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_STREAMED", 10_000)
    assert codes(WHOLE, pipe=True, alone=True) == ("INCONCLUSIVE", ["too_large"])
    assert codes(WHOLE) == ("VALID", [])
    monkeypatch.setattr(reading, "MOST_FILES", 10)
    assert codes(WHOLE, alone=True) == ("INCONCLUSIVE", ["too_large"])


def test_findings_without_end_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = scenes("amended")
    for name in [name for name in bare[FIRST].files if name.startswith("texts/")]:
        del bare[FIRST].files[name]
    assert len(codes(bundle(entries(bare)))[1]) > 10
    monkeypatch.setattr(judging, "_MOST_FINDINGS", 3)
    assert codes(bundle(entries(bare)), alone=True) == ("INCONCLUSIVE", ["missing"] * 3)


def told(data: bytes, judge: Judged) -> list[object]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        return list(verify_bundle(file, TrustFile.load(TRUST), judge=judge))


MANY = {instance(n): FOUND[instance(1 + n % 2)] for n in range(1, 41)}


def spoilt_within(data: bytes) -> bytes:
    """The header of the second file of an instance in the middle says another mode."""
    at = data.index(b"commits/00000000.json", len(data) // 2)
    return data[: at + 100] + b"1" + data[at + 101 :]


@pytest.mark.parametrize(
    "data",
    [WHOLE, bundle(entries(MANY, {})), bundle(entries(MANY, {}))[:1_000_000],
     spoilt_within(bundle(entries(MANY, {}))),
     SAID["an instance less than contents.json tells"][0], SHAPES["no contents"]],
    ids=["whole", "of others", "cut", "spoilt", "less", "wrong"],
)  # fmt: skip
def test_several_processes_say_what_one_says(data: bytes) -> None:
    assert told(data, partial(judge_in_processes, jobs=2)) == told(data, one_by_one)


def in_stretches(bundle: Bundle, trust: TrustFile) -> Iterator[tuple[str, Report]]:
    """What the processes do, in one."""
    for one in bundle.stretches():
        section = one if isinstance(one, Section) else read_stretch(bundle.handle, one)
        yield one.instance_id, verify_files(section, trust)


@pytest.mark.parametrize("what", [*SHAPES, *SAID])
def test_what_is_wrong_is_told_the_same_of_an_instance_read_in_one_piece(what: str) -> None:
    data = SHAPES[what] if what in SHAPES else SAID[what][0]
    assert told(data, in_stretches) == told(data, one_by_one)


def test_bytes_that_are_spoilt_are_told_the_same_of_an_instance_read_in_one_piece() -> None:
    rng = random.Random(7)
    headers = [at for at in range(0, len(WHOLE), 512) if WHOLE[at + 257 : at + 262] == b"ustar"]
    for how in range(300):
        data = bytearray(WHOLE)
        for _ in range(rng.choice([1, 1, 2])):
            # Into headers more often than into what they are of.
            start = rng.choice(headers) if rng.randrange(4) else rng.randrange(len(data) - 512)
            data[start + rng.choice([0, 40, 124, 130, 135, 150, 156, 345, 380, 511])] ^= 1
        made = bytes(data[: rng.randrange(len(data))] if how % 5 == 0 else data)
        assert told(made, in_stretches) == told(made, one_by_one), how


def test_an_instance_that_is_long_is_not_read_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    def kinds() -> set[type]:
        with tempfile.TemporaryFile() as file:
            file.write(WHOLE)
            file.seek(0)
            return {type(one) for one in Bundle(file).stretches()}

    assert kinds() == {Stretch}
    monkeypatch.setattr(reading, "_LONG", 1000)
    # Nothing is kept as it passes: the processes come back for it, to the file handed over.
    monkeypatch.setattr(reading, "_SMALL", -1)
    assert kinds() == {Section}
    assert told(WHOLE, partial(judge_in_processes, jobs=2)) == told(WHOLE, one_by_one)


def test_the_command_takes_a_number_of_processes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a").write_bytes(WHOLE)
    (tmp_path / "trust.json").write_bytes(TRUST)
    words = ["verify", str(tmp_path / "a"), "--trust", str(tmp_path / "trust.json"), "--jobs"]
    said = [(main([*words, jobs]), capsys.readouterr()) for jobs in ("1", "2")]
    assert said[0] == said[1]
    assert said[0][0] == 0
    assert main([*words, "0"]) == 64


@pytest.mark.parametrize("pipe", [False, True])
def test_memory_is_flat_in_the_number_of_instances(pipe: bool) -> None:
    def peak(number: int) -> int:
        many = {instance(n): FOUND[FIRST] for n in range(1, number + 1)}
        data = bundle(entries(many, {}))
        trust = TrustFile.load(TRUST)
        with tempfile.TemporaryFile() as file:
            file.write(data)
            del data
            file.seek(0)
            tracemalloc.start()
            for _ in verify_bundle(file, trust, stream=pipe):
                pass
            found = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return found

    peak(1)
    assert peak(40) < 1.3 * peak(4)
