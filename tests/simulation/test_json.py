"""A `json` that is read as a record: simulate has values of it that fit, and one that does not."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from gantral.cli.simulating.code import code, read
from gantral.cli.simulating.exploring import scene
from gantral.simulation import Simulation
from gantral.simulation.exploring import Limits, explore
from gantral.simulation.exploring.shaped import shape_of
from simulated import HEAD

HELD = """\
  name: string(max: 9), amount: decimal(scale: 2, min: 5, max: 20), kind: "a" | "b" , on: date,
  more: list(min: 1, max: 2) of int(max: 7), who: person, long: duration(max: 2h), at: instant,
  free: json, plain: list(max: 3) of string, maybe: bool?,
  inner: { code: string(pattern: "[A-Z]{3}") }
"""
SPEC = (
    HEAD
    + f"""\
type Held = {{ {HELD} }}
workflow trial version "1.0.0" {{
  team payments
  start by clerk
  input  {{ data: json, same: Held }}
  output {{ how: string }}
  run {{
    let held: Held = input.data
    require held.amount > 7.50 else "too little"
    complete {{ how: held.name }}
  }}
}}
"""
)


def test_values_fit_the_record_that_it_is_read_as(tmp_path: Path) -> None:
    spec = tmp_path / "trial.gantral"
    spec.write_text(SPEC, "utf-8")
    with code(read(str(spec)), "trial", None) as made, scene(made, "trial") as staged:
        (program,) = staged.deployment.programs.values()
        types = import_module(f"{program.package}.workflow")
        fields = {name: shape for name, shape, _ in program.manifest["input"][1]}
        assert _unmarked(shape_of(types.Held)) == _unmarked(fields["same"])
        story = Simulation(staged.deployment)
        found = explore(staged.world, story.fork, "trial", staged.inputs, Limits(100, 100))
    assert found.whole
    assert {(end.state, end.cause) for end in found.ends} == {
        ("COMPLETED", "completed"),
        ("TERMINATED", "action_failed"),
        ("TERMINATED", "terminated_by_spec"),
    }


def _unmarked(shape: object) -> object:
    """Without what says which fields are personal: a `json` is or is not as a whole."""
    if isinstance(shape, list) and shape[0] == "record":
        return [shape[0], [[name, _unmarked(inner)] for name, inner, _ in shape[1]]]
    return [_unmarked(one) for one in shape] if isinstance(shape, list) else shape
