"""Every mapping of the YAML form: its keys, what each holds, and what it says.

The reader refuses what is not here, the published schema and docs/yaml.md are made of it. The words
are those of the text form; a key that has no word there is listed in docs/yaml.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from gantral.dsl.frozen import frozen

Kind: TypeAlias = Literal[
    "name",  # one word
    "type name",
    "path",
    "paths",  # one, or a list of them
    "expression",
    "type",
    "fields",  # name: type
    "values",  # name: expression
    "scalar",  # a clause as in text form
    "scalars",  # one, or a list of them
    "text",  # in quotes
    "doc",
    "true",
    "block",  # a list of statements
    "handler",  # a block, or `as` and `do`
    "otherwise",  # a block, or an `if`
    "cases",
    "waits",
    "branches",
    "operations",
    "output",  # values, or nothing at all
    "declarations",
    "imports",
    "group",  # name: what is declared, or a list of declarations
    "names",  # a list of names, or a group
]


@frozen
class Key:
    """A key: what it holds, one line about it, and whether the mapping needs it."""

    kind: Kind
    says: str
    needed: bool = False


Form: TypeAlias = Mapping[str, Key]

_DOC = Key("doc", "A doc comment: a text in quotes, or a block scalar.")
_WITH = Key("values", "The arguments: name and value.")
_DO = Key("block", "What is done.", True)
_ELSE = Key("block", "What is done otherwise.", True)

# What can be the value of `let` and `set`, and most of it a statement too: by its first key.
VALUES: Mapping[str, Form] = {
    "call": {
        "call": Key("path", "The operation of a service that is called: service.operation."),
        "with": _WITH,
        "under": Key("paths", "The approvals that it acts under."),
        "else": Key("handler", "What is done when it fails; its `as` names the failure."),
    },
    "ask": {
        "ask": Key("path", "The gate that is asked."),
        "with": _WITH,
        "only if": Key("expression", "Where this is false nobody is asked."),
    },
    "run workflow": {
        "run workflow": Key("path", "The workflow that is run as a child."),
        "with": _WITH,
    },
    "for each": {
        "for each": Key("name", "The name of each element."),
        "in": Key("expression", "The list.", True),
        "at most": Key("scalar", "More elements than this is a failed action.", True),
        "do": _DO,
    },
    "repeat at most": {
        "repeat at most": Key("scalar", "The bound of the loop."),
        "every": Key("scalar", "The time from one turn to the next."),
        "do": _DO,
        "else": _ELSE,
    },
    "parallel": {"parallel": Key("branches", "Branches: name and block.")},
    "wait for": {
        "wait for": Key("path", "The event that is waited for."),
        "within": Key("expression", "The longest wait.", True),
        "else": _ELSE,
    },
    "wait": {
        "wait": Key("waits", "One case for each event that is waited for."),
        "within": Key("expression", "The longest wait.", True),
        "else": _ELSE,
    },
}

BINDERS: Mapping[str, Form] = {
    "let": {
        "let": Key("name", "A name that is bound once."),
        "type": Key("type", "Its type."),
        "be": Key("expression", "Its value, where it is an expression."),
    },
    "set": {
        "set": Key("name", "The variable that is set."),
        "be": Key("expression", "Its new value, where it is an expression."),
    },
}

STATEMENTS: Mapping[str, Form] = {
    **BINDERS,
    "var": {
        "var": Key("name", "A variable."),
        "type": Key("type", "Its type.", True),
        "be": Key("expression", "Its first value.", True),
    },
    **VALUES,
    "if": {
        "if": Key("expression", "The condition."),
        "then": Key("block", "What is done when it holds.", True),
        "else": Key("otherwise", "What is done otherwise: a block, or another `if`."),
    },
    "match": {
        "match": Key("expression", "What is told apart."),
        "cases": Key("cases", "A list of cases.", True),
    },
    "require": {
        "require": Key("expression", "What must hold."),
        "else": Key("expression", "The cause with which the run ends where it does not.", True),
    },
    "terminate": {"terminate": Key("expression", "Ends the run with this cause.")},
    "complete": {"complete": Key("output", "Ends the run with this output.")},
    "give": {"give": Key("expression", "Gives a value to the construct around.")},
    "collect": {"collect": Key("expression", "Adds an element to what the loop makes.")},
    "undo": {"undo": Key("name", "The effect that is undone.")},
    "sleep": {"sleep": Key("expression", "A duration.")},
    "sleep until": {"sleep until": Key("expression", "An instant.")},
}

CASE: Form = {
    "case": Key("scalars", "A word in quotes, a list of them, `completed as r`, or `else`.", True),
    "do": _DO,
}
WAIT_CASE: Form = {
    "for": Key("path", "An event.", True),
    "as": Key("name", "The name of what it carries."),
    "do": _DO,
}
HANDLER: Form = {"as": Key("name", "The name of the failure."), "do": _DO}

_TAKES = Key("fields", "The parameters: name and type.")
_OPERATION: Form = {
    "takes": _TAKES,
    "gives": Key("type", "The type of the result."),
    "as": Key("text", "The name on the wire of an existing activity."),
    "timeout": Key("scalar", "The longest that one attempt takes.", True),
    "heartbeat": Key("scalar", "The longest between two signs of life."),
    "retry": Key("scalar", "How often, as in `5 every 1s up to 1m`."),
    "needs": Key("scalar", "Who must have decided, for every call."),
    "idempotent": Key("true", "A repeat with the same key is harmless."),
    "undo": Key("name", "The effect that undoes this one."),
    "with": Key("values", "The arguments of `undo`."),
    "doc": _DOC,
}
KINDS = ("read", "notify", "effect", "critical effect")
OPERATIONS: Mapping[str, Form] = {
    kind: {kind: Key("name", "The operation's name."), **_OPERATION} for kind in KINDS
}

# What is declared, without the key that names it.
DECLARED: Mapping[str, Form] = {
    "type": {"is": Key("type", "What it stands for.", True), "doc": _DOC},
    "role": {"doc": _DOC},
    "assurance": {"doc": _DOC},
    "calendar": {
        "zone": Key("text", "The time zone.", True),
        "days": Key("scalar", "The open days, as in mon..fri.", True),
        "hours": Key("scalar", "The open hours, as in 09:00..17:30.", True),
        "except": Key("text", "The file of the holidays."),
        "doc": _DOC,
    },
    "event": {
        "carries": Key("fields", "What is sent with it: name and type."),
        "from": Key("scalars", "Who may send it.", True),
        "doc": _DOC,
    },
    "service": {
        "on queue": Key("text", "The queue that its workers serve.", True),
        "operations": Key("operations", "What it can do.", True),
        "doc": _DOC,
    },
    "policy": {
        "rego": Key("text", "The file.", True),
        "query": Key("text", "What is asked of it.", True),
        "doc": _DOC,
    },
    "gate": {
        "takes": _TAKES,
        "title": Key("text", "One line for inbox and messages."),
        "releases": Key("scalars", "The operations that its yes may set off."),
        "decide": Key("scalars", "Who decides; in a list the first that holds counts.", True),
        "waived by policy": Key("path", "The policy that may let the run go on unasked."),
        "guarded by policy": Key("path", "The policy whose DENY ends it."),
        "initiator may decide": Key("true", "Whoever started the run may decide."),
        "veto": Key("scalars", "Who may reject alone."),
        "apart": Key("scalars", "Who may not decide."),
        "amend": Key("scalars", "What may be changed, and where to."),
        "prove": Key("scalars", "What a vote must bring."),
        "clock": Key("scalars", "The times, the last of them `reject`.", True),
        "lasts": Key("scalar", "How long the yes is good, and for how many uses."),
        "doc": _DOC,
    },
}

# The mappings that hold one kind of declaration each.
GROUPS: Mapping[str, str] = {
    "types": "type",
    "roles": "role",
    "assurances": "assurance",
    "calendars": "calendar",
    "events": "event",
    "services": "service",
    "policies": "policy",
    "gates": "gate",
}
_LISTED = Key("declarations", "Declarations of any kind, in this order.")
_LOCAL: Form = {
    **{
        group: Key("names" if kind in ("role", "assurance") else "group", f"One {kind} a name.")
        for group, kind in GROUPS.items()
    },
    "declarations": _LISTED,
}
_BODY: Form = {
    "version": Key("text", "Its version, as in 1.4.0.", True),
    "team": Key("name", "The owning team.", True),
    "start by": Key("paths", "The roles that may start it.", True),
    "once per": Key("paths", "What makes two starts one."),
    "one at a time per": Key("paths", "What only one run at a time may hold."),
    "input": Key("fields", "What it is started with: name and type."),
    "output": Key("fields", "What it ends with: name and type."),
    **_LOCAL,
    "run": Key("block", "What it does.", True),
    "on failure": Key("block", "Reads and notifies, before the run ends."),
    "doc": _DOC,
}
DECLARATIONS: Mapping[str, Form] = {
    **{
        kind: {kind: Key("type name" if kind == "type" else "name", "Its name."), **form}
        for kind, form in DECLARED.items()
    },
    "workflow": {"workflow": Key("name", "Its name."), **_BODY},
}

_IMPORTS = Key("imports", "Other specs of the project: the name here, and the path in quotes.")
LIBRARY: Form = {"imports": _IMPORTS, **_LOCAL}
WORKFLOW_FILE: Form = {"imports": _IMPORTS, **DECLARATIONS["workflow"]}
