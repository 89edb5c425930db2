"""The trust file: whose keys may sign what, and which programs may run (FORMAT section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from gantral.evidence import forms
from gantral.evidence.bytes import parse_object
from gantral.evidence.errors import EvidenceError
from gantral.evidence.keys import PublicKey
from gantral.evidence.log_policy import LogPolicy, read_policy

TYPE = "gantral.dev/trust/v1"
USES = ("commit", "decision", "effect", "closer", "release", "erasure", "log", "witness")
ENVIRONMENTS = ("development", "production")

_FILE = frozenset(
    [
        "type",
        "trust_id",
        "serial",
        "previous",
        "issued",
        "environment",
        "keys",
        "programs",
        "max_skew",
        "actor_claim",
        "log",
    ]
)
_KEY = frozenset(
    "alg public_key use teams environment not_before not_after compromised_from".split()
)
_PROGRAM = frozenset(
    "owning_team_id workflow_id workflow_version_id environment not_before not_after".split()
)


@dataclass(frozen=True)
class TrustedKey:
    """One key of a trust file. Instants are text; ``not_after`` may be ``none``."""

    public: PublicKey
    use: str
    teams: frozenset[str]
    not_before: str
    not_after: str
    compromised_from: str

    def check(self, team: str, at: str) -> None:
        """Refuse the key outside its teams and its life, or from its compromise on.

        Raises:
            EvidenceError: ``key_team``, ``key_lifetime`` or ``key_compromised``.
        """
        if team not in self.teams:
            raise EvidenceError("key_team", f"key {self.public.keyid} is not of team {team}")
        self.lives(at)

    def lives(self, at: str) -> None:
        """Refuse the key outside its life, or from its compromise on.

        Raises:
            EvidenceError: ``key_lifetime`` or ``key_compromised``.
        """
        # Instants of one fixed form compare as text.
        if at < self.not_before or (self.not_after != "none" and at > self.not_after):
            raise EvidenceError("key_lifetime", f"key {self.public.keyid} is not valid at {at}")
        if self.compromised_from != "none" and at >= self.compromised_from:
            raise EvidenceError(
                "key_compromised",
                f"key {self.public.keyid} is compromised from {self.compromised_from} on",
            )


@dataclass(frozen=True)
class TrustFile:
    """A loaded trust file. ``digest`` is SHA-256 of its exact bytes, what ``--trust-sha256`` pins;
    ``max_skew`` is in milliseconds."""

    trust_id: str
    serial: int
    previous: str
    issued: str
    environment: str
    keys: Mapping[str, TrustedKey]
    programs: Mapping[tuple[str, str, str], tuple[tuple[str, str], ...]]
    max_skew: int
    actor_claim: str
    digest: str
    log: LogPolicy | None = None

    @staticmethod
    def load(data: bytes) -> TrustFile:
        """Read a trust file strictly.

        Raises:
            EvidenceError: ``trust``, naming the member and what is wrong with it.
        """
        try:
            value = parse_object(data)
        except EvidenceError as error:
            raise EvidenceError("trust", f"the trust file: {error.message}") from None
        _members(value, _FILE, "the trust file")
        _want(value["type"] == TYPE, "type", f"must be {TYPE}")
        for name in ("trust_id", "actor_claim"):
            _want(isinstance(value[name], str) and value[name] != "", name, "must be text")
        _want(forms.is_number(value["serial"]), "serial", "must be a whole number as text")
        previous = value["previous"]
        _want(
            previous == "none" or forms.is_hex64(previous),
            "previous",
            "must be none or the SHA-256 of the trust file before this one",
        )
        _want(forms.is_instant(value["issued"]), "issued", "must be an instant")
        _want(value["environment"] in ENVIRONMENTS, "environment", "must be one of the two words")
        try:
            max_skew = forms.duration_ms(value["max_skew"])
        except (EvidenceError, TypeError):
            raise EvidenceError("trust", "member max_skew: must be a canonical duration") from None
        _want(isinstance(value["keys"], dict), "keys", "must be an object")
        _want(isinstance(value["programs"], list), "programs", "must be a list")
        environment: str = value["environment"]
        keys = {
            keyid: _key(f"keys/{keyid}", keyid, entry, environment)
            for keyid, entry in value["keys"].items()
        }
        return TrustFile(
            trust_id=value["trust_id"],
            serial=int(value["serial"]),
            previous=previous,
            issued=value["issued"],
            environment=environment,
            keys=keys,
            programs=_programs(value["programs"], environment),
            max_skew=max_skew,
            actor_claim=value["actor_claim"],
            digest=sha256(data).hexdigest(),
            log=_log(value["log"], keys),
        )

    def key(self, keyid: str, uses: frozenset[str]) -> TrustedKey:
        """The key named so, if it has one of these uses.

        Raises:
            EvidenceError: ``key_unknown`` (inconclusive) or ``key_use``.
        """
        key = self.keys.get(keyid)
        if key is None:
            raise EvidenceError(
                "key_unknown", f"key {keyid} is not in the trust file", inconclusive=True
            )
        if key.use not in uses:
            wanted = " or ".join(sorted(uses))
            raise EvidenceError("key_use", f"a {key.use} key signed what takes a {wanted} key")
        return key

    def allows(self, team: str, workflow_id: str, version: str, at: str) -> bool:
        """Whether this program of this team was allowed to run at the instant ``at``."""
        return any(
            start <= at and (end == "none" or at <= end)
            for start, end in self.programs.get((team, workflow_id, version), ())
        )


def _want(condition: bool, member: str, message: str) -> None:
    if not condition:
        raise EvidenceError("trust", f"member {member}: {message}")


def _members(value: Any, wanted: frozenset[str], place: str) -> None:
    if not isinstance(value, dict):
        raise EvidenceError("trust", f"member {place}: must be an object")
    for name in sorted(wanted - value.keys()):
        raise EvidenceError("trust", f"{place} lacks the member {name}")
    for name in sorted(value.keys() - wanted):
        raise EvidenceError("trust", f"{place} has the unknown member {name}")


def _life(entry: Mapping[str, Any], place: str) -> None:
    _want(forms.is_instant(entry["not_before"]), f"{place}/not_before", "must be an instant")
    end = entry["not_after"]
    _want(
        end == "none" or forms.is_instant(end), f"{place}/not_after", "must be none or an instant"
    )


def _here(entry: Mapping[str, Any], environment: str, place: str) -> None:
    _want(
        entry["environment"] == environment,
        f"{place}/environment",
        f"is {entry['environment']!r:.30} in a {environment} trust file: the two never mix",
    )


def _key(place: str, keyid: str, entry: Any, environment: str) -> TrustedKey:
    _members(entry, _KEY, place)
    _want(entry["alg"] == "ed25519", f"{place}/alg", "must be ed25519")
    _want(entry["use"] in USES, f"{place}/use", f"must be one of {', '.join(USES)}")
    teams = entry["teams"]
    _want(
        isinstance(teams, list) and bool(teams) and all(map(forms.is_name, teams)),
        f"{place}/teams",
        "must be a list of team names",
    )
    _life(entry, place)
    _here(entry, environment, place)
    stolen = entry["compromised_from"]
    _want(
        stolen == "none" or forms.is_instant(stolen),
        f"{place}/compromised_from",
        "must be none or an instant",
    )
    _want(forms.is_hex64(entry["public_key"]), f"{place}/public_key", "must be 64 hex digits")
    try:
        public = PublicKey.load(bytes.fromhex(entry["public_key"]))
    except EvidenceError as error:
        raise EvidenceError("trust", f"member {place}/public_key: {error.message}") from None
    _want(public.keyid == keyid, place, "is not the SHA-256 of its public key")
    return TrustedKey(
        public, entry["use"], frozenset(teams), entry["not_before"], entry["not_after"], stolen
    )


def _log(text: Any, keys: Mapping[str, TrustedKey]) -> LogPolicy | None:
    """The policy of the log. Its keys stand among the trust file's, each under its own use, so that
    their environment, lives and teams are told where those of all others are."""
    _want(isinstance(text, str), "log", "must be none or a policy")
    if text == "none":
        return None
    try:
        policy = read_policy(text)
    except EvidenceError as error:
        raise EvidenceError("trust", f"member log: {error.message}") from None
    for wanted, found in (("log", policy.logs), ("witness", policy.witnesses.values())):
        for key in found:
            listed = keys.get(key.public.keyid)
            _want(
                listed is not None and listed.use == wanted,
                "log",
                f"the key of {key.name} is not among keys with the use {wanted}",
            )
    return policy


def _programs(
    entries: list[Any], environment: str
) -> dict[tuple[str, str, str], tuple[tuple[str, str], ...]]:
    programs: dict[tuple[str, str, str], tuple[tuple[str, str], ...]] = {}
    for index, entry in enumerate(entries):
        place = f"programs/{index}"
        _members(entry, _PROGRAM, place)
        for name in ("owning_team_id", "workflow_id"):
            _want(forms.is_name(entry[name]), f"{place}/{name}", "must be a name")
        version = entry["workflow_version_id"]
        _want(forms.is_hex64(version), f"{place}/workflow_version_id", "must be 64 hex digits")
        _life(entry, place)
        _here(entry, environment, place)
        key = (entry["owning_team_id"], entry["workflow_id"], version)
        span = (entry["not_before"], entry["not_after"])
        programs[key] = (*programs.get(key, ()), span)
    return programs
