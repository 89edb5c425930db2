"""The text forms of single members, which statements, records and manifest.json share."""

from __future__ import annotations

from gantral.evidence.schema import either, items, members, row, table, text, words

ANY = {"type": "string"}
NONE = words("none")
HASH = text("[0-9a-f]{64}")
HASH_OR_NONE = text("none|[0-9a-f]{64}")
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
UUID = text(_UUID)
NAME = text("[a-z][a-z0-9_]{0,62}")
NAME_OR_NONE = NAME  # the word none has the form of a name
ACTOR = text("actor:[0-9a-f]{32}")
ACTOR_OR_NONE = text("none|actor:[0-9a-f]{32}")
NUMBER = text("0|[1-9][0-9]{0,15}")
ROUND = text("none|[1-9][0-9]{0,15}")
INSTANT = text("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z")
INSTANT_OR_NONE = text("none|" + INSTANT["pattern"][4:-2])
POLICY = text("sha256:[0-9a-f]{64}")
POLICY_OR_NONE = text("none|sha256:[0-9a-f]{64}")
POINTER = text("(?:/[^/]*)+")
# operation/ordinal, then one index for each loop around the call site.
_CALL = "[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*/[1-9][0-9]*(?:/(?:0|[1-9][0-9]{0,5}))*"
CALL = text(_CALL)
# A call of another instance, and what stands: one of these, or a call of one's own.
OTHERS_CALL = text(f"{_UUID}/{_CALL}")
STANDING = text(f"(?:{_UUID}/)?{_CALL}")
OPERATION = text("[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*")
# gate/ordinal, then one index for each loop around the ask.
ASK = text("[a-z][a-z0-9_]{0,62}/[1-9][0-9]{0,5}(?:/(?:0|[1-9][0-9]{0,5}))*")
WAIT = text("wait/[1-9][0-9]{0,5}")
SLOT = text("(?:undo/)?[1-9][0-9]{0,5}")
TEXT = row(text("[0-9a-f]{32}"), UUID, ANY, ANY)
CONTEXT = items(row(POINTER, HASH))

ENVELOPE = members(payload=ANY, payloadType=ANY, signatures=row(members(keyid=HASH, sig=ANY)))
DATE = text("[0-9]{4}-[0-9]{2}-[0-9]{2}")
PRINCIPAL = either(ANY, table(POINTER))
# Who may not decide: as a principal, or everybody who voted at another gate.
SEPARATION = either(ANY, table(POINTER), members(deciders=NAME))
PRINCIPALS = either(NONE, items(PRINCIPAL))
INSTANTS = items(row(INSTANT, words("remind", "widen", "reject"), PRINCIPALS, PRINCIPALS))
ASSURANCE = members(
    aud=ANY,
    auth_time=INSTANT_OR_NONE,
    identity=HASH,
    iss=ANY,
    level=ANY,
    role_map=HASH,
    token_hash=HASH,
)
