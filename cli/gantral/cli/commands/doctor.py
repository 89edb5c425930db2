"""``gantral doctor``: one table of what a deployment needs, each line with its remedy."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gantral.cli.failure import CLEAN, FINDINGS
from gantral.cli.settings_said import settings_said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gantral.api.looks import Look
    from gantral.cli.main import Subparsers


def add(subparsers: Subparsers[Any]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "doctor",
        help="what a deployment needs, and what of it is not well",
        description=(
            "Look at every part of a deployment: trust file, store, keys, programs, roles, issuer,"
            " OPA, Temporal, its queues and builds. Exit 1 when one is not well."
        ),
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--settings", default="gantral.toml", metavar="FILE")
    which.add_argument(
        "--env", metavar="NAME", help="the settings of one environment: gantral.NAME.toml"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Print the table: 0 when all is well, 1 when a part is not."""
    import asyncio

    from gantral.api.doctor import examine
    from gantral.runtime.settings import load

    file = Path(args.settings if args.env is None else f"gantral.{args.env}.toml")
    with settings_said(file):
        seen = asyncio.run(examine(load(file)))
    print(_json(seen) if args.format == "json" else _table(seen))
    return FINDINGS if any(look.faults for look in seen) else CLEAN


def _table(seen: Sequence[Look]) -> str:
    wide = max(len(look.part) for look in seen)
    lines: list[str] = []
    for look in seen:
        if not look.faults:
            lines.append(f"ok     {look.part:<{wide}}  {look.found}")
        for fault in look.faults:
            lines.append(f"FAULT  {look.part:<{wide}}  [{fault.rule}] {fault.message}")
            lines.append(f"       {'':<{wide}}  help: {fault.remedy}")
    count = sum(len(look.faults) for look in seen)
    told = "all is well" if not count else f"{count} fault{'s' if count > 1 else ''}"
    return "\n".join([*lines, told])


def _json(seen: Sequence[Look]) -> str:
    return json.dumps(
        [
            {
                "part": look.part,
                "found": look.found,
                "faults": [
                    {"rule": one.rule, "message": one.message, "remedy": one.remedy}
                    for one in look.faults
                ],
            }
            for look in seen
        ],
        indent=2,
        ensure_ascii=False,
    )
