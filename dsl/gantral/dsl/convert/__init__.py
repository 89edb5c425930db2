"""A spec from one form to the other: the same tree, and every comment (docs/yaml.md)."""

from __future__ import annotations

from gantral.dsl.convert.statements import UnwritableError
from gantral.dsl.convert.to_text import text_of
from gantral.dsl.convert.to_yaml import yaml_of
from gantral.dsl.format import bare
from gantral.dsl.front import TEXT, YAML, is_yaml, read
from gantral.dsl.parse import ParseResult

__all__ = ["NotTheSameError", "UnwritableError", "other_form"]


class NotTheSameError(Exception):
    """What was written does not mean what it was written of: a fault of ours."""


def other_form(source: str, text: str, result: ParseResult) -> str:
    """A text in its other form: `result` is what `read` made of it, without errors.

    Raises:
        UnwritableError: YAML can't say it.
        NotTheSameError: what was written is read as another tree.
    """
    try:
        made = text_of(text, result) if is_yaml(source) else yaml_of(text, result)
    except ValueError as error:
        raise NotTheSameError(str(error)) from None
    again = read(f"other{TEXT if is_yaml(source) else YAML}", made)
    if again.file is None:
        raise NotTheSameError(f"it does not parse: {again.diagnostics[0].message}")
    if bare(again.file) != bare(result.file):
        raise NotTheSameError("its tree is another")
    return made
