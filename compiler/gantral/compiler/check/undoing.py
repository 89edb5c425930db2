"""`undo`: of an effect, or of what a child did (LANGUAGE sections 7 and 8, rule 7)."""

from __future__ import annotations

from gantral.compiler.check import expressions
from gantral.compiler.check.outcomes import Outcomes
from gantral.compiler.program import expressions as ex
from gantral.compiler.program import statements as st
from gantral.compiler.program.types import OptionalType
from gantral.compiler.program.undoing import undoes
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Label
from gantral.dsl.span import Span


class Undoing(Outcomes):
    """Checks what is undone by name."""

    def _undo(self, one: syn.Undo) -> st.Statement | None:
        env = self._env
        name = one.name
        binding = env.bindings.get(name.text)
        if binding is None or binding.span is None:
            expressions.infer(env, syn.Name(name.span, name.text))
            return None
        env.read.add(binding.span)
        if binding.type is None:
            return None
        if binding.span in self._ran:
            return self._undo_child(one, binding.span)
        known = self._results.get(binding.span)
        if known is None or known[1].undo is None or binding.span in self._replaced:
            labels: tuple[Label, ...] = ()
            if known is not None and known[1].undo is None:
                labels = (Label(known[1].span, "it has no `undo`"),)
            env.findings.error(
                "G0325",
                name.span,
                f"`{name.text}` is no effect that can be undone",
                "name what an effect with an `undo` was bound to; its handler gives only `none`",
                labels,
            )
            return None
        reference = env.narrowed(
            ex.LetRef(span=name.span, type=binding.type, name=name.text, binding=binding.span)
        )
        if known[0].handler is not None and isinstance(reference.type, OptionalType):
            env.findings.error(
                "G0325",
                name.span,
                f"`{name.text}` may be none: then there is nothing to undo",
                f"write `if {name.text} is some {{ undo {name.text} }}`",
            )
            return None
        return st.Undo(name.text, binding.span, known[0].id, one.span)

    def _undo_child(self, one: syn.Undo, binding: Span) -> st.Undo | None:
        run, child = self._ran[binding]
        wrong: tuple[str, str] | None = None
        if not undoes(child):
            wrong = (
                f"`{child.name}` does nothing that can be undone",
                "name a child that does an effect with an `undo`",
            )
        elif binding in self._not_completed:
            wrong = (
                f"`{child.name}` did not complete here, and left nothing to undo",
                "take it out: a child that is terminated undoes its own, and one that is rejected "
                "has nothing of that standing",
            )
        if wrong is not None:
            self._env.findings.error("G0325", one.name.span, *wrong)
            return None
        return st.Undo(one.name.text, binding, run.id, one.span)
