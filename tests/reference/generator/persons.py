"""Ways to come to a person who decides: by a choice, or out of what was sent."""

from __future__ import annotations

from generator.tape import Tape

_WAYS = {
    "@": ("input.who",),
    "(if TEST then initiator else WHO)": (),
    "@.who": ("let @: Known = input.extra",),
    "@v": ("var @v: person = initiator", "if TEST {", "set @v = WHO", "}"),
    "@w": ("var @w: person = WHO", "match input.kind {", '"low" -> {', "set @w = initiator", "}",
           '"high" -> { }', "}"),
    "@e": ("let @e = wait {", "for stop {", "give initiator", "}", "} within 5m else {", "give WHO",
           "}"),
    "@p.a": ("let @p = parallel {", "branch a {", "if TEST {", "give initiator", "}", "give WHO",
             "}", "branch b {", 'bank.tell(text: "b")', "}", "}"),
    "(@q.a ?? initiator)": ("let @q = parallel {", "branch a {", "if TEST {", "give WHO", "}", "}",
                            "branch b {", 'bank.tell(text: "b")', "}", "}"),
    "(first(@l) ?? WHO)": ("let @l = for each @i in input.lines at most 2 {", "collect initiator",
                           "}"),
    "@r": ("let @r = repeat at most 2 {", "if TEST {", "give initiator", "}", "} else {",
           "give WHO", "}"),
    "(@n ?? WHO)": ("let @n = repeat at most 2 {", "let @o = bank.look(name: \"a\") else {",
                    "give none", "}", "if TEST {", "give initiator", "}", "} else {", "give none",
                    "}"),
    "(if @h is some then WHO else initiator)": ("let @h = bank.look(name: \"a\") else {",
                                                "if TEST {", 'terminate "t"', "}", "give none",
                                                "}"),
    "(if @k is some then WHO else initiator)": ("let @k = bank.look(name: input.name) else {",
                                                "give none", "}"),
    "@s": ("let @s = repeat at most 2 {", "for each @i in input.lines at most 2 {",
           "repeat at most 2 {", "if TEST {", "give initiator", "}", "} else {", "}", "}",
           "} else {", 'terminate "t"', "}"),
    "(@u.a ?? WHO)": ("let @u = parallel {", "branch a {", 'bank.look(name: "a") else {',
                      "if TEST {", "give initiator", "}", "}", "}", "branch b {",
                      'bank.tell(text: "b")', "}", "}"),
    "(if any(@y.amount > 3 for @y in input.lines) then WHO else initiator)": (),
    "(if len([@x for @x in input.lines where @x.amount > 3]) > 0 then WHO else initiator)": (),
}  # fmt: skip


def person(tape: Tape, name: str, test: str, who: str) -> tuple[list[str], str]:
    """Statements, and an expression that they make a person of."""
    way = tape.one([*_WAYS])
    lines = [*_WAYS[way]]
    if way == "@":
        return [], lines[0]

    def filled(text: str) -> str:
        return text.replace("@", name).replace("TEST", test).replace("WHO", who)

    return [filled(line) for line in lines], filled(way)
