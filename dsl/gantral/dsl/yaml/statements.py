"""Statements: a mapping each, told by its first word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gantral.dsl.syntax import Block, If, Record
from gantral.dsl.yaml.forms import BINDERS, CASE, HANDLER, STATEMENTS, VALUES, WAIT_CASE
from gantral.dsl.yaml.nodes import Mapping, Node, Scalar, Sequence
from gantral.dsl.yaml.scalars import Found
from gantral.dsl.yaml.values import Values


class Statements(Values):
    """Reads blocks and what is in them."""

    def block(self, key: Scalar, node: Node) -> Block | None:
        """A list of statements."""
        if not isinstance(node, Sequence):
            self.shape(key, node, "a list of statements, each after `- `; [] for none")
            return None
        found = [self.statement(one) for one in node.items]
        whole = [one for one in found if one is not None]
        block: Block = self.build("block", node.start, node.end, whole)
        return block

    def statement(self, node: Node) -> Any:
        """One statement."""
        if not isinstance(node, Mapping) or not node.pairs:
            self.error(
                "G0128",
                node,
                "a statement is a mapping",
                "write its word as a key, like `- give: total`",
            )
            return None
        heads = [key for key, _ in node.pairs if key.value in STATEMENTS]
        if not heads:
            self.unknown(node.pairs[0][0], STATEMENTS, "a statement")
            return None
        binder = next((key for key in heads if key.value in BINDERS), None)
        values = [key for key in heads if key is not binder]
        if len(values) > 1 or (binder is not None and values and values[0].value not in VALUES):
            here = values[-1] if len(values) > 1 else values[0]
            self.error(
                "G0131",
                here,
                f"`{here.value}` begins a statement of its own",
                "begin another entry of the list with `- `",
            )
            return None
        if binder is None:
            return self._plain(node, values[0].value)
        return self._bound(node, binder.value, values[0] if values else None)

    def _plain(self, node: Mapping, head: str) -> Any:
        found = self.keys(node, STATEMENTS[head], f"`{head}`")
        return None if found is None else self._made(head, found, node.start, node.end)

    def _bound(self, node: Mapping, word: str, value: Scalar | None) -> Any:
        """`let` and `set`."""
        form = dict(BINDERS[word])
        if value is not None:
            del form["be"]
            form |= VALUES[value.value]
        found = self.keys(node, form, f"`{word}`")
        if found is None:
            return None
        if value is None and "be" not in found:
            self.error("G0107", node.pairs[0][0], f"`{word}` has no value", "add the key `be:`")
            return None
        name = self.word(*found[word])
        kind = None
        if "type" in found:
            inner = self.type(*found["type"])
            kind = inner and self.part("of_type", *found["type"], [inner])
        if value is None:
            given = self.expression(*found["be"])
        else:
            # The value begins where its own words do.
            own = [pair for pair in node.pairs if pair[0].value in VALUES[value.value]]
            start, end = own[0][0].start, max(one.end for _, one in own)
            given = self._made(value.value, found, start, max(end, own[-1][0].end))
        if name is None or given is None or ("type" in found and kind is None):
            return None
        kids = [name, *([kind] if kind is not None else []), given]
        return self.build(word, node.start, node.end, kids)

    def _made(self, head: str, found: Found, start: int, end: int) -> Any:
        """A statement of its keys; None when one of them is wrong."""
        name, read = _RULES[head]
        kids = read(self, found, head)
        if any(one is None for one in kids):
            return None
        return self.build(name, start, end, kids)

    # --- parts --------------------------------------------------------------------------------

    def _var(self, found: Found, head: str) -> list[Any]:
        inner = self.type(*found["type"])
        kind = None if inner is None else self.part("of_type", *found["type"], [inner])
        return [self.word(*found[head]), kind, self.expression(*found["be"])]

    def _call(self, found: Found, head: str) -> list[Any]:
        kids: list[Any] = [self.path(*found[head])]
        kids.append(self.arguments("arguments", found.get("with"), found[head][1]))
        if "under" in found:
            kids.append(self.listed("under", *found["under"]))
        if "else" in found:
            kids.append(self._handler(*found["else"]))
        return kids

    def _handler(self, key: Scalar, node: Node) -> Any:
        kids: list[Any]
        if isinstance(node, Mapping):
            found = self.keys(node, HANDLER, "`else`")
            if found is None:
                return None
            kids = [*self._as(found), self.block(*found["do"])]
        else:
            kids = [self.block(key, node)]
        return None if None in kids else self.build("handler", node.start, node.end, kids)

    def _as(self, found: Found) -> list[Any]:
        if "as" not in found:
            return []
        token = self.word(*found["as"])
        return [token and self.part("as_name", *found["as"], [token])]

    def _ask(self, found: Found, head: str) -> list[Any]:
        kids: list[Any] = [self.path(*found[head])]
        kids.append(self.arguments("named_arguments", found.get("with"), found[head][1]))
        if "only if" in found:
            condition = self.expression(*found["only if"])
            kids.append(condition and self.part("only_if", *found["only if"], [condition]))
        return kids

    def _child(self, found: Found, head: str) -> list[Any]:
        arguments = self.arguments("named_arguments", found.get("with"), found[head][1])
        return [self.path(*found[head]), arguments]

    def _for_each(self, found: Found, head: str) -> list[Any]:
        most = self.word(*found["at most"], "INT")
        items = self.expression(*found["in"])
        return [self.word(*found[head]), items, most, self.block(*found["do"])]

    def _repeat(self, found: Found, head: str) -> list[Any]:
        kids: list[Any] = [self.word(*found[head], "INT")]
        if "every" in found:
            token = self.word(*found["every"], "DURATION")
            kids.append(token and self.part("every", *found["every"], [token]))
        return [*kids, self.block(*found["do"]), self.block(*found["else"])]

    def _parallel(self, found: Found, head: str) -> list[Any]:
        key, node = found[head]
        if not isinstance(node, Mapping) or not node.pairs:
            self.shape(key, node, "a mapping: the branch's name and its statements")
            return [None]
        kids = []
        for name, value in node.pairs:
            parts = [self.label(name), self.block(name, value)]
            whole = None not in parts
            kids.append(self.build("branch", name.start, value.end, parts) if whole else None)
        return kids

    def _wait_for(self, found: Found, head: str) -> list[Any]:
        return [
            self.path(*found[head]),
            self.expression(*found["within"]),
            self.block(*found["else"]),
        ]

    def _wait(self, found: Found, head: str) -> list[Any]:
        cases = self._several(*found[head], "a list of cases, each `- for: event`", self._wait_case)
        return [*cases, self.expression(*found["within"]), self.block(*found["else"])]

    def _wait_case(self, node: Mapping) -> Any:
        found = self.keys(node, WAIT_CASE, "a case of `wait`")
        if found is None:
            return None
        kids = [self.path(*found["for"]), *self._as(found), self.block(*found["do"])]
        return None if None in kids else self.build("wait_case", node.start, node.end, kids)

    def _several(
        self, key: Scalar, node: Node, wanted: str, read: Callable[[Mapping], Any]
    ) -> list[Any]:
        """A list of mappings, at least one."""
        if not isinstance(node, Sequence) or not node.items:
            self.shape(key, node, wanted)
            return [None]
        kids: list[Any] = []
        for one in node.items:
            if isinstance(one, Mapping):
                kids.append(read(one))
                continue
            self.error("G0128", one, f"`{key.value}` takes {wanted}", "write a mapping here")
            kids.append(None)
        return kids

    def _if(self, found: Found, head: str) -> list[Any]:
        kids: list[Any] = [self.expression(*found[head]), self.block(*found["then"])]
        if "else" in found:
            key, node = found["else"]
            inner: Block | If | None
            if isinstance(node, Mapping):
                if "if" not in node.known:
                    self.error(
                        "G0128",
                        node,
                        "`else` takes a list of statements, or a mapping with `if`",
                        "begin each statement with `- `",
                    )
                inner = self._plain(node, "if") if "if" in node.known else None
            else:
                inner = self.block(key, node)
            kids.append(inner and self.part("otherwise", key, node, [inner]))
        return kids

    def _match(self, found: Found, head: str) -> list[Any]:
        cases = self._several(*found["cases"], "a list of cases, each `- case: …`", self._case)
        return [self.expression(*found[head]), *cases]

    def _case(self, node: Mapping) -> Any:
        found = self.keys(node, CASE, "a case")
        if found is None:
            return None
        kids = [self._pattern(*found["case"]), self.block(*found["do"])]
        return None if None in kids else self.build("case", node.start, node.end, kids)

    def _pattern(self, key: Scalar, node: Node) -> Any:
        if isinstance(node, Sequence):
            words = [self.text(key, one) for one in self.items(key, node)]
            if None in words or not words:
                return None
            return self.build("enum_pattern", node.start, node.end, words)
        tokens = self.tokens(key, node, quotes=True)
        return None if tokens is None else self.sentence(tokens, "pattern")

    def _require(self, found: Found, head: str) -> list[Any]:
        return [self.expression(*found[head]), self.expression(*found["else"])]

    def _complete(self, found: Found, head: str) -> list[Any]:
        key, node = found[head]
        if isinstance(node, Scalar) and node.empty:
            return []
        value = self.expression(key, node)
        if value is not None and not isinstance(value, Record):
            self.shape(key, node, "a record: name and value")
            return [None]
        return [value]

    def _value(self, found: Found, head: str) -> list[Any]:
        return [self.expression(*found[head])]

    def _undo(self, found: Found, head: str) -> list[Any]:
        return [self.word(*found[head])]


_Read = Callable[[Statements, Found, str], list[Any]]
# By the statement's word: the rule whose node it is, and what reads the rule's parts.
_RULES: dict[str, tuple[str, _Read]] = {
    "var": ("var", Statements._var),
    "call": ("call_statement", Statements._call),
    "ask": ("ask", Statements._ask),
    "run workflow": ("child", Statements._child),
    "for each": ("for_each", Statements._for_each),
    "repeat at most": ("repeat", Statements._repeat),
    "parallel": ("parallel", Statements._parallel),
    "wait for": ("wait_one", Statements._wait_for),
    "wait": ("wait_many", Statements._wait),
    "if": ("if_", Statements._if),
    "match": ("match", Statements._match),
    "require": ("require", Statements._require),
    "terminate": ("terminate", Statements._value),
    "complete": ("complete", Statements._complete),
    "give": ("give", Statements._value),
    "collect": ("collect", Statements._value),
    "undo": ("undo", Statements._undo),
    "sleep": ("sleep_for", Statements._value),
    "sleep until": ("sleep_until", Statements._value),
}
