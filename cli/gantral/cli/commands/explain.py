"""``gantral explain``: what a code means, with a spec that triggers it and one that mends it."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from collections.abc import Sequence

from gantral.cli import pages
from gantral.cli.failure import CLEAN, MISUSE, Failure
from gantral.cli.main import Subparsers


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "explain",
        help="what a code means, and how to mend what it names",
        description="Print the pages of codes (LANGUAGE section 11): what is wrong, why it is "
        "refused, a spec that is refused so and the same one mended.",
    )
    parser.add_argument("codes", nargs="*", metavar="CODE", help="like G0301; none: list them all")


def run(args: argparse.Namespace) -> int:
    """Print the pages, or without a code the list of all.

    Raises:
        Failure: there is no such code; nothing is printed then.
    """
    known = pages.codes()
    color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    if not args.codes:
        print(_listed(known, color), end="")
        return CLEAN
    wanted = list(dict.fromkeys(code.upper() for code in args.codes))
    unknown = [code for code in wanted if code not in known]
    if unknown:
        raise Failure(
            f"there is no code {', '.join(unknown)}",
            f"{_nearest(unknown[0], known)}gantral explain lists them all",
            MISUSE,
        )
    width = shutil.get_terminal_size().columns
    print("\n".join(pages.as_text(pages.page(code), width, color) for code in wanted), end="")
    return CLEAN


def _listed(known: Sequence[str], color: bool) -> str:
    out: list[str] = []
    for family, name in pages.FAMILIES.items():
        here = [code for code in known if code.startswith(family)]
        if here:
            head = f"{family}xx {name}"
            out += [f"\x1b[1m{head}\x1b[0m" if color else head]
            out += [f"  {code}  {pages.page(code).title}" for code in here]
            out.append("")
    return "\n".join([*out, "gantral explain CODE tells more."]) + "\n"


def _nearest(code: str, known: Sequence[str]) -> str:
    """The codes that may be meant: by number, else by letters."""
    number = re.fullmatch(r"G?(\d{1,4})", code, re.ASCII)
    if number:
        at = int(number[1])
        near = sorted(known, key=lambda one: (abs(int(one[1:]) - at), one))[:3]
    else:
        import difflib

        near = difflib.get_close_matches(code, known, n=3)
    return f"the nearest are {', '.join(sorted(near))}; " if near else ""
