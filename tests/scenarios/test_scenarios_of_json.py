"""A `json` is shown, approved, handed on and read as the value it is, in real runs."""

from __future__ import annotations

from collections.abc import Callable

SPEC = """
role support_agent
role finance_director

workflow tools version "1.0.0" {
  team payments
  start by support_agent

  type Found = { id: string, count: int, price: decimal(scale: 2)?, rest: json }

  input  { tool: string, arguments: json, more: json? }
  output { all: json, count: int, price: decimal(scale: 2)?, rest: json }

  service shell on queue "shell" {
    read look(tool: string) -> { found: json } { timeout 1m }
    effect run(tool: string, arguments: json) -> { result: json } { timeout 1m }
  }
  gate call(tool: string, arguments: json, more: json) {
    title    "Run {tool} with {arguments}"
    releases shell.run
    decide   1 of finance_director
    amend    arguments where new == old or new == {}
    clock    { after 24h reject }
    lasts    30m
  }

  run {
    let seen = shell.look(tool: input.tool)
    let found: Found = seen.found
    let ok = ask call(tool: input.tool, arguments: input.arguments, more: input.more ?? {})
    let done = shell.run(tool: ok.tool, arguments: ok.arguments) under ok
    let all: json = { looked: seen.found, done: done.result }
    complete { all: all, count: found.count, price: found.price, rest: found.rest }
  }
}
"""

STORY = """
about: {about}
start:
  by: carol
  input: {{ tool: t, arguments: {arguments} }}
given:
  shell.look:
    - result: {{ found: {found} }}
{given}
decisions: {decisions}
expect:
{expect}
"""
FOUND = "{ id: x, count: 3, rest: [1, { b: true }] }"
RUN = "  shell.run:\n    - result: { result: [1, hello] }"
YES = "[{ at: 5m, by: dora, vote: approve }]"
STORIES = {
    "it is handed on": STORY.format(
        about="handed on",
        arguments="{ z: [1, x, true], a: { } }",
        found=FOUND,
        given=RUN,
        decisions=YES,
        expect="""\
  effects:
    - shell.run: { tool: t, arguments: { a: { }, z: [1, x, true] } }
  end: COMPLETED
  output:
    all: { looked: { count: 3, id: x, rest: [1, { b: true }] }, done: [1, hello] }
    count: 3
    rest: [1, { b: true }]
""",
    ),
    "it is amended": STORY.format(
        about="amended to nothing at all",
        arguments="{ z: 1 }",
        found=FOUND,
        given=RUN,
        decisions="[{ at: 5m, by: dora, vote: amend, values: { arguments: { } } }]",
        expect="  effects:\n    - shell.run: { tool: t, arguments: { } }\n  end: COMPLETED\n",
    ),
    "an amendment is held to its bounds": STORY.format(
        about="no other arguments",
        arguments="{ z: 1 }",
        found=FOUND,
        given="",
        decisions="[{ at: 5m, by: dora, vote: amend, values: { arguments: [1] }, "
        "refused: amendment }]",
        expect="  effects: []\n  end: REJECTED\n  cause: deadline\n",
    ),
    "what does not fit is a failed action": STORY.format(
        about="a count that is a text",
        arguments="{ }",
        found="{ id: x, count: many, rest: 1 }",
        given="",
        decisions="[]",
        expect="  effects: []\n  end: TERMINATED\n  cause: action_failed\n",
    ),
    "so is a member too many": STORY.format(
        about="a member that the type has not",
        arguments="{ }",
        found="{ id: x, count: 1, rest: 1, more: 2 }",
        given="",
        decisions="[]",
        expect="  effects: []\n  end: TERMINATED\n  cause: action_failed\n",
    ),
}


def test_a_json_is_the_value_it_is(told: Callable[..., str]) -> None:
    told("tools", SPEC, {name.replace(" ", "_"): text for name, text in STORIES.items()})
