"""Declarations, workflows and files."""

from __future__ import annotations

from typing import Any

from gantral.dsl.build import Part
from gantral.dsl.syntax import File
from gantral.dsl.yaml.forms import (
    DECLARATIONS,
    DECLARED,
    GROUPS,
    LIBRARY,
    OPERATIONS,
    WORKFLOW_FILE,
)
from gantral.dsl.yaml.gates import gate_clauses
from gantral.dsl.yaml.nodes import Mapping, Node, Scalar, Sequence
from gantral.dsl.yaml.scalars import Found
from gantral.dsl.yaml.statements import Statements
from gantral.grammar.lexer import Token

_LISTS = ("role", "assurance")


class Declarations(Statements):
    """Reads a file."""

    def file(self, node: Mapping) -> File:
        """The whole of it; with a finding it is what could be read all the same."""
        workflow = "workflow" in node.known
        form, owner = (WORKFLOW_FILE, "a workflow") if workflow else (LIBRARY, "a spec")
        found = self.keys(node, form, owner)
        kids: list[Any] = []
        if found is not None:
            kids = self._imports(found)
            if workflow:
                kids.append(self._workflow(found, node.start, node.end))
            else:
                kids += self._local(found, (*DECLARED, "workflow"))
        kids = [one for one in kids if one is not None]
        file: File = self.build("start", 0, len(self.context.text), kids)
        return file

    def _imports(self, found: Found) -> list[Any]:
        if "imports" not in found:
            return []
        key, node = found["imports"]
        if not isinstance(node, Mapping):
            self.shape(key, node, "a mapping: the name here, and the path in quotes")
            return []
        kids = []
        for name, value in node.pairs:
            parts = [self.text(name, value), self.label(name, "NAME")]
            whole = None not in parts
            kids.append(self.build("import_", name.start, value.end, parts) if whole else None)
        return kids

    # --- workflows ----------------------------------------------------------------------------

    def _workflow(self, found: Found, start: int, end: int) -> Any:
        self.doc(found, start)
        head: list[Any] = [self.word(*found["workflow"]), self.text(*found["version"])]
        team = self.word(*found["team"])
        head.append(team and self.part("team", *found["team"], [team]))
        head.append(self.listed("start_by", *found["start by"]))
        for word, rule in (("once per", "once"), ("one at a time per", "one_at_a_time")):
            if word in found:
                head.append(self.listed(rule, *found[word]))
        for word, rule in (("input", "input_"), ("output", "output_")):
            if word in found:
                record = self.record_type(*found[word])
                head.append(record and self.part(rule, *found[word], [record]))
        head += self._local(found, tuple(DECLARED))
        for word, rule in (("run", "run"), ("on failure", "on_failure")):
            if word in found:
                block = self.block(*found[word])
                head.append(block and self.part(rule, *found[word], [block]))
        return None if None in head else self.build("workflow", start, end, head)

    def _local(self, found: Found, kinds: tuple[str, ...]) -> list[Any]:
        """The declarations of a file or a workflow, in the order of their groups."""
        kids: list[Any] = []
        for word, (key, node) in found.items():
            if word in GROUPS:
                kids += self._group(GROUPS[word], key, node)
            elif word == "declarations":
                kids += self._list(kinds, key, node)
        return kids

    def _group(self, kind: str, key: Scalar, node: Node) -> list[Any]:
        """A mapping of names, or a list of declarations of one kind."""
        if isinstance(node, Mapping):
            return [self._in_group(kind, name, value) for name, value in node.pairs]
        if isinstance(node, Sequence):
            if kind not in _LISTS:
                return self._list((kind,), key, node)
            return [
                self._declaration((kind,), key, one)
                if isinstance(one, Mapping)
                else self._bare(kind, key, one)
                for one in node.items
            ]
        self.shape(key, node, f"a mapping, one {kind} a name")
        return []

    def _bare(self, kind: str, key: Scalar, node: Node) -> Any:
        """A declaration that is its name alone."""
        name = self.word(key, node)
        return name and self.build(kind, node.start, node.end, [name])

    def _in_group(self, kind: str, name: Scalar, node: Node) -> Any:
        token = self.label(name, "TYPE_NAME" if kind == "type" else "NAME")
        if token is None:
            return None
        end = max(name.end, node.end)
        if kind == "type":
            inner = self.type(name, node)
            return inner and self.build("type_decl", name.start, end, [token, inner])
        if kind in _LISTS and isinstance(node, Scalar) and node.empty:
            return self.build(kind, name.start, end, [token])
        if not isinstance(node, Mapping):
            self.shape(name, node, f"a mapping, what the {kind} says")
            return None
        found = self.keys(node, DECLARED[kind], f"the {kind} `{token.text}`")
        return None if found is None else self._declared(kind, token, found, name.start, end)

    def _list(self, kinds: tuple[str, ...], key: Scalar, node: Node) -> list[Any]:
        if not isinstance(node, Sequence):
            self.shape(key, node, f"a list of declarations, each `- {kinds[0]}: …`")
            return []
        return [self._declaration(kinds, key, one) for one in node.items]

    def _declaration(self, kinds: tuple[str, ...], key: Scalar, node: Node) -> Any:
        """An entry of a list of declarations, told by its word."""
        pairs = node.pairs if isinstance(node, Mapping) else []
        kind = next((one.value for one, _ in pairs if one.value in kinds), None)
        if kind is None or not isinstance(node, Mapping):
            self.error(
                "G0128",
                node if not pairs else pairs[0][0],
                f"an entry of `{key.value}` is one declaration",
                f"begin it with one of: {', '.join(f'`{one}:`' for one in kinds)}",
            )
            return None
        found = self.keys(node, DECLARATIONS[kind], f"the {kind}")
        if found is None:
            return None
        if kind == "workflow":
            return self._workflow(found, node.start, node.end)
        name = self.word(*found[kind], "TYPE_NAME" if kind == "type" else "NAME")
        return name and self._declared(kind, name, found, node.start, node.end)

    # --- what is declared -----------------------------------------------------------------------

    def _declared(self, kind: str, name: Token, found: Found, start: int, end: int) -> Any:
        self.doc(found, start)
        kids: list[Any] = [name]
        if kind == "type":
            kids.append(self.type(*found["is"]))
        elif kind == "calendar":
            kids += self._calendar(found)
        elif kind == "event":
            empty = Mapping(end, end, False)
            carries = found.get("carries") or (found["from"][0], empty)
            kids.append(self.record_type(*carries))
            senders = self.listed("veto", *found["from"], word="veto")
            kids += [None] if senders is None else senders.items
        elif kind == "service":
            kids.append(self.text(*found["on queue"]))
            kids += self._operations(*found["operations"])
        elif kind == "policy":
            kids += [self.text(*found["rego"]), self.text(*found["query"])]
        elif kind == "gate":
            kids += gate_clauses(self, found, name)
        if None in kids:
            return None
        return self.build("type_decl" if kind == "type" else kind, start, end, kids)

    def _calendar(self, found: Found) -> list[Any]:
        kids: list[Any] = [self.text(*found["zone"])]
        kids += self._range(*found["days"], "WORD", "mon..fri")
        kids += self._range(*found["hours"], "TIME", "09:00..17:30")
        if "except" in found:
            holidays = self.text(*found["except"])
            kids.append(holidays and self.part("except_", *found["except"], [holidays]))
        return kids

    def _range(self, key: Scalar, node: Node, kind: str, like: str) -> list[Any]:
        tokens = self.tokens(key, node)
        if tokens is None:
            return [None]
        if [one.kind for one in tokens] != [kind, "..", kind]:
            self.error("G0128", node, f"`{key.value}` takes two with `..` between", f"write {like}")
            return [None]
        return [tokens[0], tokens[2]]

    def _operations(self, key: Scalar, node: Node) -> list[Any]:
        if isinstance(node, Sequence) and not node.items:
            return []
        return self._several(key, node, "a list of operations, each `- read: …`", self._operation)

    def _operation(self, node: Mapping) -> Any:
        kind = next((key.value for key, _ in node.pairs if key.value in OPERATIONS), None)
        if kind is None:
            at = node.pairs[0][0] if node.pairs else node
            words = ", ".join(f"`{one}:`" for one in OPERATIONS)
            self.error("G0128", at, "an operation says its kind", f"begin it with one of: {words}")
            return None
        found = self.keys(node, OPERATIONS[kind], f"a `{kind}`")
        if found is None:
            return None
        self.doc(found, node.start)
        head = found[kind]
        kids: list[Any] = [kind, self.word(*head, "MEMBER"), self._params(found, head[1])]
        if "gives" in found:
            result = self.type(*found["gives"])
            kids.append(result and self.part("result_type", *found["gives"], [result]))
        if "as" in found:
            wire = self.text(*found["as"])
            kids.append(wire and self.part("wire_name", *found["as"], [wire]))
        settings = self._settings(found)
        if None in kids or None in settings:
            return None
        kids.append(Part("op_block", self.context.span(node.start, node.end), settings))
        return self.build("operation", node.start, node.end, kids)

    def _params(self, found: Found, at: Node) -> Part | None:
        if "takes" not in found:
            return Part("params", self.context.span(at.end, at.end), [])
        fields = self.fields(*found["takes"])
        return None if fields is None else self.part("params", *found["takes"], fields)

    def _settings(self, found: Found) -> list[Any]:
        kids: list[Any] = []
        for word in ("timeout", "heartbeat"):
            if word in found:
                token = self.word(*found[word], "DURATION")
                kids.append(token and self.part(word, *found[word], [token]))
        kids += [self.clause(word, *found[word]) for word in ("retry", "needs") if word in found]
        if "idempotent" in found:
            kids.append(self.flag("idempotent", *found["idempotent"]))
        if "undo" in found:
            token = self.word(*found["undo"], "MEMBER")
            given = self.arguments("named_arguments", found.get("with"), found["undo"][1])
            whole = token is not None and given is not None
            kids.append(self.part("undo_by", *found["undo"], [token, given]) if whole else None)
        elif "with" in found:
            self.error(
                "G0107", found["with"][0], "`with` belongs to an `undo`", "add the key `undo:`"
            )
            kids.append(None)
        return kids
