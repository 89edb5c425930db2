"""Who acts in a scenario: the personas of the project, or somebody that the scenario makes up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from gantral.cli.failure import Failure
from gantral.cli.scenarios.fields import Fields, duration, word, words
from gantral.cli.scenarios.model import Actor
from gantral.cli.scenarios.nodes import Node, WrongScenario

# Long enough ago to have opened the inbox, young enough for any gate.
_JUST_NOW = timedelta(seconds=30)


@dataclass(frozen=True)
class People:
    """The personas by name, and the roles and assurances that the program speaks of."""

    known: Mapping[str, Actor] = field(default_factory=dict)
    roles: frozenset[str] = frozenset()
    assurances: frozenset[str] = frozenset()

    def read(self, node: Node) -> Actor:
        """Somebody: a persona's name, or ``{name, roles, assurance, login}``.

        Of a persona that is named so, the keys that are there stand instead of its own.

        Raises:
            WrongScenario.
        """
        if isinstance(node.value, str):
            return self._known(node)
        fields = Fields(node, "somebody", ("name",), ("roles", "assurance", "login"))
        name = word(fields["name"])
        of = self.known.get(name)
        roles, assurance = fields.get("roles"), fields.get("assurance")
        if roles is None and of is None:
            raise WrongScenario(
                node.place,
                "unknown_name",
                f"{name} is no persona of this project, so nobody knows what {name} may do",
                f"add roles: [{', '.join(sorted(self.roles))}]",
            )
        login = fields.get("login")
        return Actor(
            name,
            of.roles if roles is None and of else words(roles, self.roles, "role"),
            of.assurances
            if assurance is None and of
            else words(assurance, self.assurances, "assurance"),
            _JUST_NOW if login is None else duration(login),
        )

    def _known(self, node: Node) -> Actor:
        found = self.known.get(node.value)
        if found is None:
            names = ", ".join(sorted(self.known)) or "none"
            raise WrongScenario(
                node.place,
                "unknown_name",
                f"{node.value} is no persona of this project; there are: {names}",
                "name one of them, or write {name: …, roles: […]}",
            )
        return found


def project_people(folder: Path) -> dict[str, Actor]:
    """The personas of ``personas.toml``, mapped as ``gantral.toml`` maps them. None without both.

    Raises:
        Failure: one of the two files is there and wrong.
    """
    settings_file, personas_file = folder / "gantral.toml", folder / "personas.toml"
    if not (settings_file.is_file() and personas_file.is_file()):
        return {}
    from gantral.cli.tools.personas import load_personas
    from gantral.runtime import settings

    try:
        identity = settings.load(settings_file).identity
    except settings.SettingsError as error:
        raise Failure(f"{settings_file}: {error}") from None
    if identity is None:
        return {}
    return {
        persona.sub: Actor(
            persona.sub,
            tuple(
                sorted(
                    name
                    for name, role in identity.roles.items()
                    if role.value in _held(persona.claims, role.claim)
                )
            ),
            tuple(
                sorted(
                    name
                    for name, level in identity.assurance.items()
                    if set(level.values) & set(_held(persona.claims, level.claim))
                )
            ),
            _JUST_NOW,
        )
        for persona in load_personas(personas_file)
    }


def _held(claims: Mapping[str, Any], claim: str) -> Sequence[Any]:
    held = claims.get(claim)
    return held if isinstance(held, list) else [held]
