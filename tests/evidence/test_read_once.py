"""The short ways of the verifier read exactly what the long ways read."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from gantral.evidence import EvidenceError, H, canonical, parse
from gantral.evidence.artifacts import cut
from gantral.evidence.bytes import encode
from gantral.evidence.envelope import read_envelope, unwrap
from gantral.evidence.hashes import ZERO, artifact_id, leaf, leaf_of, read_text
from gantral.evidence.schema import compile_schema, items, members, row, text, words
from hypothesis import example, given
from hypothesis import strategies as st
from scenes import build
from vector_manifest import MANIFEST
from vectors import CHAINS, INSTANCE, inputs

ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
HOSTILE = st.text(st.sampled_from('",:[]{}\\ \n\x00\x7faé\U0001f600'), max_size=12)


@given(st.lists(ANY | HOSTILE, min_size=3, max_size=3))
def test_a_text_is_read_as_it_was_written(rest: list[str]) -> None:
    made = ["0" * 32, *rest]
    data = canonical(made)
    assert read_text(data) == made
    assert leaf_of(data) == leaf(made)


@given(st.binary(max_size=4), st.integers(0, 200), st.integers(0, 4))
def test_a_text_that_is_read_is_canonical(piece: bytes, place: int, cut_out: int) -> None:
    good = canonical(["0" * 32, INSTANCE, "/refund/amount", "40.00"])
    place %= len(good)
    data = good[:place] + piece + good[place + cut_out :]
    try:
        found = read_text(data)
    except EvidenceError:
        return
    if found is not None:
        assert canonical(found) == data


@pytest.mark.parametrize(
    "made", [["0" * 31, "", "", ""], ["0" * 32, "", ""], ["0" * 32, "", "", []], {}, "x"]
)
def test_what_is_no_text(made: Any) -> None:
    assert read_text(canonical(made)) is None


@given(st.recursive(ANY | HOSTILE, lambda inner: st.lists(inner, max_size=3)))
@example([[[["]]]]", "[[[["]]]])
def test_depth_is_counted_outside_texts(value: Any) -> None:
    def depth(tree: Any) -> int:
        return 1 + max(map(depth, tree), default=0) if isinstance(tree, list) else 0

    data, deep = encode(value), depth(value)
    assert parse(data, depth=deep) == value
    if deep:
        with pytest.raises(EvidenceError, match="nested deeper"):
            parse(data, depth=deep - 1)


@pytest.mark.parametrize("word", ["true", "false", "null"])
def test_words_of_json_stand_in_texts_alone(word: str) -> None:
    assert parse(canonical({word: [word, '"' + word]})) == {word: [word, '"' + word]}
    for wrong in (f'["{word}",{word}]', f'{{"a\\"":{word}}}', word):
        with pytest.raises(EvidenceError, match="something else"):
            parse(wrong.encode())


@pytest.mark.parametrize("name", list(CHAINS))
def test_the_parts_of_a_commit_are_its_parts(name: str) -> None:
    for file, data in build(inputs(name), MANIFEST).files.items():
        if not file.startswith("commits/"):
            continue
        sealed = read_envelope(data, "commit")
        assert sealed == unwrap(json.loads(data), "commit")
        assert sealed.hash == H("commit", sealed.payload)
        statement, parts = sealed.statement, cut(sealed.payload)
        assert parts.artifacts == list(map(encode, statement["artifacts"]))
        assert parts.context == encode(statement["context"])
        assert parts.decision == encode(statement["decision"])
        told = {key: statement[key] for key in ("prev_commit_hash", "records")}
        assert parts.records == encode(told)


def test_texts_that_look_like_members_do_not_move_the_cuts() -> None:
    trap = '","decision":"none","instance_id":"x","prev_commit_hash":"","timestamp":"'
    statement = {
        "artifacts": [],
        "commit": "1",
        "context": [[f"/{trap}", "0" * 64]],
        "decision": "none",
        "instance_id": INSTANCE,
        "owning_team_id": "payments",
        "prev_commit_hash": ZERO,
        "records": [{"kind": "end", "statement": trap}, {"kind": "use", "run": f",{trap},"}],
        "timestamp": "2026-11-23T10:00:00.000Z",
        "type": "gantral.dev/commit/v1",
    }
    parts = cut(canonical(statement))
    assert parts.artifacts == []
    assert parts.context == encode(statement["context"])
    assert parts.decision == b'"none"'
    told = {"prev_commit_hash": ZERO, "records": statement["records"]}
    assert parts.records == encode(told)


def test_ids_are_those_of_the_standard() -> None:
    import uuid

    for sequence in range(300):
        space = uuid.UUID(int=sequence * 0x1234567890ABCDEF1234567)
        wanted = uuid.uuid5(space, f"gantral/artifact/{sequence}")
        assert artifact_id(str(space), sequence) == str(wanted)
    with pytest.raises(ValueError, match="UUID"):
        artifact_id("5f0f6a1e", 0)


SCHEMA = members(a=text("[ab]+"), b=words("x", "y"), c=row(text("[a]*"), words("x", "y")))
PART = st.sampled_from(["a", "ab", "x", "y", "a\nx", "a\n", "\nx", "x\na", "", 1, None, []])


@given(st.tuples(PART, PART, PART, PART))
@example(("a", "x", "a", "y"))
@example(("a\n", "x", "a", "y"))
@example(("a\nx", "x", "a", "y"))
@example(("a", "x", "a", "y\n"))
def test_texts_checked_at_once_are_checked_one_by_one(parts: tuple[Any, ...]) -> None:
    first, word, last, other = parts
    made = [{"a": first, "b": word, "c": [last, other]}]
    right = (
        isinstance(first, str)
        and re.fullmatch("[ab]+", first)
        and isinstance(last, str)
        and re.fullmatch("[a]*", last)
        and {word if isinstance(word, str) else "", other if isinstance(other, str) else ""}
        <= {"x", "y"}
    )
    assert (compile_schema(items(SCHEMA))(made) == "") == bool(right)
