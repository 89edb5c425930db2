"""`div`, `mod` and `round` (LANGUAGE section 4): what does not come out even says how it is
rounded, so that no amount is rounded by accident."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, get_args

from gantral.compiler.check import expressions
from gantral.compiler.check.env import Env
from gantral.compiler.check.operators import MAX_SCALE
from gantral.compiler.names.findings import meant
from gantral.compiler.program import expressions as ex
from gantral.compiler.program.types import DecimalType, IntType, OptionalType, Type
from gantral.compiler.types.relate import describe
from gantral.dsl import syntax as syn
from gantral.dsl.diagnostics import Edit
from gantral.dsl.span import Span

WORDS: Mapping[str, ex.Rounding] = {word: word for word in get_args(ex.Rounding)}
_FORMS = {
    "div": ("by", "scale", "rounding"),
    "mod": ("by",),
    "round": ("scale", "rounding"),
}
_WRITTEN = {
    "div": 'div(a, by: b, scale: 2, rounding: "half_even")',
    "mod": "mod(a, by: b)",
    "round": 'round(a, scale: 2, rounding: "half_even")',
}


def call(env: Env, one: syn.Call) -> ex.Expr | None:
    """A call of one of the three."""
    word = one.function.text
    bare = [each for each in one.arguments if each.name is None]
    named = {each.name.text: each.value for each in one.arguments if each.name is not None}
    wanted = set(_FORMS[word]) - {"scale"}
    wrong = len(bare) != 1 or len(named) + 1 != len(one.arguments)
    if wrong or not wanted <= named.keys() <= {*_FORMS[word]}:
        takes = ", ".join(f"`{name}:`" for name in _FORMS[word] if name != "scale")
        env.findings.error(
            "G0206",
            one.span,
            f"`{word}` takes a number and {takes}"
            + (", and `scale:` for a decimal" if "scale" in _FORMS[word] else ""),
            f"write `{_WRITTEN[word]}`",
        )
        return None
    value = _number(env, word, bare[0].value)
    arguments = [value]
    if "by" in named:
        arguments.append(_divisor(env, word, named["by"]))
    scale = _scale(env, named.get("scale"))
    rounding = _rounding(env, named.get("rounding"))
    given = tuple(each for each in arguments if each is not None)
    if len(given) != len(arguments) or scale is None or rounding is None:
        return None
    personal = any(each.personal for each in given)
    if word == "mod":
        type_ = _remainder(given[0].type, given[1].type)
        return ex.FunctionCall(
            span=one.span, type=type_, personal=personal, name="mod", arguments=given
        )
    function: Literal["div", "round"] = "div" if word == "div" else "round"
    return ex.Rounded(
        span=one.span,
        type=IntType() if scale < 0 else DecimalType(scale),
        personal=personal,
        function=function,
        arguments=given,
        scale=None if scale < 0 else scale,
        rounding=rounding,
    )


def _number(env: Env, word: str, one: syn.Expression) -> ex.Expr | None:
    value = expressions.infer(env, one)
    if value is None or isinstance(value.type, (IntType, DecimalType)):
        return value
    absent = isinstance(value.type, OptionalType)
    env.findings.error(
        "G0207" if absent else "G0205",
        value.span,
        f"`{word}` takes numbers, and this is {describe(value.type)}",
        "give a value with `??`" if absent else "give it an int or a decimal",
    )
    return None


def _divisor(env: Env, word: str, one: syn.Expression) -> ex.Expr | None:
    value = _number(env, word, one)
    if isinstance(value, ex.Literal) and not Decimal(value.value):
        env.findings.error("G0227", value.span, "this divides by zero", "divide by another number")
        return None
    return value


def _remainder(left: Type, right: Type) -> Type:
    scales = [each.scale for each in (left, right) if isinstance(each, DecimalType)]
    return DecimalType(max(scales)) if scales else IntType()


def _scale(env: Env, one: syn.Expression | None) -> int | None:
    """The scale, -1 where none is said; None after a finding."""
    if one is None:
        return -1
    if isinstance(one, syn.Integer) and 0 <= one.value <= MAX_SCALE:
        return one.value
    _constant(env, one.span, f"a scale is a whole number from 0 to {MAX_SCALE}", "write `scale: 2`")
    return None


def _rounding(env: Env, one: syn.Expression | None) -> ex.Rounding | None:
    """How it is rounded; None after a finding. `mod` never rounds."""
    if one is None:
        return "floor"
    if not isinstance(one, syn.Text) or not all(isinstance(part, str) for part in one.parts):
        _constant(env, one.span, "`rounding:` is one of its words", 'write `rounding: "half_even"`')
        return None
    said = "".join(part for part in one.parts if isinstance(part, str))
    if said in WORDS:
        return WORDS[said]
    listed = ", ".join(f'"{word}"' for word in WORDS)
    help, edits = meant(one.span, said, WORDS, f"its words are {listed}")
    env.findings.error(
        "G0209",
        one.span,
        f'"{said}" is no way to round',
        help.replace("`", '"'),
        (),
        tuple(Edit(each.span, f'"{each.text}"') for each in edits),
    )
    return None


def _constant(env: Env, span: Span, what: str, help: str) -> None:
    env.findings.error("G0228", span, what, help)
