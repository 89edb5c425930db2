"""Events: what is sent to a run that waits for it, and by whom (LANGUAGE sections 2 and 7)."""

from __future__ import annotations

from gantral.compiler.names.findings import Findings
from gantral.compiler.names.module import Names
from gantral.compiler.program.events import Event
from gantral.compiler.types.resolve import Types
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Label
from gantral.dsl.span import Span


class Events:
    """The events of a project, each checked once."""

    def __init__(self, findings: Findings, types: Types) -> None:
        self._findings = findings
        self._types = types
        self._known: dict[Span, Event | None] = {}

    def event(self, names: Names, one: syn.Event) -> Event | None:
        """The event as it is declared among `names`; None after a finding."""
        if one.name.span not in self._known:
            self._known[one.name.span] = self._event(names, one)
        return self._known[one.name.span]

    def _event(self, names: Names, one: syn.Event) -> Event | None:
        data = self._types.record(names, one.payload.fields, one.payload.span)
        senders: dict[str, Span] = {}
        whole = True
        for each in one.senders:
            name = self._sender(names, each)
            if name is None:
                whole = False
            elif name in senders:
                self._findings.error(
                    "G0240",
                    each.span,
                    "this stands twice in one group",
                    "leave one of the two out",
                    (Label(senders[name], "first here"),),
                )
                whole = False
            else:
                senders[name] = each.span
        if data is None or not whole:
            return None
        roles = tuple(sorted(name for name in senders if name != _INITIATOR))
        return Event(one.name.text, data, roles, _INITIATOR in senders, one.doc, one.name.span)

    def _sender(self, names: Names, one: syn.Principal) -> str | None:
        if not isinstance(one, syn.RolePrincipal):
            self._findings.error(
                "G0357",
                one.span,
                "an event has no proposal that could name its sender",
                "write `from` roles, or `initiator` for whoever started the instance",
            )
            return None
        if [part.text for part in one.path.parts] == [_INITIATOR]:
            return _INITIATOR
        found = names.lookup("role", one.path.parts, one.path.span)
        if found is None:
            return None
        name = found[1].name.text
        if name == _INITIATOR:
            self._findings.error(
                "G0357",
                one.span,
                "this role is called `initiator`, which in `from` is whoever started the instance",
                "give the role another name",
            )
            return None
        return name


_INITIATOR = "initiator"
