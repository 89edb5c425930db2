"""One field with its proof: its text with the salt, and the signed commit whose context binds it.

Nothing else of the instance is shown but what that commit says in clear. It proves that a commit
key signed this value at this place, not what came of it (docs/adr/0147).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gantral.evidence import errors
from gantral.evidence.artifacts import check_artifacts
from gantral.evidence.bytes import canonical, parse_object
from gantral.evidence.envelope import MAX_ENVELOPE, judge, read_envelope, unwrap
from gantral.evidence.errors import EvidenceError
from gantral.evidence.folder import Files
from gantral.evidence.hashes import leaf, read_text
from gantral.evidence.records import DISCLOSURE
from gantral.evidence.trust import TrustFile
from gantral.evidence.walk import COMMITTERS

TYPE = "gantral.dev/disclosure/v1"
# A text and an envelope, each at its largest.
MOST = 2 * MAX_ENVELOPE


@dataclass(frozen=True)
class Disclosed:
    """What a disclosure says: the field, and the commit whose context it stands in. ``state`` is
    of the commit's first artifact, "" when it has none."""

    instance_id: str
    commit: str
    state: str
    gate: str
    timestamp: str
    pointer: str
    value: str


def disclose(files: Files, pointer: str, number: int | None = None) -> bytes:
    """The disclosure of the field at a pointer of a context. Without ``number`` it is of the first
    commit that tells the field, which must then be told the same in all.

    Raises:
        EvidenceError: ``missing``, when no commit tells the field, or its text is gone;
            ``several``, when commits tell different values of it.
    """
    found: dict[str, tuple[int, dict[str, Any]]] = {}
    for index, name in enumerate(files.under("commits/")):
        data = files.read(name) or b""
        context = dict(read_envelope(data, "commit").statement["context"])
        if pointer in context and number in (None, index):
            found.setdefault(context[pointer], (index, parse_object(data, MAX_ENVELOPE)))
    if not found:
        raise EvidenceError("missing", f"no such commit tells a field {pointer}")
    if len(found) > 1:
        told = ", ".join(str(index) for index, _ in found.values())
        raise EvidenceError("several", f"{pointer} has other values in the commits {told}")
    ((bound, (_, envelope)),) = found.items()
    text = files.read(f"texts/{bound}.json")
    if text is None:
        raise EvidenceError("missing", f"the text at {pointer} is gone")
    statement = {"type": TYPE, "commit": envelope, "text": _list(text)}
    return canonical(statement, MOST)


def _list(data: bytes) -> Sequence[str]:
    text = read_text(data)
    if text is None:
        raise EvidenceError("text_form", "the text is no [salt, instance, path, value]")
    return text


def read_disclosure(
    data: bytes, trust: TrustFile, note: Callable[[EvidenceError], None]
) -> Disclosed:
    """Judge a disclosure's exact bytes; what is merely unknown is noted.

    Raises:
        EvidenceError: ``bytes``, ``form``, ``version``, ``envelope``, ``text_unbound``,
            ``text_instance``, those of a commit in itself, or of its signature.
    """
    statement = parse_object(data, MOST)
    if statement.get("type") != TYPE:
        raise EvidenceError("version", f"this is not {TYPE}", inconclusive=True)
    DISCLOSURE.require(statement)
    sealed = unwrap(statement["commit"], "commit")
    commit: Mapping[str, Any] = sealed.statement
    check_artifacts(commit, sealed.payload)
    team, at = commit["owning_team_id"], commit["timestamp"]
    try:
        judge(sealed, trust, COMMITTERS, team, at)
    except EvidenceError as error:
        if not error.inconclusive:
            raise
        note(error)
    _, instance_id, pointer, value = statement["text"]
    if instance_id != commit["instance_id"]:
        errors.refuse("text_instance", "the text is of another instance than the commit")
    if [pointer, leaf(statement["text"])] not in commit["context"]:
        errors.refuse("text_unbound", "the commit does not bind this text at its place")
    first = commit["artifacts"][0] if commit["artifacts"] else None
    if first is not None and not trust.allows(
        team, first["workflow_id"], first["workflow_version_id"], at
    ):
        unlisted = "the trust file does not list this program for that time"
        note(EvidenceError("program_unlisted", unlisted, inconclusive=True))
    return Disclosed(
        instance_id=instance_id,
        commit=commit["commit"],
        state=first["authority_state"] if first else "",
        gate=first["gate"] if first else "none",
        timestamp=at,
        pointer=pointer,
        value=value,
    )
