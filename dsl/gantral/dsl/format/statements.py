"""Printing of statements."""

from __future__ import annotations

from gantral.dsl.format.expressions import value
from gantral.dsl.format.layout import LINE, Doc, Group, cat, hard, nest
from gantral.dsl.format.printer import Print, Printer
from gantral.dsl.span import Node
from gantral.dsl.syntax import (
    Ask,
    Block,
    Branch,
    Case,
    Collect,
    Complete,
    ElsePattern,
    EnumPattern,
    ForEach,
    Give,
    Handler,
    If,
    Let,
    Match,
    OutcomePattern,
    Parallel,
    Repeat,
    Require,
    RunWorkflow,
    ServiceCall,
    Set,
    Sleep,
    Statement,
    Terminate,
    Undo,
    Value,
    Var,
    Wait,
    WaitCase,
)

_CALLS = (ServiceCall, Ask, RunWorkflow)
_BLOCKS = (ForEach, Repeat, Parallel, Wait)


def _plain(statement: Statement) -> bool:
    """Whether a statement has no block in it, so that it may share the line of its own block."""
    if isinstance(statement, (Let, Set)):
        return not isinstance(statement.value, _BLOCKS) and (
            not isinstance(statement.value, ServiceCall) or statement.value.handler is None
        )
    if isinstance(statement, ServiceCall):
        return statement.handler is None
    return not isinstance(statement, (*_BLOCKS, If, Match))


def body(p: Printer, node: Block) -> Doc:
    """A block that breaks with the group it is in; always, when it is more than one statement
    without blocks. So all blocks of one `if` break, or none does."""
    if len(node.statements) != 1 or not _plain(node.statements[0]):
        return p.block(node.statements)
    opened = p.token("{")
    above = p.item_line(True) if p.tape.gap[p.tape.at] else LINE
    inner = nest(above, p.node(node.statements[0]), p.end_line(False))
    return cat(opened, inner, LINE, p.token("}"))


def _block(p: Printer, node: Block) -> Doc:
    return p.grouped(p.tape.at, body(p, node))


def _value(p: Printer, node: Value) -> Doc:
    return p.node(node) if isinstance(node, (*_CALLS, *_BLOCKS)) else value(p, node)


def _let(p: Printer, node: Let | Var | Set) -> Doc:
    parts = [p.token("let", "var", "set"), " ", p.node(node.name)]
    if not isinstance(node, Set) and node.type is not None:
        parts += [p.token(":"), " ", p.within(node.type, 0)]
    return cat(*parts, " ", p.token("="), " ", _value(p, node.value))


def _undo(p: Printer, node: Undo) -> Doc:
    return cat(p.token("undo"), " ", p.node(node.name))


def _collect(p: Printer, node: Collect | Give) -> Doc:
    return cat(p.token("collect", "give"), " ", value(p, node.value))


def _terminate(p: Printer, node: Terminate) -> Doc:
    return cat(p.token("terminate"), " ", value(p, node.reason))


def _complete(p: Printer, node: Complete) -> Doc:
    word = p.token("complete")
    return word if node.output is None else cat(word, " ", p.node(node.output))


def _sleep(p: Printer, node: Sleep) -> Doc:
    return cat(p.words("sleep until" if node.until else "sleep"), " ", value(p, node.value))


def _require(p: Printer, node: Require) -> Doc:
    first = p.tape.at
    condition = cat(p.token("require"), " ", value(p, node.condition))
    reason = nest(LINE, p.token("else"), " ", value(p, node.reason))
    return p.grouped(first, cat(condition, reason))


# --- calls ------------------------------------------------------------------------------------


def _service_call(p: Printer, node: ServiceCall) -> Doc:
    first = p.tape.at
    parts = [p.node(node.operation), p.bracketed("()", node.arguments)]
    if node.under:
        behind = p.tape.at
        parts.append(p.grouped(behind, cat(" ", p.token("under"), " ", p.listed(node.under))))
    call = p.grouped(first, cat(*parts))
    if node.handler is None:
        return call
    tail = p.node(node.handler)
    if hard(tail):
        # Its block has lines of its own: `else` stays behind the call, as it does behind a block.
        return cat(call, " ", tail)
    return cat(call, Group(nest(LINE, tail), broken=False, yielding=True))


def _handler(p: Printer, node: Handler) -> Doc:
    return cat(p.token("else"), *_as_name(p, node), " ", p.node(node.body))


