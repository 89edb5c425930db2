"""A document travels as its digest: shown, decided on, handed on, and bound by the evidence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

SPEC = (
    Path(__file__).parents[1] / "compiler" / "codegen" / "golden" / "documents" / "spec.gantral"
).read_text("utf-8")
SPEC = SPEC.replace("team legal", "team payments").replace("clerk", "support_agent")
SPEC = SPEC.replace("head", "finance_director")
A, B = "a" * 64, "b" * 64


def document(digest: str) -> str:
    return f'{{ name: c.pdf, size: 7, sha256: "{digest}", uri: "s3://x/c" }}'


STORIES = {
    "signed": f"""
about: what is signed is what was shown, and the copy is another document
start:
  by: carol
  input: {{ contract: {document(A)}, more: [{document(B)}] }}
given:
  archive.sign: [{{ result: {document(B)} }}]
decisions: [{{ at: 5m, by: dora, vote: approve }}]
expect:
  effects:
    - archive.sign: {{ contract: {document(A)}, note: signed }}
  end: COMPLETED
  output: {{ copy: {document(B)}, digest: "{B}" }}
""",
    "other_bytes": f"""
about: the bytes that the service finds are not those that were shown, so nothing is signed
start:
  by: carol
  input: {{ contract: {document(A)}, annex: {document(B)}, more: [] }}
given:
  archive.sign: [{{ failure: not_done, reason: other bytes }}]
decisions: [{{ at: 5m, by: dora, vote: approve }}]
expect:
  effects:
    - archive.sign: {{ contract: {document(A)}, note: signed }}
  end: TERMINATED
  cause: action_failed
""",
}


def test_documents_are_signed(told: Callable[..., str]) -> None:
    told("signing", SPEC, STORIES)
