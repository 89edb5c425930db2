"""What came of a scenario against what it expects, told so that the difference can be seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from difflib import SequenceMatcher
from typing import Any

from gantral.cli.scenarios.model import Expected, Scenario
from gantral.cli.scenarios.play import Played, Reached


def judge(scenario: Scenario, played: Played) -> list[str]:
    """Lines that say what is otherwise than expected; none when all is as it was to be."""
    if scenario.start.refused:
        return played.faults
    told = list(played.faults)
    told += _states(scenario.expected, played.reached)
    told += _effects(scenario, played.effects)
    told += _children(scenario.expected, played)
    told += _end(scenario.expected, played)
    report = played.report
    if report is None:
        told.append("no evidence was left")
    elif report.verdict != "VALID":
        told.append(f"the evidence is {report.verdict}, expected VALID")
        told += [f"  {one.code} at commit {one.commit}: {one.message}" for one in report.findings]
    return told


def _states(expected: Expected, reached: Sequence[Reached]) -> list[str]:
    wanted = expected.transitions
    if wanted is None or list(wanted) == [one.state for one in reached]:
        return []
    lines = ["the transitions differ (- expected, + got):"]
    got = [one.state for one in reached]
    for tag, a, b, c, d in SequenceMatcher(None, wanted, got, autojunk=False).get_opcodes():
        if tag == "equal":
            lines += [_state(" ", one, reached) for one in reached[c:d]]
            continue
        lines += [f"  - {state}" for state in wanted[a:b]]
        lines += [_state("+", one, reached) for one in reached[c:d]]
    return lines


def _state(mark: str, one: Reached, reached: Sequence[Reached]) -> str:
    cause = "" if one.cause == "none" else f"  {one.cause}"
    return f"  {mark} {one.state:<17} {elapsed(one.at - reached[0].at):>9}{cause}"


def _effects(scenario: Scenario, got: Sequence[tuple[str, Any]]) -> list[str]:
    expected = scenario.expected.effects
    if expected is None:
        return []
    wanted_lines = [_call(*one) for one in expected]
    got_lines = [_call(*one) for one in got]
    if scenario.beside:
        wanted_lines.sort()
        got_lines.sort()
    if wanted_lines == got_lines:
        return []
    lines = ["the effects differ (- expected, + got):"]
    matcher = SequenceMatcher(None, wanted_lines, got_lines, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            lines += [f"    {one}" for one in got_lines[c:d]]
        else:
            lines += [f"  - {one}" for one in wanted_lines[a:b]]
            lines += [f"  + {one}" for one in got_lines[c:d]]
    return lines


def _children(expected: Expected, played: Played) -> list[str]:
    if expected.children is None or list(expected.children) == played.children:
        return []
    told = [", ".join(f"{name} {state}" for name, state in one) or "none"
            for one in (expected.children, played.children)]  # fmt: skip
    return [f"children: expected {told[0]}, got {told[1]}"]


def _call(operation: str, arguments: Any) -> str:
    return f"{operation}({json.dumps(arguments, ensure_ascii=False, sort_keys=True)})"


def _end(expected: Expected, played: Played) -> list[str]:
    end = played.end
    if end is None:
        return []
    told = []
    for what, wanted, got in (
        ("end", expected.end, end["state"]),
        ("cause", expected.cause, end["cause"]),
        ("output", expected.output, end["output"]),
    ):
        if wanted is not None and wanted != got:
            told.append(f"{what}: expected {_word(wanted)}, got {_word(got)}")
    if told and end["message"]:
        told.append(f"  its message: {end['message']}")
    return told


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def elapsed(time: timedelta) -> str:
    """A span as people say it: +3.2s, +5m, +24h, +72h1m."""
    seconds = time.total_seconds()
    if seconds < 60:
        return f"+{seconds:.1f}s"
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    return "+" + (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes or not hours else "")
