"""A tree to text form: blocks and statements, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from gantral.dsl import syntax as syn
from gantral.dsl.convert.spell import Speller

# Where it stands in the source (-1: it goes on with what is above) and the line.
Line: TypeAlias = tuple[int, str]
Lines: TypeAlias = Iterator[Line]

_SPELL = Speller()


def block_lines(node: syn.Block) -> Lines:
    """The statements of a block, without its braces."""
    for one in node.statements:
        lines = list(_statement(one))
        yield one.span.start, lines[0][1]
        yield from lines[1:]


def _statement(node: syn.Statement | syn.Value) -> Lines:
    start = node.span.start
    match node:
        case syn.Let() | syn.Var() | syn.Set():
            word = {syn.Let: "let", syn.Var: "var", syn.Set: "set"}[type(node)]
            kind = None if isinstance(node, syn.Set) else node.type
            head = f"{word} {node.name.text}{'' if kind is None else f': {_SPELL(kind)}'} = "
            lines = list(_statement(node.value))
            yield start, head + lines[0][1]
            yield from lines[1:]
        case syn.Undo():
            yield start, f"undo {node.name.text}"
        case syn.Collect():
            yield start, f"collect {_SPELL(node.value)}"
        case syn.Give():
            yield start, f"give {_SPELL(node.value)}"
        case syn.Terminate():
            yield start, f"terminate {_SPELL(node.reason)}"
        case syn.Complete():
            yield start, "complete" if node.output is None else f"complete {_SPELL(node.output)}"
        case syn.Require():
            yield start, f"require {_SPELL(node.condition)} else {_SPELL(node.reason)}"
        case syn.Sleep():
            value = _SPELL(node.value)
            if node.until:
                yield start, f"sleep until {value}"
            else:
                # `until` may be a name, and right behind `sleep` it is none.
                yield start, f"sleep ({value})" if value.startswith("until") else f"sleep {value}"
        case syn.If():
            yield from _if(node)
        case syn.Match():
            yield start, f"match {_SPELL(node.subject)} {{"
            for one in node.cases:
                yield from _block(one.span.start, f"{_SPELL(one.pattern)} ->", one.body)
            yield -1, "}"
        case _:
            yield from _value(node)


def _value(node: syn.Value) -> Lines:
    start = node.span.start
    match node:
        case syn.ServiceCall():
            under = f" under {_SPELL.all(node.under)}" if node.under else ""
            call = f"{node.operation.text}({_SPELL.all(node.arguments)}){under}"
            if node.handler is None:
                yield start, call
                return
            name = "" if node.handler.name is None else f" as {node.handler.name.text}"
            yield from _block(start, f"{call} else{name}", node.handler.body)
        case syn.Ask():
            only = "" if node.only_if is None else f" only if {_SPELL(node.only_if)}"
            yield start, f"ask {node.gate.text}({_SPELL.all(node.arguments)}){only}"
        case syn.RunWorkflow():
            yield start, f"run workflow {node.workflow.text}({_SPELL.all(node.arguments)})"
        case syn.ForEach():
            head = f"for each {node.name.text} in {_SPELL(node.items)}"
            yield from _block(start, f"{head} at most {_SPELL(node.at_most)}", node.body)
        case syn.Repeat():
            every = "" if node.every is None else f" every {node.every.text}"
            head = f"repeat at most {_SPELL(node.at_most)}{every}"
            yield from _block(start, head, node.body)
            yield from _block(-1, "else", node.otherwise)
        case syn.Parallel():
            yield start, "parallel {"
            for one in node.branches:
                yield from _block(one.span.start, f"branch {one.name.text}", one.body)
            yield -1, "}"
        case syn.Wait():
            yield from _wait(node)
        case _:
            yield start, _SPELL(node)


def _wait(node: syn.Wait) -> Lines:
    first, within = node.cases[0], _SPELL(node.within)
    if first.body is None:
        head = f"wait for {first.event.text} within {within} else"
        yield from _block(node.span.start, head, node.otherwise)
        return
    yield node.span.start, "wait {"
    for one in node.cases:
        name = "" if one.name is None else f" as {one.name.text}"
        if one.body is not None:
            yield from _block(one.span.start, f"for {one.event.text}{name}", one.body)
    yield from _block(-1, f"}} within {within} else", node.otherwise)


def _if(node: syn.If) -> Lines:
    head = "if"
    rest: syn.Block | syn.If | None = node
    while isinstance(rest, syn.If):
        yield from _block(rest.span.start, f"{head} {_SPELL(rest.condition)}", rest.then)
        head, rest = "else if", rest.otherwise
    if rest is not None:
        yield from _block(rest.span.start, "else", rest)


def _block(start: int, head: str, node: syn.Block) -> Lines:
    yield start, f"{head} {{"
    yield from block_lines(node)
    yield -1, "}"
