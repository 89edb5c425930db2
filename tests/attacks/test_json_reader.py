"""The strict reader against JSON of every kind, told apart as JSONTestSuite does: y_ is JSON, n_ is
none, i_ is up to the reader. The cases are our own. Evidence's profile is smaller than JSON: of y_
it reads what is canonical text, lists and objects; of n_ and i_ nothing."""

from __future__ import annotations

import contextlib
import json
import random

import pytest
from gantral.evidence import EvidenceError, TrustFile, parse
from gantral.evidence.disclosure import read_disclosure
from gantral.evidence.envelope import read_envelope
from gantral.evidence.hashes import read_text
from gantral.evidence.manifest import check_manifest
from hypothesis import given, settings
from hypothesis import strategies as st
from recoding import RECODINGS
from subjects import bounded, subjects, trust_of

# JSON, and of the profile: read.
READ: dict[str, bytes] = {
    "y_array_empty": b"[]",
    "y_array_in_arrays": b"[[[]]]",
    "y_object_empty": b"{}",
    "y_object_empty_key": b'{"":"x"}',
    "y_object_sorted": b'{"a":"1","b":"2"}',
    "y_object_sorted_by_utf16": '{"\U0001f600":"1","\uffee":"2"}'.encode(),
    "y_string_alone": b'"x"',
    "y_string_empty": b'""',
    "y_string_escapes_that_are_needed": b'"\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f"',
    "y_string_delete": b'"\x7f"',
    "y_string_two_bytes": '"é"'.encode(),
    "y_string_three_bytes": '"€"'.encode(),
    "y_string_four_bytes": '"\U0001d11e"'.encode(),
    "y_string_last_point": '"\U0010ffff"'.encode(),
    "y_string_noncharacter": '"\uffff"'.encode(),
    "y_string_line_separators": '"\u2028\u2029"'.encode(),
    "y_string_not_nfc": '"e\u0301"'.encode(),
    "y_string_bom_inside": '"\ufeff"'.encode(),
    "y_string_that_looks_like_json": b'"[{\\"a\\":1}]"',
}
# JSON, and not of the profile, or not canonical: refused.
Y_REFUSED: dict[str, bytes] = {
    "y_number_zero": b"0",
    "y_number_minus_zero": b"[-0]",
    "y_number_exponent": b"[1E+2]",
    "y_number_fraction": b"[123.456]",
    "y_literal_null": b"null",
    "y_literal_true": b'{"a":true}',
    "y_literal_false": b"[false]",
    "y_blank_before": b" []",
    "y_blank_after": b"[]\n",
    "y_blank_inside": b"[ ]",
    "y_blank_before_colon": b'{"a" :"b"}',
    "y_string_escaped_slash": b'"\\/"',
    "y_string_escaped_letter": b'"\\u0061"',
    "y_string_escape_in_long_form": b'"\\u000a"',
    "y_string_escape_in_capitals": b'"\\u001F"',
    "y_string_escaped_pair": b'"\\ud834\\udd1e"',
    "y_object_unsorted": b'{"b":"","a":""}',
    "y_object_sorted_by_code_points": '{"\uffee":"1","\U0001f600":"2"}'.encode(),
    "y_object_twice": b'{"a":"b","a":"c"}',
    "y_object_twice_the_same": b'{"a":"b","a":"b"}',
    "y_object_twice_once_escaped": b'{"a":"b","\\u0061":"b"}',
}
N: dict[str, bytes] = {
    "n_nothing": b"",
    "n_blank_alone": b" ",
    "n_bom_alone": b"\xef\xbb\xbf",
    "n_array_open": b"[",
    "n_array_closed_only": b"]",
    "n_array_closed_twice": b"[]]",
    "n_array_comma_alone": b"[,]",
    "n_array_comma_at_end": b'["a",]',
    "n_array_comma_twice": b'["a",,"b"]',
    "n_array_comma_first": b'[,"a"]',
    "n_array_colon": b'["a":"b"]',
    "n_array_no_comma": b'["a" "b"]',
    "n_array_closed_by_brace": b'["a"}',
    "n_object_comma_at_end": b'{"a":"b",}',
    "n_object_no_colon": b'{"a" "b"}',
    "n_object_no_value": b'{"a":}',
    "n_object_no_key": b'{:"b"}',
    "n_object_bare_key": b'{a:"b"}',
    "n_object_single_quotes": b"{'a':'b'}",
    "n_object_number_key": b'{1:"b"}',
    "n_object_key_alone": b'{"a"}',
    "n_object_two_values": b'{"a":"b":"c"}',
    "n_object_semicolon": b'{"a":"b";"c":"d"}',
    "n_string_open": b'"',
    "n_string_control": b'"\n"',
    "n_string_null_byte": b'"\x00"',
    "n_string_tab": b'"\t"',
    "n_string_unknown_escape": b'"\\x41"',
    "n_string_escape_at_end": b'"\\',
    "n_string_escape_too_short": b'"\\u00A"',
    "n_string_escape_no_hex": b'"\\u00zz"',
    "n_string_escape_with_sign": b'"\\u+041"',
    "n_string_escape_with_underscore": b'"\\u0_41"',
    "n_string_backtick": b"`x`",
    "n_number_plus": b"[+1]",
    "n_number_zero_first": b"[012]",
    "n_number_hex": b"[0x42]",
    "n_number_no_digits_after_dot": b"[1.]",
    "n_number_dot_first": b"[.1]",
    "n_number_exponent_alone": b"[1e]",
    "n_number_nan": b"[NaN]",
    "n_number_infinity": b"[-Infinity]",
    "n_number_full_width": "[\uff11]".encode(),
    "n_number_minus_alone": b"[-]",
    "n_literal_capital": b"[True]",
    "n_literal_cut": b"[nul]",
    "n_two_values": b"[][]",
    "n_two_lines": b'"a"\n"b"',
    "n_comment": b"[]/**/",
    "n_comment_line": b"[]//",
    "n_comment_hash": b"[]#",
    "n_null_after": b"[]\x00",
    "n_formfeed": b"[\x0c]",
    "n_no_break_space": b"[\xc2\xa0]",
    "n_word_joiner": b"[\xe2\x81\xa0]",
    "n_angle": b"<>",
    "n_deep_open": b"[" * 100_000,
    "n_deep_objects_open": b'{"":' * 100_000,
    "n_deep_mixed_open": b'[{"":' * 50_000,
}  # fmt: skip
IFS: dict[str, bytes] = {
    "i_bom_first": b"\xef\xbb\xbf[]",
    "i_deep_closed": b"[" * 500 + b"]" * 500,
    "i_deep_closed_more": b"[" * 100_000 + b"]" * 100_000,
    "i_number_huge_exponent": b"[1e400]",
    "i_number_tiny": b"[1e-400]",
    "i_number_many_digits": b"[" + b"9" * 10_000 + b"]",
    "i_surrogate_high_alone": b'"\\ud800"',
    "i_surrogate_low_alone": b'"\\udc00"',
    "i_surrogates_inverted": b'"\\udd1e\\ud834"',
    "i_surrogate_and_letter": b'"\\ud834x"',
    "i_surrogate_high_twice": b'"\\ud834\\ud834\\udd1e"',
    "i_surrogate_in_key": b'{"\\ud800":""}',
    "i_utf8_surrogate": b'"\xed\xa0\x80"',
    "i_utf8_pair": b'"\xed\xa0\xb4\xed\xb4\x9e"',
    "i_utf8_overlong": b'"\xc0\xaf"',
    "i_utf8_overlong_null": b'"\xc0\x80"',
    "i_utf8_cut": b'"\xe2\x82"',
    "i_utf8_alone": b'"\x81"',
    "i_utf8_five_bytes": b'"\xfc\x83\xbf\xbf\xbf"',
    "i_utf8_above_the_last": b'"\xf4\xbf\xbf\xbf"',
    "i_latin1": b'"\xe9"',
    "i_utf16": '["é"]'.encode("utf-16"),
    "i_utf16_without_mark": "[]".encode("utf-16-le"),
    "i_utf32": '["a"]'.encode("utf-32-be"),
}


