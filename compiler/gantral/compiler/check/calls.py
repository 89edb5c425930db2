"""Calls of services and asks: arguments and authority (LANGUAGE section 8, rules 1 to 4)."""

from __future__ import annotations

from dataclasses import replace

from gantral.compiler.check import entering, expressions
from gantral.compiler.check.env import Env
from gantral.compiler.check.facts import access
from gantral.compiler.check.needs import Approvers
from gantral.compiler.check.provenance import Origins
from gantral.compiler.names.findings import meant
from gantral.compiler.program import expressions as ex
from gantral.compiler.program import statements as st
from gantral.compiler.program.declarations import Gate, Needs, Operation
from gantral.compiler.program.types import OptionalType, RecordType
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Edit, Label
from gantral.dsl.span import Span

Arguments = tuple[tuple[str, ex.Expr], ...]


def arguments(
    env: Env, given: tuple[syn.Argument, ...], wanted: RecordType, head: Span, what: str
) -> Arguments | None:
    """Named arguments in the order of the parameters; None after a finding."""
    found: dict[str, ex.Expr] = {}
    seen: dict[str, Span] = {}
    whole = True
    for one in given:
        assert one.name is not None
        name = one.name.text
        field = wanted.field(name)
        if name in seen:
            env.findings.error(
                "G0206",
                one.name.span,
                f"`{name}` is given twice",
                "leave one of the two out",
                (Label(seen[name], "first here"),),
            )
            whole = False
            continue
        seen[name] = one.name.span
        if field is None:
            left = [
                f.name
                for f in wanted.fields
                if all(f.name != a.name.text for a in given if a.name is not None)
            ]
            help, edits = meant(one.name.span, name, left, "leave it out")
            env.findings.error("G0206", one.name.span, f"{what} takes no `{name}`", help, (), edits)
            # The one that was meant is then not missing as well.
            seen.update((edit.text, one.name.span) for edit in edits)
            expressions.infer(env, one.value)
            whole = False
            continue
        value = expressions.value(env, one.value, field.type)
        if value is None or not entering.possible(env, value, field.type):
            whole = False
        else:
            found[name] = value
    missing = [
        f.name for f in wanted.fields if f.name not in seen and not isinstance(f.type, OptionalType)
    ]
    if missing:
        listed = ", ".join(f"`{name}`" for name in missing)
        env.findings.error("G0206", head, f"{what} wants {listed} too", f"add {listed}")
        whole = False
    if not whole:
        return None
    return tuple((f.name, found[f.name]) for f in wanted.fields if f.name in found)


def approvals(env: Env, call: syn.ServiceCall, operation: Operation) -> tuple[st.Approval, ...]:
    """What stands after `under`; findings for what is no approval in scope."""
    made: dict[Span, st.Approval] = {}
    for one in call.under:
        binding = env.lookup(one.text, one.span)
        if binding is None:
            known = [b.name for b in env.bindings.values() if b.kind == "approval"]
            help, edits = meant(one.span, one.text, known, "bind it by `let … = ask …` before")
            env.findings.error(
                "G0201", one.span, f"there is no approval `{one.text}` here", help, (), edits
            )
            continue
        if binding.span is not None:
            env.read.add(binding.span)
        if binding.kind != "approval" or binding.span is None:
            if binding.type is not None:
                env.findings.error(
                    "G0322",
                    one.span,
                    f"`{one.text}` is not an approval",
                    "name what an `ask` was bound to",
                )
            continue
        if binding.span in made:
            env.findings.error(
                "G0322", one.span, f"`{one.text}` stands twice after `under`", "leave one out"
            )
            continue
        made[binding.span] = st.Approval(one.text, binding.span, one.span)
    if call.under and not operation.acts:
        env.findings.error(
            "G0322",
            call.under[0].span,
            f"`{operation.key}` is a {operation.kind}: only effects act under an approval",
            f"leave out `under {', '.join(one.text for one in call.under)}`",
        )
        return ()
    return tuple(made.values())


