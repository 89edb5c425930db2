"""The statements of a `run`, blocks in blocks."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from generator import functions
from generator.acting import FAULTS
from generator.beside import Beside
from generator.scope import Scope, Taking, Text, plain

__all__ = ["FAULTS", "Body"]

_TOWARD = {
    "stranded": ("ask",) * 6 + ("_later",) * 9,
    "undone twice": ("_undo",) * 8,
    "stale": ("ask", "_let", "_require", "_let", "_require"),
    "stranded child": ("run_child",) * 6 + ("ask",) * 6,
    "used up": ("effect", "effect", "parallel", "_if"),
    "lapsed": ("_sleep",) * 3,
    "asked beside": ("ask", "parallel", "parallel"),
    "child beside": ("parallel", "parallel", "run_child", "run_child"),
    "complete beside": ("parallel", "parallel", "_if"),
    "set beside": ("parallel", "_variable", "_variable", "_variable"),
    "one event": ("parallel", "wait", "wait", "wait"),
    "unasked child": ("run_child",) * 6,
    "chosen person": ("ask",) * 6,
}
"""Statements that bring a fault about."""


class Body(Beside):
    """Builds one body."""

    def whole(self) -> list[str]:
        """The lines of `run`."""
        scope = Scope(
            [plain("input.name"), Text('"a"', frozenset())],
            [plain("input.amount"), Text("3", frozenset())],
            [plain("input.flag"), plain("input.sure"), plain("input.late")],
            [Text("initiator", frozenset())],
            [plain("input.extra")],
            [plain("input.paper")],
        )
        lines = self.ask(scope, 0) if self.tape.chance(8) else []
        if self._fault == "weaker argument":
            lines += [*self.asked(scope, self.gates[0]), *self.asked(scope, self.gates[1])]
        lines += self.statements(scope, 0)
        if self.aims("no end"):
            return lines
        name = self.fresh(scope.strings)
        return [*lines, self.tape.one((f"complete {{ name: {name.text} }}", "complete { }"))]

    # --- blocks ---------------------------------------------------------------------------------

    def statements(self, scope: Scope, depth: int, most: int = 6) -> list[str]:
        """The lines of a block."""
        lines: list[str] = []
        for _ in range(2 + self.tape.below(most)):
            if self._left <= 0:
                break
            self._left -= 1
            lines += self._statement(scope, depth)
        return lines

    def block(self, scope: Scope, depth: int, most: int = 2) -> list[str]:
        """The lines of an inner block; what it binds is gone after it."""
        inner = scope.inner()
        with self.names_of(scope):
            lines = self.statements(inner, depth + 1, most)
        new = [one for one in inner.approvals if one not in scope.approvals]
        self._gone += new
        return lines

    def _statement(self, scope: Scope, depth: int) -> list[str]:
        options = [self.effect] * 5 + [self.ask] * 3 + [self._undo] * 2
        options += [self.read, self._let, self._tell, self._require, self._sleep, self._variable]
        options.append(self._text)
        options += [getattr(self, name) for name in _TOWARD.get(self._fault, ())]
        if self._child and (depth == 0 or self.tape.chance(2)):
            options.append(self.run_child)
        options.append(self._json)
        if self._takings and self._takings[-1].word and depth < 5:
            options += [self._deep] * 4
        if depth < 3:
            options += [
                self._if,
                self._if,
                self._each,
                self._repeat,
                self._match,
                self._failing,
                self.wait,
                self.waited,
                self.parallel,
            ]
        made: list[str] = self.tape.one(options)(scope, depth)
        return made

    def _if(self, scope: Scope, depth: int) -> list[str]:
        test = self.test(scope)
        before = self._standing
        lines = [f"if {test.text} {{", *self.side(scope, depth), "}"]
        after, self._standing = self._standing, before
        if self.tape.chance(4):
            lines = [*lines[:-1], "} else {", *self.side(scope, depth, other=self._ended), "}"]
        self._standing = self._standing or after
        return lines

    def side(self, scope: Scope, depth: int, *, other: bool = False) -> list[str]:
        """A side of a choice; it may end the run when the `other` does not."""
        before = self._standing
        lines = self.block(scope, depth)
        self._ended = not other and self.tape.chance(4 if self._takings else 2)
        if self._ended:
            given = self.given(scope) if self.tape.chance(7) else ""
            lines.append(given or self.tape.one(('terminate "t"', self.leaves())))
            self._standing = before
        return lines

    def _match(self, scope: Scope, depth: int) -> list[str]:
        if self._matched:
            return self._if(scope, depth)
        self._matched = True
        before = self._standing
        low = self.side(scope, depth)
        after, self._standing = self._standing, before
        high = self.side(scope, depth, other=self._ended)
        self._standing = self._standing or after
        return ["match input.kind {", '"low" -> {', *low, "}", '"high" -> {', *high, "}", "}"]

    def _loop(self, scope: Scope, depth: int, rounds: int, inner: Scope) -> list[str]:
        """The lines of a loop's body. In a loop that asks nothing stands, in one that acts nobody
        is asked: what a round leaves comes before the next."""
        asks, acts = self._asks, self._acts
        if self.tape.chance(5):
            self._acts = False
        else:
            self._asks = False
        self._rounds *= rounds
        lines = self.block(inner, depth)
        self._rounds //= rounds
        self._asks, self._acts = asks, acts
        return lines

    def _each(self, scope: Scope, depth: int) -> list[str]:
        name = self.name("e")
        shown = [one for one in scope.approvals if "lines" in one.gate.parameters]
        inner = scope.inner()
        if shown and self.tape.chance(6):
            ok = self.tape.one(shown)
            items = f"{ok.name}.lines"
            own = replace(
                ok,
                strings=[f"{name}.name", *ok.strings],
                numbers=[f"{name}.amount", *ok.numbers],
            )
            inner.approvals = [own if one is ok else one for one in scope.approvals]
        else:
            own = ok = None
            items = "input.lines"
            inner.strings.append(plain(f"{name}.name"))
            inner.numbers.append(plain(f"{name}.amount"))
        head = f"for each {name} in {items} at most 2 {{"
        if not self.tape.chance(3):
            body = self._loop(scope, depth, 2, inner)
            if own is not None and ok is not None:
                ok.left = own.left
            return [head, *body, "}"]
        made = self.name("c")
        with self.taking(Taking("collect")) as taking:
            body = self._loop(scope, depth, 2, inner)
        if own is not None and ok is not None:
            ok.left = own.left
        last = self.fresh(inner.strings)
        body.append(f"collect {last.text}")
        joined = Text(f'join({made}, ",")', taking.of | last.of | {made})
        scope.strings.append(joined)
        return [f"let {made} = {head}", *body, "}"]

    def _repeat(self, scope: Scope, depth: int) -> list[str]:
        pause = self.tape.one(("", " every 1m"))
        self._minute += 1
        head = f"repeat at most 2{pause} {{"
        if self.tape.chance(5):
            return self._giving(scope, depth, head)
        body = self._loop(scope, depth, 2, scope.inner())
        return [
            head,
            *body,
            "} else {",
            self.tape.one(('bank.tell(text: "over")', "")),
            "}",
        ]

    def _giving(self, scope: Scope, depth: int, head: str) -> list[str]:
        """A `repeat` that makes a value, out of whatever block it is given in."""
        made = self.name("r")
        known = scope.strings if self.tape.chance(7) else scope.numbers
        kind: Literal["strings", "numbers"] = "strings" if known is scope.strings else "numbers"
        with self.taking(Taking("give", kind)) as taking:
            body = self._loop(scope, depth, 2, scope.inner())
            if not taking.taken or self.tape.chance(4):
                test, given = self.test(scope), self.fresh(known)
                body += [f"if {test.text} {{", f"give {given.text}", "}"]
                taking.of |= given.of
        end = self.fresh(known)
        ends = f"give {end.text}"
        if self.tape.chance(3):
            ends = 'terminate "t"'
        known.append(Text(made, taking.of | end.of | {made}))
        return [f"let {made} = {head}", *body, "} else {", ends, "}"]

    def _deep(self, scope: Scope, depth: int) -> list[str]:
        """A value given or collected out of blocks in blocks, of which none makes one."""
        lines = [f"if {self.test(scope).text} {{", self.given(scope), "}"]
        for _ in range(1 + self.tape.below(3)):
            way = self.tape.below(4)
            if way == 0:
                lines = ["repeat at most 2 {", *lines, "} else {", "}"]
            elif way == 1:
                name = self.name("e")
                lines = [f"for each {name} in input.lines at most 2 {{", *lines, "}"]
            elif way == 2:
                lines = [f"bank.look(name: {self.fresh(scope.strings).text}) else {{", *lines, "}"]
            elif self._events:
                wait = ["wait {", f"for {self._events[0]} {{", "}", "} within 1m else {"]
                lines = [*wait, *lines, "}"]
        return lines

    def _later(self, scope: Scope, depth: int) -> list[str]:
        """A no in a later round, where that round's own effect is done no more or never was."""
        under = [
            one
            for one in scope.approvals
            if "lines" in one.gate.parameters and one.certain and one.left > 1
            if self._fits(one, "bank.pay")
        ]
        if not under or self._beside:
            return self.ask(scope, depth)
        ok, name, element, failed = under[0], self.name("p"), self.name("e"), self.name("f")
        ok.left -= 2
        self._standing = True
        call = f"bank.pay(name: {element}.name, amount: {element}.amount) under {ok.name}"
        with self.names_of(scope):
            asked = self.asked(scope.inner(), self.tape.one(self.gates))
        test = self.test(scope).text
        way = self.tape.below(3)
        if way == 0:
            body = [f"let {name} = {call}", f"if {test} {{", f"undo {name}", *asked, "}"]
        elif way == 1:
            body = [f"let {name} = {call} else as {failed} {{", f'if {failed}.happened == "no" {{']
            body += [*asked, "}", "give none", "}"]
        else:
            body = [f"let {name} = {call} else as {failed} {{"]
            body += [
                f'if {failed}.happened == "unknown" {{',
                'terminate "t"',
                "}",
                "give none",
                "}",
            ]
            body += [f"if {name} is none {{", *asked, "}"]
        return [f"for each {element} in {ok.name}.lines at most 2 {{", *body, "}"]

    # --- plain statements -----------------------------------------------------------------------

    def read(self, scope: Scope, depth: int) -> list[str]:
        name = self.name("l")
        sought = self.fresh(scope.strings).text
        scope.strings.append(plain(f"{name}.name"))
        scope.numbers.append(plain(f"{name}.amount"))
        scope.tests.append(plain(f"{name}.ok"))
        scope.persons.append(plain(f"{name}.who"))
        scope.jsons.append(plain(f"{name}.body"))
        scope.papers.append(plain(f"{name}.paper"))
        return [f"let {name} = bank.look(name: {sought})"]

    def _json(self, scope: Scope, depth: int) -> list[str]:
        """What a json holds, read by its type; or whether two are the same."""
        shown = [f"{one.name}.extra" for one in scope.approvals if "extra" in one.gate.parameters]
        found = self.fresh([*scope.jsons, *(Text(one, frozenset()) for one in shown)])
        if self.tape.chance(3):
            other = self.fresh(scope.jsons)
            scope.tests.append(Text(f"({found.text} == {other.text})", found.of | other.of))
        name = self.name("j")
        of = found.of | {name}
        scope.strings.append(Text(f"{name}.name", of | {f"{name}.name"}))
        scope.numbers.append(Text(f"{name}.amount", of | {f"{name}.amount"}))
        return [f"let {name}: Held = {found.text}"]

    def _text(self, scope: Scope, depth: int) -> list[str]:
        """A text that a function makes, or a part of a document."""
        name = self.name("t")
        if self.tape.chance(4):
            found = self.fresh(scope.papers)
            value = f"{found.text}.{self.tape.one(('sha256', 'name'))}"
            scope.strings.append(Text(name, found.of | {value, name}))
            return [f"let {name} = {value}"]
        found = self.fresh(scope.strings)
        scope.strings.append(Text(name, found.of | functions.LINES | {name}))
        return [f"let {name} = {functions.string(self.tape, self.name('q'), found.text)}"]

    def _let(self, scope: Scope, depth: int) -> list[str]:
        name = self.name("x")
        if self.tape.chance(3):
            test, one, other = (
                self.test(scope),
                self.fresh(scope.numbers),
                self.fresh(scope.numbers),
            )
            value = Text(
                f"if {test.text} then {one.text} else {other.text}", test.of | one.of | other.of
            )
        else:
            one = self.fresh(scope.numbers)
            value = Text(self.tape.one((one.text, f"{one.text} + 1")), one.of)
            if self.tape.chance(4):
                made = functions.number(self.tape, self.name("q"), one.text)
                value = Text(made, one.of | functions.LINES)
        scope.numbers.append(Text(name, value.of | {name}))
        return [f"let {name} = {value.text}"]

    def _variable(self, scope: Scope, depth: int) -> list[str]:
        if not scope.variables or self.tape.chance(3):
            name = self.name("v")
            scope.variables.append(name)
            value = self.fresh(scope.numbers)
            scope.numbers.append(Text(name, value.of | {name}))
            return [f"var {name}: int = {value.text}"]
        return self.set(scope)

    def set(self, scope: Scope) -> list[str]:
        """Sets a variable, maybe by a choice."""
        name = self.tape.one(scope.variables)
        value = self.fresh(scope.numbers)
        if self.tape.chance(5):
            test = self.test(scope)
            return [f"if {test.text} {{", f"set {name} = {value.text}", "}"]
        return [f"set {name} = {value.text}"]

    def _tell(self, scope: Scope, depth: int) -> list[str]:
        return [f'bank.tell(text: "{{{self.tape.one(scope.numbers).text}}}")']

    def _require(self, scope: Scope, depth: int) -> list[str]:
        return [f'require {self.test(scope).text} else "r"']

    def _sleep(self, scope: Scope, depth: int) -> list[str]:
        if self.aims("lapsed"):
            return ["sleep 45m"]
        self._minute += 2
        return ["sleep 2m"]

    def _undo(self, scope: Scope, depth: int) -> list[str]:
        again = [one for one in self._undone if one in scope.undoable]
        if again and self.aims("undone twice"):
            return [f"undo {self.tape.one(again)}"]
        left = [one for one in scope.undoable if one not in self._undone]
        if not left or (self._rounds > 1 and self._fault != "stranded"):
            return self._tell(scope, depth)
        name = self.tape.one(left)
        self._undone.append(name)
        self._standing = self._standing and (depth > 0 or len(left) > 1)
        return [f"undo {name}"]

    def _failing(self, scope: Scope, depth: int) -> list[str]:
        """A read whose handler goes on in some way."""
        name = self.name("l")
        sought = self.fresh(scope.strings).text
        with self.taking(Taking("give", text="none")) as taking:
            body = self.block(scope, depth)
        scope.strings.append(
            Text(f'(if {name} is some then {name}.name else "b")', taking.of | {name})
        )
        return [f"let {name} = bank.look(name: {sought}) else {{", *body, "give none", "}"]
