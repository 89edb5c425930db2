"""``gantral show``: one instance, whole."""

from __future__ import annotations

import argparse
from typing import Any

from gantral.cli import remote
from gantral.cli.main import Subparsers


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "show", help="one instance: what it waits for, who may decide, what a yes sets off"
    )
    parser.add_argument("instance", metavar="INSTANCE", help="its id, or the beginning of it")
    remote.options(parser)


def run(args: argparse.Namespace) -> int:
    """Print the instance."""
    view = remote.connect(args).instance(args.instance)
    return remote.emit(args, view, describe(view))


def describe(view: dict[str, Any]) -> str:
    """The instance in words."""
    lines = [
        remote.bold(view["title"]),
        f"  {view['state']}{_cause(view)}",
        f"  {view['workflow']} {view['workflow_version']}, instance {view['instance_id']}",
        f"  asked for by {view['requested_by']} at {view['requested_at']}",
    ]
    if view["started_from"] != "none":
        lines.append(f"  started from {view['started_from']}")
    if view["message"]:
        lines.append(f"  {view['message']}")
    if view["waiting"]:
        lines += _gate(view["waiting"])
    for wait in view["awaiting"]:
        lines += _wait(wait)
    lines += _comments(view["comments"])
    lines += _pairs("output", view["output"])
    if view["standing"]:
        lines += ["", remote.bold("these effects stand"), *(f"  {one}" for one in view["standing"])]
    lines += ["", remote.bold("what happened")]
    for one in view["history"]:
        told = f"  {one['at']}  {one['state']}"
        told += "" if one["gate"] == "none" else f" {one['gate']} {one['round']}"
        told += _cause(one)
        lines.append(told + ("" if one["who"] == "none" else f" by {one['who']}"))
    for one in view["events"]:
        lines.append(f"  {one['at']}  event {one['event']} at {one['wait']} by {one['who']}")
    if view["refused"]:
        lines += ["", remote.bold("what was refused")]
        lines += [
            f"  {one['at']}  {'somebody' if one['who'] == 'none' else one['who']}:"
            f" {one['message']} [{one['rule']}]"
            for one in view["refused"]
        ]
    return "\n".join(lines)


def _cause(one: dict[str, Any]) -> str:
    """The cause, where it says more than the state does."""
    return "" if one["cause"] in ("none", one["state"].lower()) else f", {one['cause']}"


def _comments(comments: list[dict[str, Any]]) -> list[str]:
    if not comments:
        return []
    lines = ["", remote.bold(f"comments: {len(comments)}")]
    for one in comments:
        said = one["text"].replace("\n", "\n    ")
        lines.append(f"  {one['at']}  {one['who']} at {one['gate']} {one['round']}: {said}")
    return lines


def _wait(wait: dict[str, Any]) -> list[str]:
    lines = ["", remote.bold(f"waits for an event, at {wait['wait']}")]
    lines += [f"  {one['event']}, sent by {' or '.join(one['from'])}" for one in wait["events"]]
    lines.append(f"  until {wait['deadline']}; then it goes on without")
    mine = [one["event"] for one in wait["events"] if one["yours"]]
    return [*lines, *(["", f"you may send it: gantral send … {' | '.join(mine)}"] if mine else [])]


def _gate(gate: dict[str, Any]) -> list[str]:
    lines = ["", remote.bold(f"waits at gate {gate['gate']}, round {gate['round']}")]
    if gate["ask"]:
        lines.append(f"  this is {gate['ask']}")
    lines.append(f"  who decides: {gate['who_decides']}")
    lines += [f"  not: {one}" for one in gate["not"]]
    lines += [f"  {_case(one)}" for one in gate["cases"]]
    lines += [f"  {one} can reject it" for one in gate["veto"]]
    if gate["guard"]:
        lines.append(f"  policy {gate['guard']} is asked about what is decided, and may reject it")
    if gate["assurance"] != "none":
        lines.append(f"  a sign-in with {gate['assurance']} is needed")
    lines.append(f"  until {gate['deadline']}; silence is rejection")
    lines += ["", remote.bold("if the answer is yes")]
    if not gate["sets_off"]:
        lines.append("  the workflow goes on; no effect can act under it")
    for plan in gate["sets_off"]:
        lines.append(f"  {plan['operation']} {plan['times']}. {plan['undo']}")
        lines += [f"    {one['name']}: {one['value']}" for one in plan["arguments"]]
    lines += ["", remote.bold("what is asked")]
    lines += [f"  {one['label']}: {one['value']}" for one in gate["proposal"]]
    if gate["amend"]:
        lines += ["", remote.bold("what may be changed")]
        lines += [f"  {one['pointer']}: {one['rule']}" for one in gate["amend"]]
    lines += ["", remote.bold(f"votes so far: {len(gate['votes'])}")]
    for one in gate["votes"]:
        changes = ", ".join(f"{each['label']} {each['value']}" for each in one["amendment"])
        lines.append(f"  {one['who']} {one['words']}{f' ({changes})' if changes else ''}:"
                     f" {one['reason']}")  # fmt: skip
    you = gate["you"]
    if you["may"] == "amend":
        lines += ["", "you may decide with a change alone: gantral decide … --amend …"]
    elif you["may"] != "no":
        lines += ["", "you may decide: gantral decide … --approve | --amend … | --reject"]
    elif you["why"]:
        lines += ["", f"you can't decide this: {you['why']}"]
    return lines


def _case(case: dict[str, str]) -> str:
    """A case of `decide`, and whether what was asked or a change that was voted for is in it."""
    when = "otherwise" if case["when"] == "always" else f"when {case['when']}"
    now = {"asked": "what was asked", "change": "a change", "both": "what was asked, and a change"}
    said = now.get(case["now"])
    return f"{when}: {case['who']}{f' (now: {said})' if said else ''}"


def _pairs(name: str, values: dict[str, str]) -> list[str]:
    if not values:
        return []
    return ["", remote.bold(name), *(f"  {key}: {value}" for key, value in values.items())]
