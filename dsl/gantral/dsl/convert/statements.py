"""A tree to YAML: statements and values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gantral.dsl import syntax as syn
from gantral.dsl.convert.layout import Entry, Items, Map, Out, key, literal, said, scalar, word
from gantral.dsl.convert.spell import Speller
from gantral.dsl.span import Span

_VALUES = (
    syn.ServiceCall,
    syn.Ask,
    syn.RunWorkflow,
    syn.ForEach,
    syn.Repeat,
    syn.Parallel,
    syn.Wait,
)


class UnwritableError(Exception):
    """What YAML can't say; `span` is where it stands."""

    def __init__(self, span: Span, message: str) -> None:
        super().__init__(message)
        self.span = span


def unique(names: Iterable[syn.Identifier]) -> None:
    """Holds that no name stands twice where YAML has a mapping.

    Raises:
        UnwritableError: one does.
    """
    known: set[str] = set()
    for one in names:
        if one.text in known:
            raise UnwritableError(one.span, f"`{one.text}` stands here twice, which YAML can't say")
        known.add(one.text)


def _entry(name: str, value: Out, span: Span) -> Entry:
    return Entry(name, value, span.start, span.end)


# --- values -----------------------------------------------------------------------------------


def plain_text(node: syn.PlainText) -> str:
    """A text without holes, in quotes."""
    return said(literal(node.value, False))


def text(node: syn.Text) -> str:
    """A text in quotes."""
    spell = Speller()
    parts = [
        literal(part, True) if isinstance(part, str) else "{" + spell(part) + "}"
        for part in node.parts
    ]
    return said("".join(parts))


def expression(node: syn.Expression) -> Out:
    """An expression; records and lists of their own lines only where they are a whole value."""
    return text(node) if isinstance(node, syn.Text) else scalar(node)


def arguments(of: Sequence[syn.Argument]) -> Map:
    """Names and values."""
    names = [one.name for one in of if one.name is not None]
    unique(names)
    return Map(
        [
            _entry(key(name.text), expression(one.value), one.span)
            for name, one in zip(names, of, strict=True)
        ]
    )


def record(node: syn.Record) -> Map:
    """A record as a mapping."""
    unique(one.name for one in node.fields)
    return Map([_entry(key(one.name.text), expression(one.value), one.span) for one in node.fields])


# --- statements -------------------------------------------------------------------------------


def block(node: syn.Block) -> Items:
    """A list of statements."""
    places = [(one.span.start, one.span.end) for one in node.statements]
    return Items([Map(statement(one)) for one in node.statements], places)


def statement(node: syn.Statement) -> list[Entry]:
    """The keys of one statement."""
    match node:
        case syn.Let() | syn.Var() | syn.Set():
            return _bound(node)
        case syn.Undo():
            return [_entry("undo", word(node.name.text), node.span)]
        case syn.Collect():
            return [_entry("collect", expression(node.value), node.span)]
        case syn.Give():
            return [_entry("give", expression(node.value), node.span)]
        case syn.If():
            return _if(node)
        case syn.Match():
            cases = [_case(one) for one in node.cases]
            places = [(one.span.start, one.span.end) for one in node.cases]
            rest = Span("", node.subject.span.end, node.span.end)
            return [
                _entry("match", expression(node.subject), node.subject.span),
                _entry("cases", Items(list(cases), places), rest),
            ]
        case syn.Sleep():
            name = "sleep until" if node.until else "sleep"
            return [_entry(name, expression(node.value), node.span)]
        case syn.Require():
            return [
                _entry("require", expression(node.condition), node.condition.span),
                _entry("else", expression(node.reason), node.reason.span),
            ]
        case syn.Terminate():
            return [_entry("terminate", expression(node.reason), node.span)]
        case syn.Complete():
            output = None if node.output is None else record(node.output)
            return [_entry("complete", output, node.span)]
        case _:
            return _value(node)


def _bound(node: syn.Let | syn.Var | syn.Set) -> list[Entry]:
    name = {syn.Let: "let", syn.Var: "var", syn.Set: "set"}[type(node)]
    found = [_entry(name, word(node.name.text), Span("", node.span.start, node.name.span.end))]
    if not isinstance(node, syn.Set) and node.type is not None:
        from gantral.dsl.convert.to_yaml import type_of

        found.append(_entry("type", type_of(node.type), node.type.span))
    value = node.value
    if isinstance(value, _VALUES):
        return found + _value(value)
    return [*found, _entry("be", expression(value), value.span)]


