"""Story files: one course of a workflow, choice by choice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gantral.cli.failure import MISUSE, Failure
from gantral.simulation.exploring import Choice

_TYPE: Final = "gantral.dev/story/v1"


@dataclass(frozen=True)
class StoryFile:
    """``broken``: the rule that the course breaks, "" for one that just shows an end. ``code``:
    the digest of the code that was simulated."""

    spec: str
    workflow: str
    code: str
    broken: str
    why: str
    choices: tuple[Choice, ...]

    def write(self, path: Path) -> None:
        """Write it. Raises Failure."""
        tree = {
            "type": _TYPE,
            "spec": self.spec,
            "workflow": self.workflow,
            "code": self.code,
            "broken": self.broken,
            "why": self.why,
            "choices": [{"do": one.do, **one.of} for one in self.choices],
        }
        text = json.dumps(tree, indent=1, ensure_ascii=False) + "\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        except OSError as error:
            raise Failure(f"{path} can't be written: {error.strerror}", code=MISUSE) from None


def read_story(path: Path) -> StoryFile:
    """Read a story file.

    Raises:
        Failure: it can't be read, or is none.
    """
    try:
        tree: Any = json.loads(path.read_text("utf-8"))
        if tree["type"] != _TYPE:
            raise ValueError("it is of another type")
        choices = tuple(
            Choice(str(one["do"]), {name: value for name, value in one.items() if name != "do"})
            for one in tree["choices"]
        )
        spec, workflow, code, broken, why = (
            tree[name] for name in ("spec", "workflow", "code", "broken", "why")
        )
        texts = (spec, workflow, code, broken, why)
        if (
            not choices
            or choices[0].do != "start"
            or not all(isinstance(one, str) for one in texts)
        ):
            raise ValueError("it begins with no start")
        return StoryFile(spec, workflow, code, broken, why, choices)
    except OSError as error:
        raise Failure(f"{path} can't be read: {error.strerror}", code=MISUSE) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failure(f"{path} is no story file: {error}", "gantral simulate writes them") from None
