"""Programs made by chance, and edits made by chance: where `gantral diff` says that a version is
the same program, the runs that the other came to go on as they went; where it says another, none
goes on unnoticed. With something left out of what diff looks at, a pair shows it."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import pytest
from gantral.cli.failure import Failure
from gantral.cli.specs import Checked
from gantral.compiler.compare import workflow
from gantral.compiler.digest import Tree, meaning
from gantral.compiler.program import Program
from gantral.dsl.convert import other_form
from gantral.dsl.format import format_text
from gantral.dsl.front import TEXT, YAML, read
from gantral.simulation.exploring import Limits
from generator.edits import edited
from hypothesis import settings
from replaying import recorded, replayed, same, written
from simulated import by_chance

# So many programs are made, short ones; two of three are proved, and have runs to play again.
MANY, LENGTH, VERSIONS = settings.default.max_examples // 10, 60, 5
LIMITS = Limits(25, 40)


@dataclass(frozen=True)
class Pair:
    """Two versions, and what is wrong when the runs of the older are played on the newer."""

    what: str
    older: Checked
    newer: Checked
    wrong: Sequence[str]


def in_some_form(text: str, chance: random.Random) -> tuple[str, str, str]:
    """As it stands, laid out, or in YAML: how it is written, the text, and its file's ending."""
    way = chance.choice(("", "", "laid out", "yaml"))
    found = read(f"spec{TEXT}", text)
    if not way or found.file is None:
        return "", text, TEXT
    if way == "laid out":
        return way, format_text(text, found.file), TEXT
    return way, other_form(f"spec{TEXT}", text, found), YAML


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> list[Pair]:
    folder = tmp_path_factory.mktemp("versions")
    chance = random.Random(1)
    found = []
    for spec, text, _ in by_chance(folder, MANY, LENGTH):
        with recorded(spec, text, "sample", LIMITS) as old:
            for _ in range(VERSIONS):
                changed, what = edited(text, chance)
                how, changed, ending = in_some_form(changed, chance)
                try:
                    with written(folder / f"newer{ending}", changed, "sample") as (checked, made):
                        what = f"{spec.stem}: {what} {how}\n{changed}"
                        found.append(Pair(what, old.checked, checked, replayed(old, made)))
                except Failure:
                    pass  # refused: there is nothing to go on with
    return found


@pytest.mark.hypothesis
def test_what_diff_calls_the_same_does_the_same(pairs: list[Pair]) -> None:
    verdicts: Counter[bool] = Counter()
    for one in pairs:
        kept = same(one.older, one.newer)
        assert bool(one.wrong) != kept, (one.what, one.wrong[:1])
        verdicts[kept] += 1
    print(f"{len(pairs)} versions are proved, {verdicts[True]} of them the same program")
    assert len(pairs) > MANY
    assert min(verdicts.values()) >= len(pairs) // 5


@pytest.mark.parametrize("member", ["run", "gates", "services"])
def test_what_diff_does_not_look_at_is_missed(pairs: list[Pair], member: str) -> None:
    def blind(program: Program) -> str:
        return json.dumps(_without(meaning(program), member), sort_keys=True)

    with patch.object(workflow, "program_digest", blind):
        assert any(one.wrong and same(one.older, one.newer) for one in pairs)


def _without(tree: Tree, member: str) -> Any:
    assert isinstance(tree, dict)
    return {name: part for name, part in tree.items() if name != member}
