"""Read a manifest strictly, as far as evidence needs it (docs/manifest.md)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from gantral.evidence.bytes import MANIFEST_DEPTH, MAX_BYTES, parse_object
from gantral.evidence.cases import ALWAYS
from gantral.evidence.errors import EvidenceError
from gantral.evidence.formula import clauses
from gantral.evidence.records import MANIFEST
from gantral.evidence.trees import check_gate, check_shape, check_term

TYPE = "gantral.dev/manifest/v1"


# An auditor judges many instances of few programs: one is read once. Nobody changes the result.
@lru_cache(maxsize=16)
def check_manifest(data: bytes) -> dict[str, Any]:
    """The manifest of exact bytes.

    Raises:
        EvidenceError: ``bytes``, ``form`` or ``manifest``; ``version`` (inconclusive) for a type
            unknown here.
    """
    manifest = parse_object(data, MAX_BYTES, MANIFEST_DEPTH)
    if manifest.get("type") != TYPE:
        raise EvidenceError("version", f"manifest.json is not {TYPE}", inconclusive=True)
    MANIFEST.require(manifest)
    sites = {row[0] for row in manifest["automaton"]}
    if not all(set(row[2]) <= sites for row in manifest["automaton"]) or "start" not in sites:
        raise EvidenceError("manifest", "the automaton leads to a site that it does not hold")
    for name in ("input", "output"):
        check_shape(manifest[name], name)
    for name, operation in manifest["operations"].items():
        for argument, term in (
            operation["undo"]["arguments"].items() if operation["undo"] != "none" else ()
        ):
            check_term(term, f"operations/{name}/undo/{argument}")
    for name, gate in manifest["gates"].items():
        check_gate(gate, f"gates/{name}")
        *conditional, last = gate["decide"] or [{"when": "none"}]
        if last["when"] != ALWAYS or any(case["when"] == ALWAYS for case in conditional):
            raise EvidenceError("manifest", f"the last case, and no other, of {name} is `always`")
        for case in gate["decide"]:
            clauses(case["formula"])
        if not gate["clock"] or gate["clock"][-1][1] != "reject":
            raise EvidenceError("manifest", f"the gate {name} does not end in a reject")
        if gate["waived"] != "none" and gate["waived"] not in manifest["policies"]:
            raise EvidenceError("manifest", f"the gate {name} is waived by no policy of its own")
        for planned in gate["plan"].values():
            if planned["operation"] not in manifest["operations"]:
                raise EvidenceError("manifest", f"the gate {name} plans an unknown operation")
    return manifest
