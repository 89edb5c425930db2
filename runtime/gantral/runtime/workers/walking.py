"""The verifier's own walk, before the commit key signs: what it would call INVALID is not signed.

A commit is judged for what it is about in ``judging``. Whether it may follow what the store holds
(links, rounds, the program's automaton, which record goes where, who may be named, what stands) is
for the one function that the verifier runs too, over the whole chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gantral.evidence import EvidenceError
from gantral.evidence.envelope import read_envelope, write_envelope
from gantral.evidence.walk import Walk
from gantral.runtime.programs import ProgramInfo
from gantral.runtime.workers.chain import Chain, MissingEvidence


def walked(chain: Chain, program: ProgramInfo, number: int) -> Walk:
    """The walk up to the commit before ``number``.

    Raises:
        EvidenceError: the chain so far is INVALID: nothing more is signed on it.
        MissingEvidence, StoreError.
    """
    walk = Walk(program.manifest, program.version_id, chain.trust, lambda _: None)
    for earlier in range(number):
        data = chain.store.get(chain.commit_key(earlier))
        if data is None:
            raise MissingEvidence(f"commit {earlier} is not in the store")
        walk.step(read_envelope(data, "commit"))
    return walk


def step(walk: Walk, envelope: Mapping[str, Any]) -> bytes:
    """Walk on to a commit that is about to be put; its bytes.

    Raises:
        EvidenceError: the verifier would not call it VALID.
    """
    notes: list[EvidenceError] = []
    walk.note = notes.append
    data = write_envelope(envelope)
    walk.step(read_envelope(data, "commit"))
    if notes:
        raise notes[0]
    return data
