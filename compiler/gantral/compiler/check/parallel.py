"""`parallel` (LANGUAGE section 7): branches that run at once, and the record of what they give."""

from __future__ import annotations

from gantral.compiler.check import beside
from gantral.compiler.check.acting import Block, Giving
from gantral.compiler.check.looping import Looping
from gantral.compiler.check.provenance import CONSTANT, Origin
from gantral.compiler.program import expressions as ex
from gantral.compiler.program import statements as st
from gantral.compiler.program.types import Field, RecordType, Type
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Label
from gantral.dsl.span import Span


class Parallels(Looping):
    """Checks `parallel`; the blocks inside are the subclass's."""

    def loop(
        self,
        one: syn.ForEach | syn.Repeat | syn.Parallel,
        bound: syn.Identifier,
        wanted: Type | None,
    ) -> st.ForEach | st.Repeat | st.Parallel | None:
        """A loop or `parallel` as a value."""
        match one:
            case syn.ForEach():
                return self.each(one, bound, wanted)
            case syn.Repeat():
                return self.repeat(one, bound, wanted)[0]
            case syn.Parallel():
                return self.parallel(one, bound, wanted)

    def parallel(
        self, one: syn.Parallel, bound: syn.Identifier | None, wanted: Type | None = None
    ) -> st.Parallel | None:
        """A `parallel`; `bound` is the name that its record is bound to, `wanted` that record's
        type where it is known."""
        head = Span(one.span.source, one.span.start, one.span.start + len("parallel"))
        if self._failing:
            self._reads_only(head, "`parallel`")
            return None
        ordinal = self._count("parallel")
        record = wanted if isinstance(wanted, RecordType) else RecordType(())
        branches: list[st.Branch] = []
        fields: list[Field] = []
        origin = CONSTANT
        carried: dict[Span, ex.LetRef] = {}
        whole = True
        first: dict[str, Span] = {}
        for branch in one.branches:
            name = branch.name
            whole = self._once(name, first) and whole
            field = record.field(name.text)
            giving = None if bound is None else Giving(None if field is None else field.type)
            body, ended = self._branch(branch.body, giving)
            gives = None
            if giving is not None and giving.gives:
                giving.optional = giving.optional or not ended
                gives = giving.type
                if gives is None and giving.optional:  # `none` alone was given
                    self._unsettled(name.span)
                whole = whole and gives is not None
                carried |= giving.carried
                giving.ended()
                origin = origin | giving.origin | self._unplanned(giving, body, name.span)
                if gives is not None:
                    fields.append(Field(name.text, gives, giving.personal, name.text))
            branches.append(st.Branch(name.text, body, gives, name.span))
        if bound is not None:
            if not any(branch.gives for branch in branches) and whole:
                self._env.findings.error(
                    "G0413",
                    head,
                    f"this `parallel` gives nothing for `{bound.text}`",
                    f"write `give …` in a branch, or leave `let {bound.text} =` out",
                )
                return None
            self._origins.bind(bound.span, origin)
            self._carried[bound.span] = tuple(carried.values())
            if any(field.personal for field in fields):
                self._personal.add(bound.span)
        beside.events(self._env.findings, branches)
        if not whole:
            return None
        made = None if bound is None else RecordType(tuple(fields))
        return st.Parallel(tuple(branches), ordinal, made, one.span, head)

    def _once(self, name: syn.Identifier, first: dict[str, Span]) -> bool:
        known = first.setdefault(name.text, name.span)
        if known == name.span:
            return True
        self._env.findings.error(
            "G0433",
            name.span,
            f"two branches are called `{name.text}`",
            f"give it another name, such as `{name.text}_2`",
            (Label(known, "first here"),),
        )
        return False

    def _branch(self, one: syn.Block, giving: Giving | None) -> tuple[Block, bool]:
        """A branch, and whether its path ends by a `give` or the run's end."""
        around = self._giving
        # A `give` here is this branch's or nobody's: a branch is left for nothing around it.
        self._giving = [] if giving is None else [giving]
        self._beside += 1
        found = self.block(one, takes=("give", "collect"))
        self._beside -= 1
        self._giving = around
        return found

    def _unplanned(self, giving: Giving, body: Block, span: Span) -> Origin:
        """What a plan can't say: which of several values it is, or whether there is one."""
        alone = bool(body) and isinstance(body[-1], st.Give) and giving.gives == 1
        return CONSTANT if alone else Origin(odd=span)
