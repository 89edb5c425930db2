"""Choices and times in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from gantral.simulation.exploring import Choice

_VOTES = {
    "APPROVE": "approves",
    "OVERRIDE": "amends",
    "REJECT": "rejects",
    "RETRACT": "takes their vote back",
    "WITHDRAW": "withdraws",
}


def said(choice: Choice) -> str:
    """One line about a choice."""
    of = choice.of
    do = choice.do
    if do == "start":
        return f"{of['by']} starts {of['workflow']} with {_json(of['input'])}"
    if do == "answer":
        given = "" if of["result"] is None else f" with {_json(of['result'])}"
        return f"{_call(of)} answers{given}"
    if do == "fails":
        how = "nothing was done" if of["happened"] == "no" else "nobody knows what was done"
        return f"{_call(of)} fails: {how}"
    if do == "lost":
        return f"{_call(of)} gets no answer, in no attempt"
    if do == "left":
        return f"{_call(of)} is taken by no worker in time"
    if do == "says":
        about = " about what was decided" if of["decided"] else ""
        return f"the policies of {of['gate']} say {', '.join(of['words'])}{about}"
    if do == "vote":
        amendment = of.get("amendment")
        what = (
            ""
            if not amendment
            else " " + ", ".join(f"{path} to {value}" for path, value in sorted(amendment.items()))
        )
        return f"{of['by']} {_VOTES[of['kind']]}{what} at {of['gate']}"
    if do == "send":
        return f"{of['by']} sends {of['event']} {_json(of['data'])}"
    if do == "passes":
        return "the last moment before what comes next" if of["late"] else "time passes"
    return "somebody cancels it"


def lasting(span: timedelta) -> str:
    """A duration as people say it: ``3d 13m 17.997s``."""
    whole = span // timedelta(milliseconds=1)
    parts = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000)):
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count}{unit}")
    if whole or not parts:
        seconds, rest = divmod(whole, 1000)
        parts.append(f"{seconds}.{rest:03d}s" if rest else f"{seconds}s")
    return " ".join(parts)


def _call(of: Mapping[str, Any]) -> str:
    return f"the undo of {of['site']}" if of.get("undo") else str(of["operation"])


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
