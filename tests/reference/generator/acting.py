"""Asks and effects by chance: mostly such as the rules allow, and now and then one that breaks the
rule that the fault aims at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from generator import functions
from generator.gates import Gate
from generator.persons import person
from generator.scope import Approval, Scope, Taking, Text, plain
from generator.tape import Tape

FAULTS = (
    "no approval", "another approval", "another approval", "approval gone", "approval gone",
    "weaker argument", "weaker argument", "waived", "unseen", "unseen", "stranded", "stale",
    "stale", "undone twice", "less than needed", "no end", "lapsed", "lapsed",
    "asked beside", "child beside", "complete beside", "set beside",
    "one event", "unasked child", "used up", "used up",
    "stranded child", "chosen person", "chosen person",
)  # fmt: skip
_OFTEN = 2
_ACTS = {
    "stranded": "pay",
    "undone twice": "pay",
    "less than needed": "wire",
    "weaker argument": "wire",
}
"""Effects that do."""


class Acting(ABC):
    """What is known on the way, and the statements that approvals are got and used by."""

    def __init__(self, tape: Tape, gates: list[Gate], fault: str, child: bool) -> None:
        self.tape = tape
        self.gates = gates
        self._fault = fault
        self._faults = _OFTEN
        self._child = child
        self._count = 0
        self._minute = 0
        self._rounds = 1
        self._standing = False
        self._asks = True
        self._acts = True
        self._stale: set[str] = set()
        self._gone: list[Approval] = []
        self._undone: list[str] = []
        self._failures: list[str] = []
        self._matched = False
        self._ended = False
        self._left = 12
        self._beside = 0
        """In how many branches, of one in another."""
        self._events = ["paid", "stop", "told"]
        self.asked_gates: set[str] = set()
        self.elsewhere = False
        """Whether the children are in another file."""
        self._takings: list[Taking] = []
        """The blocks around that take a value, outermost first."""

    @abstractmethod
    def block(self, scope: Scope, depth: int, most: int = 2) -> list[str]:
        """The lines of an inner block; what it binds is gone after it."""

    @abstractmethod
    def statements(self, scope: Scope, depth: int, most: int = 6) -> list[str]:
        """The lines of a block."""

    @abstractmethod
    def side(self, scope: Scope, depth: int, *, other: bool = False) -> list[str]:
        """A side of a choice; it may end the run when the `other` does not."""

    @abstractmethod
    def set(self, scope: Scope) -> list[str]:
        """Sets a variable."""

    @abstractmethod
    def read(self, scope: Scope, depth: int) -> list[str]:
        """A read: what stands where nothing else can."""

    # --- helpers --------------------------------------------------------------------------------

    def aims(self, fault: str) -> bool:
        """Whether to break that rule here."""
        if self._fault == fault and self._faults and self.tape.chance(9):
            self._faults -= 1
            return True
        return False

    @contextmanager
    def names_of(self, scope: Scope) -> Iterator[None]:
        """A block: what is bound in it no effect after it can take."""
        before = [(one, len(one.strings), len(one.marked)) for one in scope.approvals]
        yield
        for one, strings, marked in before:
            del one.strings[strings:], one.marked[marked:]

    @contextmanager
    def taking(self, block: Taking) -> Iterator[Taking]:
        """A block that takes what is given inside, or lets nothing out."""
        self._takings.append(block)
        yield block
        self._takings.pop()
        self._standing = self._standing or block.standing

    def given(self, scope: Scope) -> str:
        """A value on its way to a block around that takes it; "" where none does."""
        nearest: dict[str, Taking] = {}
        for around in self._takings:
            if around.word is None:
                nearest = {}
            else:
                nearest[around.word] = around
        if not nearest:
            return ""
        block = self.tape.one([*nearest.values()])
        block.taken += 1
        block.standing = block.standing or self._standing
        value = self.fresh(scope.strings if block.kind == "strings" else scope.numbers)
        if block.text:
            return f"{block.word} {block.text}"
        block.of |= value.of
        return f"{block.word} {value.text}"

    def leaves(self) -> str:
        """How a side ends a run that goes well; a branch can't."""
        return (
            'terminate "t"' if self._beside and not self.aims("complete beside") else "complete { }"
        )

    def name(self, letter: str) -> str:
        """A name that nothing has."""
        self._count += 1
        return f"{letter}{self._count}"

    def fresh(self, known: list[Text]) -> Text:
        """One that is not stale, unless that is the fault."""
        stale = [one for one in known if one.of & self._stale]
        if stale and self.aims("stale"):
            return self.tape.one(stale)
        return self.tape.one([one for one in known if not one.of & self._stale])

    def test(self, scope: Scope) -> Text:
        """A condition."""
        found = self._test(scope)
        for around in self._takings:
            around.of |= found.of
        return found

    def _test(self, scope: Scope) -> Text:
        kind = self.tape.below(7)
        if kind == 6:
            number = self.fresh(scope.numbers)
            made = functions.test(self.tape, self.name("q"), number.text)
            return Text(made, number.of | functions.LINES)
        if kind == 3:
            number = self.fresh(scope.numbers)
            return Text(f"{number.text} > 3", number.of)
        if kind == 4 and scope.approvals:
            return Text(f"{self.tape.one(scope.approvals).name}.amount > 3", frozenset())
        if kind == 5:
            one, other = self.fresh(scope.tests), self.fresh(scope.tests)
            word = self.tape.one(("and", "or"))
            return Text(f"{one.text} {word} not {other.text}", one.of | other.of)
        return self.fresh(scope.tests)

    # --- gates and effects ----------------------------------------------------------------------

    def ask(self, scope: Scope, depth: int) -> list[str]:
        if self._beside:
            if not self.aims("asked beside"):
                return self.effect(scope, depth)
        elif (not self._asks or self._standing) and not (
            self.aims("stranded") or self.aims("stranded child")
        ):
            return self.effect(scope, depth)
        return self.asked(scope, self.tape.one(self.gates))

    def asked(self, scope: Scope, gate: Gate) -> list[str]:
        name = self.name("ok")
        before: list[str] = []
        amount = self.fresh(scope.numbers)
        if gate.amends:
            amount = self._path(scope)
        given = {"name": self.fresh(scope.strings), "amount": amount}
        if "limit" in gate.parameters:
            given["limit"] = self.fresh(scope.numbers)
        if "lines" in gate.parameters:
            given["lines"] = plain("input.lines")
        if "extra" in gate.parameters:
            given["extra"] = self.fresh(scope.jsons)
        if "paper" in gate.parameters:
            given["paper"] = self.fresh(scope.papers)
        if "payee" in gate.parameters:
            before, given["payee"] = self._payee(scope)
        self.asked_gates.add(gate.name)
        certain = not self.tape.chance(2)
        only_if = "" if certain else f" only if {self.test(scope).text}"
        if gate.amends:
            self._stale |= amount.of
        twins = [one for one in ("limit",) if one in given and given[one].of & amount.of]
        numbers = [f"{name}.{one}" for one in ("amount", "limit") if one in given]
        if gate.amends:
            numbers = [one for one in numbers if one.partition(".")[2] not in twins]
        scope.approvals.append(
            Approval(
                name,
                gate,
                gate.uses,
                self._minute,
                self._rounds,
                certain,
                [f"{name}.name", *([f"{name}.paper.sha256"] if "paper" in given else [])],
                numbers,
            )
        )
        arguments = ", ".join(f"{one}: {value.text}" for one, value in given.items())
        return [*before, f"let {name} = ask {gate.name}({arguments}){only_if}"]

    def _payee(self, scope: Scope) -> tuple[list[str], Text]:
        """Whoever starts the run may not say who decides, nor by a choice."""
        found = self.tape.one(scope.persons)
        if not self.aims("chosen person"):
            return [], found
        lines, text = person(self.tape, self.name("q"), self.test(scope).text, found.text)
        return lines, Text(text, frozenset())

    def _path(self, scope: Scope) -> Text:
        """A number that is one path, as an amendable argument wants it."""
        paths = [one for one in scope.numbers if one.of == {one.text} and not one.of & self._stale]
        return self.tape.one([*paths, Text("3", frozenset())])

    def effect(self, scope: Scope, depth: int) -> list[str]:
        operation = self.tape.one(("fee", "mark", "pay", "close", "wire", "enter", "file", "keep"))
        if self._fault in _ACTS and self.tape.chance(6):
            operation = _ACTS[self._fault]
        once = self._rounds == 1 and self._acts
        if operation == "pay" and not once and self._fault != "stranded":
            operation = "fee"
        key = f"books.{operation}" if operation == "enter" else f"bank.{operation}"
        under = self._under(scope, key)
        if under is None:
            return self.read(scope, depth)
        strings, numbers = self._terms(scope, under, key)
        given = {
            "pay": ("name", "amount"), "fee": ("amount",), "mark": ("name",), "close": ("name",),
            "wire": ("amount",), "enter": ("ref", "amount"), "file": ("doc",),
            "keep": ("paper",),
        }[operation]  # fmt: skip
        papers = self._shown(scope.papers, under, "paper")
        documents = self._shown(scope.jsons, under, "extra")
        known = {"amount": numbers, "doc": documents, "paper": papers}
        if not known.get(given[0], strings):
            return self.read(scope, depth)
        for one in under:
            one.left -= self._rounds // one.rounds
        arguments = ", ".join(f"{one}: {self.tape.one(known.get(one, strings))}" for one in given)
        call = f"{key}({arguments})"
        if under:
            call += f" under {', '.join(one.name for one in under)}"
        return self._called(scope, depth, operation, call, under)

    def _called(
        self, scope: Scope, depth: int, operation: str, call: str, under: list[Approval]
    ) -> list[str]:
        if operation in ("fee", "enter", "file", "keep"):
            if self.tape.chance(2):
                failed = self.name("f")
                return [f"{call} else as {failed} {{", *self.side(scope, depth), "}"]
            return [call]
        name = self.name("p")
        handled = self.tape.chance(4 if operation == "pay" else 2)
        before = self._standing
        if operation == "pay":
            self._standing = True
        if handled:
            ends = self.tape.one(("give none", 'terminate "f"', self.leaves()))
            failed, inside = "", list[str]()
            with self.taking(Taking("give" if ends == "give none" else None, text="none")):
                if operation == "pay" and self.tape.chance(4):
                    failed, inside = self._nothing_done(scope, depth, before)
                body = self.block(scope, depth)
            lines = [f"let {name} = {call} else{failed} {{", *inside, *body, ends, "}"]
            if ends == "give none":
                return [*lines, f"if {name} is some {{", f"bank.tell(text: {name}.ref)", "}"]
        else:
            lines = [f"let {name} = {call}"]
        if operation == "pay":
            scope.undoable.append(name)
            if self.aims("undone twice"):
                sides = [f"if {self.test(scope).text} {{", f"undo {name}"]
                lines += [*sides, *self.tape.one((["}"], ["} else {"])), f"undo {name}"]
                lines += [] if lines[-2] == "}" else ["}"]
                self._undone.append(name)
        if operation == "mark" and len(under) == 1:
            under[0].marked.append(f"{name}.ref")
        scope.strings.append(plain(f"{name}.ref"))
        return lines

    def _nothing_done(self, scope: Scope, depth: int, before: bool) -> tuple[str, list[str]]:
        """Where a call has failed: what may come when it is known to have done nothing."""
        name = self.name("f")
        told, happened = name, "no"
        if self.aims("stranded"):
            # Another call's failure, or another word, tells nothing of this one.
            told = self.tape.one([*self._failures, name])
            happened = "no" if told != name else "unknown"
        standing, self._standing = self._standing, before
        self._failures.append(name)
        inner = scope.inner()
        with self.names_of(scope):
            asked = self.ask(inner, depth + 1)
            lines = [*asked, *self.statements(inner, depth + 1, 1)]
        lines = [f'if {told}.happened == "{happened}" {{', *lines, "}"]
        self._failures.pop()
        self._standing = standing
        return f" as {name}", lines

    def _under(self, scope: Scope, key: str) -> list[Approval] | None:
        """Approvals that the effect may act under; none when there are none; [] on purpose."""
        known = scope.approvals
        if self.aims("no approval"):
            return []
        if self._gone and self.aims("approval gone"):
            return [self.tape.one(self._gone)]
        if known:
            for fault in ("another approval", "waived", "less than needed"):
                if self.aims(fault):
                    return [self.tape.one(known)]
        fits = [one for one in known if self._fits(one, key)]
        alone = [one for one in fits if one.certain and self._enough(one.gate, key)]
        if not alone:
            return None
        first = self.tape.one(alone)
        others = [one for one in fits if one is not first]
        if others and self.tape.chance(8 if self._fault == "weaker argument" else 3):
            return [first, self.tape.one(others)]
        return [first]

    def _fits(self, one: Approval, key: str) -> bool:
        cost = self._rounds // one.rounds
        enough = one.left >= cost or self._fault == "used up"
        return key in one.gate.releases and enough and self._minute - one.minute <= 25

    def _enough(self, gate: Gate, key: str) -> bool:
        if key in ("bank.close", "bank.wire") and gate.waived:
            return False
        return key != "bank.wire" or gate.strong

    def _shown(self, known: list[Text], under: list[Approval], parameter: str) -> list[str]:
        """What the approvals show of it, or on purpose what nobody saw."""
        if self.aims("unseen"):
            return [one.text for one in known]
        shown = [one for one in under if parameter in one.gate.parameters and one.certain]
        return [f"{one.name}.{parameter}" for one in shown]

    def _terms(self, scope: Scope, under: list[Approval], key: str) -> tuple[list[str], list[str]]:
        if self.aims("unseen"):
            return [one.text for one in scope.strings], [one.text for one in scope.numbers]
        shown = [one for one in under if one.certain and self._enough(one.gate, key)]
        if len(shown) < len(under) and self.aims("weaker argument"):
            shown = [one for one in under if one not in shown]
        strings, numbers = ['"a"'], ["1"]
        for one in shown:
            marked = one.marked if key != "books.enter" or one.gate.across else []
            strings += [*one.strings, *marked]
            numbers += [*one.numbers, f"{one.numbers[0]} + 1"]
        # What is shown stands first: constants say least.
        return [*strings[1:], strings[0]], [*numbers[1:], numbers[0]]
