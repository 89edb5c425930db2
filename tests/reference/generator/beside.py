"""What stands beside other things by chance: branches, waits, and children, which are
other programs."""

from __future__ import annotations

from generator.acting import Acting
from generator.scope import Approval, Scope, Taking, Text, plain

_DATA = ("paid", "told")
"""Events that have data."""


class Beside(Acting):
    """The statements of it."""

    def parallel(self, scope: Scope, depth: int) -> list[str]:
        """Branches: nobody is asked in one, each has events and variables of its own."""
        if self._beside > 1:
            return self.read(scope, depth)
        bound = self.tape.chance(6)
        names = ("a", "b", "c")[: 2 + self.tape.chance(3)]
        before, events, minute, latest = self._standing, self._events, self._minute, self._minute
        standing = False
        made = self.name("r")
        given: list[tuple[str, Text]] = []
        shown = [one for one in scope.approvals if one.certain]
        ok = self.tape.one(shown) if bound and shown and self.tape.chance(6) else None
        waiting = self._fault == "one event" or self.tape.chance(2)
        lines: list[str] = []
        self._beside += 1
        for at, name in enumerate(names):
            self._standing, self._minute = before, minute
            if not (at and self.aims("one event")):
                self._events = events[at :: len(names)]
            inner = scope.inner()
            if not (scope.variables and self.aims("set beside")):
                inner.variables = []
            lines.append(f"branch {name} {{")
            takes = bound and (not given or self.tape.chance(6))
            own = Taking("give" if takes and ok is None else None)
            with self.names_of(scope), self.taking(own):
                if inner.variables and self._fault == "set beside":
                    lines += self.set(inner)
                if self._fault == "used up":
                    lines += self.effect(inner, depth + 1)
                if waiting:
                    lines += self.wait(inner, depth + 1)
                lines += self.statements(inner, depth + 1, 2)
                if takes:
                    value = self._given(inner, ok, lines)
                    given.append((f"{made}.{name}", Text(value.text, value.of | own.of)))
            lines.append("}")
            standing, latest = standing or self._standing, max(latest, self._minute)
        self._beside -= 1
        self._standing, self._events, self._minute = before or standing, events, latest
        if not given:
            return ["parallel {", *lines, "}"]
        if ok is not None:
            # It may go into effects, as what the approval shows.
            ok.strings += [path for path, _ in given]
            lines = [f"let {made} = parallel {{", *lines, "}"]
            if self._fits(ok, "bank.mark") and self.tape.chance(6):
                ok.left -= self._rounds // ok.rounds
                lines.append(f"bank.mark(name: {given[0][0]}) under {ok.name}")
            return lines
        scope.strings += [Text(path, found.of | {path}) for path, found in given]
        return [f"let {made} = parallel {{", *lines, "}"]

    def _given(self, scope: Scope, ok: Approval | None, lines: list[str]) -> Text:
        """What a branch gives: what one approval shows; or by a choice, or always the same."""
        if ok is not None:
            what = self.tape.one([*ok.marked, *ok.strings])
            lines.append(f"give {what}")
            return Text(what, frozenset())
        value = self.fresh(scope.strings)
        if self.tape.chance(4):
            test, other = self.test(scope), self.fresh(scope.strings)
            lines += [f"if {test.text} {{", f"give {other.text}", "}", f"give {value.text}"]
            return Text(value.text, value.of | other.of | test.of)
        lines.append(f"give {value.text}")
        return value

    def wait(self, scope: Scope, depth: int) -> list[str]:
        """A wait for some of the events that no other branch waits for."""
        events = self._events[: 1 + self.tape.below(2)]
        if not events:
            return self.read(scope, depth)
        before = self._standing
        after = False
        lines: list[str] = []
        for at, event in enumerate(events):
            inner = scope.inner()
            head = f"for {event} {{"
            if event in _DATA:
                name = self.name("w")
                head = f"for {event} as {name} {{"
                inner.strings.append(plain(f"{name}.name"))
            body = self.side(scope, depth) if at else self.block(inner, depth)
            lines += [head, *body, "}"]
            after, self._standing = after or self._standing, before
        lines = ["wait {", *lines, "} within 5m else {", *self.side(scope, depth), "}"]
        self._standing = self._standing or after
        return lines

    def waited(self, scope: Scope, depth: int) -> list[str]:
        """A wait that makes a value: what came, or what is given deep inside."""
        events = self._events[: 1 + self.tape.below(2)]
        if not events:
            return self.read(scope, depth)
        made, before, after = self.name("r"), self._standing, False
        lines: list[str] = []
        with self.taking(Taking("give")) as taking:
            for event in [*events, "else"]:
                inner = scope.inner()
                head = f"for {event} {{" if event != "else" else "} within 5m else {"
                if event in _DATA:
                    name = self.name("w")
                    head = f"for {event} as {name} {{"
                    inner.strings.append(plain(f"{name}.name"))
                body = self.block(inner, depth)
                value = self.fresh(inner.strings)
                taking.of |= value.of
                ends = f"give {value.text}"
                if event == "else" and self.tape.chance(3):
                    ends = 'terminate "late"'
                lines += [head, *body, ends, "}"]
                after, self._standing = after or self._standing, before
        self._standing = self._standing or after
        scope.strings.append(Text(made, taking.of | {made}))
        return [f"let {made} = wait {{", *lines]

    def run_child(self, scope: Scope, depth: int) -> list[str]:
        """A child, and what comes of each way it may end."""
        aimed = self._beside > 0 and self.aims("child beside")
        if self._beside and not aimed:
            return self.read(scope, depth)
        name = self.name("c")
        who, much = self.fresh(scope.strings).text, self.fresh(scope.numbers).text
        # What a child did that can be undone stands once it has completed.
        aimed_at = self._fault == "stranded child"
        stands = not self._beside and (aimed_at or (self._rounds == 1 and self._acts))
        stands = stands and self.tape.chance(9 if aimed_at else 4)
        which = "book" if stands else "settle"
        where = "other." if self.elsewhere else ""
        lines = [f"let {name} = run workflow {where}{which}(name: {who}, amount: {much})"]
        if self.aims("unasked child"):
            return lines
        before = self._standing
        completed, left = scope.inner(), self.name("d")
        completed.strings.append(plain(f"{left}.name"))
        completed.tests.append(plain(f"{left}.flag"))
        if stands:
            completed.undoable.append(name)
            self._standing = True
        lines += [f"match {name} {{", f"completed as {left} -> {{"]
        lines += [*self.block(completed, depth), "}"]
        after, self._standing = self._standing, before
        if self.tape.chance(5):
            rejected, left = scope.inner(), self.name("d")
            rejected.strings += [plain(f"{left}.gate"), plain(f"{left}.reason")]
            lines += [f"rejected as {left} -> {{", *self.block(rejected, depth), "}"]
            after, self._standing = after or self._standing, before
            terminated, left = scope.inner(), self.name("d")
            terminated.strings.append(plain(f"{left}.cause"))
            lines += [f"terminated as {left} -> {{", *self.side(terminated, depth), "}"]
        else:
            lines += ["else -> {", *self.side(scope, depth), "}"]
        self._standing = self._standing or after
        if stands and name not in self._undone:
            scope.undoable.append(name)
        return [*lines, "}"]