@pytest.mark.parametrize("case", READ)
def test_canonical_json_of_the_profile_is_read(case: str) -> None:
    assert parse(READ[case]) == json.loads(READ[case])


@pytest.mark.parametrize("case", [*Y_REFUSED, *N, *IFS])
def test_all_else_is_refused(case: str) -> None:
    data = {**Y_REFUSED, **N, **IFS}[case]
    with bounded(), pytest.raises(EvidenceError) as caught:
        parse(data)
    assert caught.value.code == "bytes"


@pytest.mark.parametrize("case", Y_REFUSED)
def test_what_is_told_to_be_json_is_json(case: str) -> None:
    json.loads(Y_REFUSED[case])


@pytest.mark.parametrize("case", N)
def test_what_is_told_to_be_none_is_none(case: str) -> None:
    strict = json.JSONDecoder(parse_constant=lambda word: int(word + "x"))
    with pytest.raises((ValueError, RecursionError)):
        strict.decode(N[case].decode())


ALL = {**READ, **Y_REFUSED, **N, **IFS}
APPROVED = subjects()[0]


def read_all(data: bytes) -> None:
    """Every reader that takes bytes of strangers: it reads or refuses, in time."""
    trust = trust_of(APPROVED.trust)
    for reader in (
        parse, TrustFile.load, check_manifest, read_text,
        lambda data: read_envelope(data, "commit"),
        lambda data: read_disclosure(data, trust, lambda _: None),
    ):  # fmt: skip
        with bounded(), contextlib.suppress(EvidenceError):
            reader(data)


@pytest.mark.parametrize("case", ALL)
def test_every_reader_reads_or_refuses(case: str) -> None:
    read_all(ALL[case])


@pytest.mark.hypothesis
@settings(deadline=None)
@given(
    st.sampled_from([*ALL.values(), APPROVED.trust, *APPROVED.files.values()]),
    st.lists(st.sampled_from(sorted(RECODINGS)), max_size=2),
    st.integers(0, 2**32),
    st.binary(max_size=8),
    st.integers(0, 1 << 16),
)
def test_every_reader_reads_or_refuses_what_is_spoilt(
    data: bytes, how: list[str], seed: int, piece: bytes, at: int
) -> None:
    for name in how:
        # Not everything can be put in another order.
        with contextlib.suppress(ValueError, RecursionError):
            data = RECODINGS[name](data, random.Random(seed))
    at %= len(data) + 1
    read_all(data[:at] + piece + data[at:])
