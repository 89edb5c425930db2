"""``python tests/faults``: every fault at every step, and the table."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from soaking.faults import schedule
from soaking.running import run
from soaking.table import broken, table
from soaking.world import open_world

_RUN, _END = "<!-- run -->", "<!-- end -->"


def main() -> int:
    """0 when every rule holds."""
    parser = argparse.ArgumentParser(prog="python tests/faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the order of the faults")
    parser.add_argument("--each", type=int, default=14, help="instances a fault")
    parser.add_argument("--at-once", type=int, default=10, help="instances at work at once")
    parser.add_argument("--most", type=int, default=None, help="only so many faults")
    parser.add_argument("--only", default="", help="only faults whose words hold this text")
    parser.add_argument("--patience", type=float, default=100, help="seconds people wait")
    parser.add_argument("--crowds", type=int, default=6, help="gates at which 32 decide at once")
    parser.add_argument("--page", type=Path, help="put the table into this page")
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
                each=args.each,
                at_once=args.at_once,
                crowds=args.crowds,
                patience=args.patience,
                say=say,
            )
        )
    told = table(rows)
    print(told)
    if args.page:
        minutes = (time.monotonic() - began) / 60
        about = (
            f"{datetime.now(UTC):%Y-%m-%d}, seed {args.seed}, {os.cpu_count()} cores,"
            f" {args.at_once} instances at work at once, {minutes:.0f} minutes.\n\n"
        )
        before, _, rest = args.page.read_text("utf-8").partition(_RUN)
        after = rest.partition(_END)[2]
        args.page.write_text(f"{before}{_RUN}\n{about}{told}\n{_END}{after}", "utf-8")
    wrong = broken(rows)
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


status = main()
sys.stdout.flush()
# Temporal's native core can crash an interpreter that ends the usual way.
os._exit(status)
