"""Evidence v1: bytes, envelopes, commits, the recount, stores and the verifier (FORMAT).

Names load on first use: the recount is imported inside a workflow sandbox, which shall not pay for
keys and stores, and the verifier needs no store.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gantral.evidence.bytes import canonical, parse
    from gantral.evidence.commit import BuildCommit, Built, build_commit, votes_decision
    from gantral.evidence.envelope import Opened, open_envelope, seal
    from gantral.evidence.errors import EvidenceError
    from gantral.evidence.export import export_instance
    from gantral.evidence.hashes import H, artifact_hash
    from gantral.evidence.keys import SigningKey, actor_id
    from gantral.evidence.recount import Refusal, Standing, Waiting, accept_vote, count
    from gantral.evidence.report import Finding, Report
    from gantral.evidence.store import AlreadyThere, LocalStore, Spoilt, Store, StoreError, Unfit
    from gantral.evidence.trust import TrustFile
    from gantral.evidence.verify import verify_folder

__all__ = [
    "AlreadyThere",
    "BuildCommit",
    "Built",
    "EvidenceError",
    "Finding",
    "H",
    "LocalStore",
    "Opened",
    "Refusal",
    "Report",
    "SigningKey",
    "Spoilt",
    "Standing",
    "Store",
    "StoreError",
    "TrustFile",
    "Unfit",
    "Waiting",
    "accept_vote",
    "actor_id",
    "artifact_hash",
    "build_commit",
    "canonical",
    "count",
    "export_instance",
    "open_envelope",
    "parse",
    "seal",
    "verify_folder",
    "votes_decision",
]

_PLACES = {
    "bytes": ("canonical", "parse"),
    "commit": ("BuildCommit", "Built", "build_commit", "votes_decision"),
    "envelope": ("Opened", "open_envelope", "seal"),
    "errors": ("EvidenceError",),
    "export": ("export_instance",),
    "hashes": ("H", "artifact_hash"),
    "keys": ("SigningKey", "actor_id"),
    "recount": ("Refusal", "Standing", "Waiting", "accept_vote", "count"),
    "report": ("Finding", "Report"),
    "store": ("AlreadyThere", "LocalStore", "Spoilt", "Store", "StoreError", "Unfit"),
    "trust": ("TrustFile",),
    "verify": ("verify_folder",),
}
_MODULE_OF = {name: module for module, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> object:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{module}"), name)
