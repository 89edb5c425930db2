"""`sleep` (LANGUAGE section 7): for how long must be known, or bounded, when the spec is read."""

from __future__ import annotations

from gantral.compiler.check import expressions
from gantral.compiler.check.durations import between
from gantral.compiler.check.env import Env
from gantral.compiler.program import statements as st
from gantral.compiler.program.types import DurationType, InstantType
from gantral.dsl import syntax as syn


def sleep(env: Env, one: syn.Sleep) -> st.Sleep | None:
    """`sleep d` or `sleep until t`; None after a finding."""
    if one.until:
        instant = expressions.value(env, one.value, InstantType())
        return None if instant is None else st.Sleep(instant, True, 0, None, one.span)
    value = expressions.value(env, one.value, DurationType())
    if value is None:
        return None
    if isinstance(one.value, syn.Duration):
        length = one.value.milliseconds
        return st.Sleep(value, False, length, length, one.span)
    found = between(value)
    if found.largest is None:
        env.findings.error(
            "G0414",
            one.value.span,
            "nothing bounds how long this sleeps",
            "write a constant, declare it as `duration(max: …)`, or compute it from what has a"
            " `max`: `hours: int(max: 12)`",
        )
        return None
    return st.Sleep(value, False, max(found.least or 0, 0), max(found.largest, 0), one.span)