def _as_name(p: Printer, node: Handler | OutcomePattern | WaitCase) -> list[Doc]:
    return [] if node.name is None else [" ", p.token("as"), " ", p.node(node.name)]


def _ask(p: Printer, node: Ask) -> Doc:
    call = cat(p.token("ask"), " ", p.node(node.gate), p.bracketed("()", node.arguments))
    if node.only_if is None:
        return call
    condition = nest(LINE, p.words("only if"), " ", value(p, node.only_if))
    return cat(call, Group(condition, broken=False, yielding=True))


def _child(p: Printer, node: RunWorkflow) -> Doc:
    words = p.words("run workflow")
    return cat(words, " ", p.node(node.workflow), p.bracketed("()", node.arguments))


# --- what holds blocks ------------------------------------------------------------------------


def _if(p: Printer, node: If) -> Doc:
    first = p.tape.at
    parts: list[Doc] = []
    rest: Block | If | None = node
    while isinstance(rest, If):
        condition = cat(p.token("if"), " ", nest(value(p, rest.condition)), " ")
        parts += [condition, body(p, rest.then)]
        rest = rest.otherwise
        if rest is not None:
            parts += [" ", p.token("else"), " "]
    if rest is not None:
        parts.append(body(p, rest))
    return p.grouped(first, cat(*parts))


def _match(p: Printer, node: Match) -> Doc:
    return cat(p.token("match"), " ", value(p, node.subject), " ", p.block(node.cases))


def _case(p: Printer, node: Case) -> Doc:
    return cat(p.node(node.pattern), " ", p.token("->"), " ", p.node(node.body))


def _enum_pattern(p: Printer, node: EnumPattern) -> Doc:
    parts = [p.node(node.words[0])]
    for word in node.words[1:]:
        parts += [" ", p.token("|"), " ", p.node(word)]
    return cat(*parts)


def _outcome_pattern(p: Printer, node: OutcomePattern) -> Doc:
    return cat(p.node(node.outcome), *_as_name(p, node))


def _else_pattern(p: Printer, node: ElsePattern) -> Doc:
    return p.token("else")


def _for_each(p: Printer, node: ForEach) -> Doc:
    head = cat(p.words("for each"), " ", p.node(node.name), " ", p.token("in"), " ")
    items = cat(value(p, node.items), " ", p.words("at most"), " ", p.node(node.at_most), " ")
    return cat(head, items, p.node(node.body))


def _repeat(p: Printer, node: Repeat) -> Doc:
    parts = [p.words("repeat at most"), " ", p.node(node.at_most), " "]
    if node.every is not None:
        parts += [p.token("every"), " ", p.node(node.every), " "]
    parts += [p.node(node.body), " ", p.token("else"), " ", p.node(node.otherwise)]
    return cat(*parts)


def _parallel(p: Printer, node: Parallel) -> Doc:
    return cat(p.token("parallel"), " ", p.block(node.branches))


def _branch(p: Printer, node: Branch) -> Doc:
    return cat(p.token("branch"), " ", p.node(node.name), " ", p.node(node.body))


def _wait(p: Printer, node: Wait) -> Doc:
    parts = [p.token("wait"), " "]
    short = node.cases[0].body is None
    parts.append(p.node(node.cases[0]) if short else p.block(node.cases))
    parts += [" ", p.token("within"), " ", value(p, node.within), " "]
    return cat(*parts, p.token("else"), " ", p.node(node.otherwise))


def _wait_case(p: Printer, node: WaitCase) -> Doc:
    head = cat(p.token("for"), " ", p.node(node.event), *_as_name(p, node))
    return head if node.body is None else cat(head, " ", p.node(node.body))


PRINTERS: dict[type[Node], Print] = {
    Block: _block,
    **dict.fromkeys((Let, Var, Set), _let),
    **dict.fromkeys((Collect, Give), _collect),
    Undo: _undo,
    Terminate: _terminate,
    Complete: _complete,
    Sleep: _sleep,
    Require: _require,
    ServiceCall: _service_call,
    Handler: _handler,
    Ask: _ask,
    RunWorkflow: _child,
    If: _if,
    Match: _match,
    Case: _case,
    EnumPattern: _enum_pattern,
    OutcomePattern: _outcome_pattern,
    ElsePattern: _else_pattern,
    ForEach: _for_each,
    Repeat: _repeat,
    Parallel: _parallel,
    Branch: _branch,
    Wait: _wait,
    WaitCase: _wait_case,
}