def _value(
    node: syn.ServiceCall
    | syn.Ask
    | syn.RunWorkflow
    | syn.ForEach
    | syn.Repeat
    | syn.Parallel
    | syn.Wait,
) -> list[Entry]:
    match node:
        case syn.ServiceCall():
            found = [_entry("call", scalar(node.operation), node.operation.span)]
            found += _with(node.arguments)
            if node.under:
                span = node.under[0].span.to(node.under[-1].span)
                found.append(_entry("under", _names(node.under), span))
            if node.handler is not None:
                found.append(_entry("else", _handler(node.handler), node.handler.span))
            return found
        case syn.Ask():
            found = [_entry("ask", scalar(node.gate), node.gate.span), *_with(node.arguments)]
            if node.only_if is not None:
                found.append(_entry("only if", expression(node.only_if), node.only_if.span))
            return found
        case syn.RunWorkflow():
            head = _entry("run workflow", scalar(node.workflow), node.workflow.span)
            return [head, *_with(node.arguments)]
        case syn.ForEach():
            return [
                _entry("for each", word(node.name.text), node.name.span),
                _entry("in", expression(node.items), node.items.span),
                _entry("at most", scalar(node.at_most), node.at_most.span),
                _entry("do", block(node.body), node.body.span),
            ]
        case syn.Repeat():
            found = [_entry("repeat at most", scalar(node.at_most), node.at_most.span)]
            if node.every is not None:
                found.append(_entry("every", node.every.text, node.every.span))
            return [
                *found,
                _entry("do", block(node.body), node.body.span),
                _entry("else", block(node.otherwise), node.otherwise.span),
            ]
        case syn.Parallel():
            unique(one.name for one in node.branches)
            branches = [
                _entry(key(one.name.text), block(one.body), one.span) for one in node.branches
            ]
            return [_entry("parallel", Map(branches), node.span)]
        case syn.Wait():
            return _wait(node)


def _names(names: Sequence[syn.Identifier]) -> Out:
    found = [word(one.text) for one in names]
    if len(found) == 1:
        return found[0]
    return Items(found, [(one.span.start, one.span.end) for one in names])


def _with(of: Sequence[syn.Argument]) -> list[Entry]:
    return [_entry("with", arguments(of), of[0].span.to(of[-1].span))] if of else []


def _handler(node: syn.Handler) -> Out:
    if node.name is None:
        return block(node.body)
    name = _entry("as", word(node.name.text), node.name.span)
    return Map([name, _entry("do", block(node.body), node.body.span)])


def _if(node: syn.If) -> list[Entry]:
    found = [
        _entry("if", expression(node.condition), node.condition.span),
        _entry("then", block(node.then), node.then.span),
    ]
    if isinstance(node.otherwise, syn.If):
        found.append(_entry("else", Map(_if(node.otherwise)), node.otherwise.span))
    elif node.otherwise is not None:
        found.append(_entry("else", block(node.otherwise), node.otherwise.span))
    return found


def _case(node: syn.Case) -> Map:
    pattern: Out
    match node.pattern:
        case syn.EnumPattern():
            words = [plain_text(one) for one in node.pattern.words]
            places = [(one.span.start, one.span.end) for one in node.pattern.words]
            pattern = words[0] if len(words) == 1 else Items(list(words), places)
        case _:
            pattern = scalar(node.pattern)
    return Map(
        [
            _entry("case", pattern, node.pattern.span),
            _entry("do", block(node.body), node.body.span),
        ]
    )


def _wait(node: syn.Wait) -> list[Entry]:
    rest = [
        _entry("within", expression(node.within), node.within.span),
        _entry("else", block(node.otherwise), node.otherwise.span),
    ]
    first = node.cases[0]
    if first.body is None:
        return [_entry("wait for", scalar(first.event), first.event.span), *rest]
    cases: list[Out] = []
    for one in node.cases:
        found = [_entry("for", scalar(one.event), one.event.span)]
        if one.name is not None:
            found.append(_entry("as", word(one.name.text), one.name.span))
        if one.body is not None:
            found.append(_entry("do", block(one.body), one.body.span))
        cases.append(Map(found))
    places = [(one.span.start, one.span.end) for one in node.cases]
    return [_entry("wait", Items(cases, places), node.span.to(node.cases[-1].span)), *rest]
