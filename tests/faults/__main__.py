"""``python tests/faults``: every fault at every step, and the table."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from soaking.faults import schedule
from soaking.people import COURSES
from soaking.running import run
from soaking.table import broken, table
from soaking.world import open_world


def main() -> int:
    """0 when every rule holds."""
    parser = argparse.ArgumentParser(prog="python tests/faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the order of the faults")
    parser.add_argument("--each", type=int, default=2, help="instances of each course a fault")
    parser.add_argument("--at-once", type=int, default=10, help="instances at work at once")
    parser.add_argument("--most", type=int, default=None, help="only so many faults")
    parser.add_argument("--only", default="", help="only faults whose words hold this text")
    parser.add_argument("--patience", type=float, default=100, help="seconds people wait")
    parser.add_argument("--crowds", type=int, default=6, help="gates at which 32 decide at once")
    parser.add_argument("--table", type=Path, help="write the table there")
    parser.add_argument("--folder", type=Path, help="keep everything there")
    args = parser.parse_args()
    faults = [one for one in schedule(args.seed) if args.only in f"{one.name}, {one.at}"]
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {line}", file=sys.stderr, flush=True)

    with open_world(args.folder) as world:
        rows = asyncio.run(
            run(
                world,
                faults[: args.most],
                seed=args.seed,
                courses=COURSES * args.each,
                at_once=args.at_once,
                crowds=args.crowds,
                patience=args.patience,
                say=say,
            )
        )
    told = table(rows)
    print(told)
    if args.table:
        args.table.write_text(told + "\n", "utf-8")
    wrong = broken(rows)
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


status = main()
sys.stdout.flush()
# Temporal's native core can crash an interpreter that ends the usual way.
os._exit(status)
