"""Which paths an expression's value is computed from."""

from __future__ import annotations

from collections.abc import Mapping

from gantral.compiler.flow.graph import Argument
from gantral.compiler.program import expressions as e
from gantral.dsl.span import Span


class Names:
    """The graph's unique name of each binding: the name itself, or ``name'2`` for the second."""

    def __init__(self) -> None:
        self._by_binding: dict[Span, str] = {}
        self._taken: dict[str, int] = {}

    def bind(self, name: str, binding: Span) -> str:
        """A unique name for what is bound at `binding`, the same one each time."""
        if binding not in self._by_binding:
            count = self._taken[name] = self._taken.get(name, 0) + 1
            self._by_binding[binding] = name if count == 1 else f"{name}'{count}"
        return self._by_binding[binding]

    @property
    def known(self) -> Mapping[Span, str]:
        """Every binding met so far."""
        return self._by_binding


def path_of(expression: e.Expr, names: Names) -> str | None:
    """The path that the expression is, when it is nothing but one."""
    match expression:
        case e.InputRef():
            return "input"
        case e.InitiatorRef():
            return "initiator"
        case e.InstanceIdRef():
            return "instance.id"
        case e.StartedAtRef():
            return "instance.started_at"
        case e.Now():
            return "instance.now"
        case e.LetRef() | e.VarRef():
            return names.bind(expression.name, expression.binding)
        case e.ApprovalRef():
            return names.bind(expression.name, expression.binding)
        case e.ProposedRef():
            return names.bind(expression.name, expression.binding) + "!proposed"
        case e.ApprovalMeta():
            return names.bind(expression.name, expression.binding) + "!decision"
        case e.FailureRef():
            if expression.binding is None:
                return f"failure.{expression.field}"
            return f"{names.bind(expression.name, expression.binding)}.{expression.field}"
        case e.Member():
            base = path_of(expression.base, names)
            return None if base is None else f"{base}.{expression.name}"
        case e.OutcomeTest():
            return f"{path_of(expression.child, names)}.outcome"
        case e.OutcomeData():
            return f"{path_of(expression.child, names)}.{expression.outcome}"
        case e.Narrowed() | e.Widen() | e.Within():
            return path_of(expression.base, names)
        case _:
            return None


def atoms_of(expression: e.Expr, names: Names) -> tuple[str, ...]:
    """Every path that is read to compute the value, sorted. An element of a comprehension is read
    through its list, whose paths stand for it."""
    found: set[str] = set()
    pending: list[tuple[e.Expr, frozenset[Span]]] = [(expression, frozenset())]
    while pending:
        one, bound = pending.pop()
        path = path_of(one, names)
        if path is not None:
            found.add(path)
        elif isinstance(one, e.ElementRef) and one.binding not in bound:
            # Nothing around it says what it is: a name that nothing in the graph defines.
            found.add(names.bind(one.name, one.binding))
        elif isinstance(one, e.Comprehension):
            pending.append((one.items, bound))
            inside = (one.element,) if one.condition is None else (one.element, one.condition)
            pending.extend((each, bound | {one.binding}) for each in inside)
        else:
            pending.extend((each, bound) for each in e.children(one))
    return tuple(sorted(found))


def arguments_of(
    name: str, expression: e.Expr, names: Names, span: Span | None = None
) -> tuple[Argument, ...]:
    """The argument, a record literal taken apart into its fields, so that what is read where is
    known as exactly as the spec says it."""
    inner = expression
    while isinstance(inner, e.Widen):
        inner = inner.base
    if isinstance(inner, e.RecordExpr) and inner.fields:
        return tuple(
            argument
            for field, value in inner.fields
            for argument in arguments_of(f"{name}.{field}" if name else field, value, names)
        )
    path = path_of(expression, names)
    return (
        Argument(
            name=name,
            atoms=(path,) if path is not None else atoms_of(expression, names),
            copies=path is not None,
            span=span or expression.span,
        ),
    )