class Authority:
    """The rules of an effect, given where data comes from and the gates that were checked."""

    def __init__(self, env: Env, origins: Origins) -> None:
        self._env = env
        self._origins = origins
        self.needing: dict[Span, tuple[Needs, list[Approvers]]] = {}
        """What each effect (by its operation's name) needs, and who approved its arguments."""
        self.across: list[tuple[str, str, Span, frozenset[tuple[Span, str]]]] = []
        """Arguments that are results of another service: operation, argument, where its value
        stands, and who approved which result."""

    def effect(
        self,
        call: syn.ServiceCall,
        operation: Operation,
        under: tuple[st.Approval, ...],
        given: Arguments | None,
    ) -> None:
        """Rules 2 to 4, save what the gates release (that is known when they are checked)."""
        if not call.under:
            head = call.operation.span
            bound = self._env.bindings.values()
            approvers = [each.name for each in bound if each.kind == "approval"]
            one = approvers[0] if len(approvers) == 1 else None
            at = call.handler.span.start if call.handler is not None else call.span.end
            edit = Edit(
                Span(head.source, at, at),
                f" under {one}" if at == call.span.end else f"under {one} ",
            )
            self._env.findings.error(
                "G0301",
                head,
                f"this effect has no approval to act under: `{operation.key}`",
                f"add `under {one}`"
                if one is not None
                else "ask a gate that releases it, bind the answer by `let`, and add `under …`",
                (),
                (edit,) if one is not None else (),
            )
            return
        if given is None or len(under) < len(call.under):
            return
        # The data of a critical effect comes from what people were asked in every case (rule 4).
        critical = operation.kind == "critical effect"
        allowed = frozenset(
            one.binding for one in under if not (critical and self._origins.uncertain(one.binding))
        )
        approved_by: list[Approvers] = []
        if operation.needs is not None:
            self.needing[call.operation.span] = (operation.needs, approved_by)
        for name, value in given:
            origin = self._origins.of(value)
            if origin.approved is None or not all(each[0] in allowed for each in origin.approved):
                self._unapproved(value, under, origin.approved is None)
                continue
            results = frozenset(
                (binding, source)
                for binding, source in origin.approved
                if source is not None and source.partition(".")[0] != operation.service
            )
            if results:
                self.across.append((operation.key, name, value.span, results))
            approved_by.append(Approvers(value.span, origin.approved))
            if origin.odd is not None:
                self._env.findings.error(
                    "G0321",
                    value.span,
                    "people can't be shown this beforehand: it is computed after the ask",
                    "compute it before the `ask` and pass it to the gate; an effect's argument is "
                    "built of approval paths, constants, results of effects and `+ - *`",
                    (Label(origin.odd, "this part"),) if origin.odd != value.span else (),
                )

    def _unapproved(
        self,
        value: ex.Expr,
        under: tuple[st.Approval, ...],
        nobody: bool,
    ) -> None:
        shown = self._shown(value, under)
        names = ", ".join(f"`{one.name}`" for one in under)
        message = "nobody approved this argument" if nobody else f"{names} did not approve this"
        if shown is not None:
            self._env.findings.error(
                "G0306",
                value.span,
                message,
                f"read what was approved: `{shown}`",
                (),
                (Edit(value.span, shown),),
            )
            return
        self._env.findings.error(
            "G0306",
            value.span,
            message,
            "make it a parameter of the gate and read it through the approval"
            if nobody
            else "act under the approval it comes from too, or pass it to this gate",
        )

    def _shown(self, value: ex.Expr, under: tuple[st.Approval, ...]) -> str | None:
        """The same value as an approval has it, when one was asked for just that."""
        key = access(value)
        if key is None:
            return None
        for one in under:
            ask = self._origins.ask(one.binding)
            if ask is None or self._origins.uncertain(one.binding):
                continue
            for name, argument in ask.arguments:
                base = access(argument)
                if base is not None and key[: len(base)] == base:
                    rest = [str(part) for part in key[len(base) :]]
                    return ".".join([one.name, name, *rest])
        return None


def releases(env: Env, call: st.ServiceCall, asked: dict[Span, Gate]) -> None:
    """That each gate named releases the operation."""
    for one in call.under:
        gate = asked.get(one.binding)
        if gate is None or any(each.operation == call.operation for each in gate.releases):
            continue
        env.findings.error(
            "G0303",
            one.span,
            f"gate `{gate.name}` does not release `{call.operation}`",
            f"add `releases {call.operation}` to the gate, or act under another approval",
            (Label(gate.span, "this gate was asked"),),
        )


def approved_record(wanted: RecordType, given: Arguments) -> RecordType:
    """The parameters as an approval has them: personal where the gate says so or the data is."""
    personal = {name for name, value in given if value.personal}
    return RecordType(
        tuple(replace(f, personal=f.personal or f.name in personal) for f in wanted.fields)
    )
