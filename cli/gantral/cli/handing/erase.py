"""``gantral evidence erase`` and ``expire``: erase texts, and leave a signed record of it."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from gantral.cli.failure import CLEAN, FINDINGS, MISUSE, Failure
from gantral.cli.handing.plain import printable
from gantral.cli.handing.signing import desk

if TYPE_CHECKING:
    from gantral.cli.main import Subparsers
    from gantral.evidence.erasable import Erasable
    from gantral.evidence.erasing import Instance

_NOT = (
    "Not reached: bundles and disclosures that were handed out, backups and copies of the texts,"
    " what operations with `as` left in Temporal's history (docs/evidence/erasure.md)."
)


def add(actions: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    erase = actions.add_parser(
        "erase",
        help="erase texts of an instance; its verdict stands",
        description="Put a signed record that names the texts, then delete them. The instance must "
        "have ended and be under no legal hold. Whatever was begun and not finished is finished.",
    )
    erase.add_argument("instance", metavar="INSTANCE", help="its id, or the beginning of it")
    which = erase.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--pointer",
        action="append",
        metavar="POINTER",
        help="texts at it or below, as contexts name them: /input/customer (repeatable)",
    )
    which.add_argument(
        "--personal",
        action="store_true",
        help="what the program marks personal, names, reasons, the business key",
    )
    which.add_argument(
        "--actor",
        metavar="ACTOR",
        help="one person's name and reasons, and fields that hold this person: actor:… or the name",
    )
    which.add_argument("--all", action="store_true", help="every text")
    erase.add_argument(
        "--reason",
        required=True,
        metavar="TEXT",
        help="why; it is signed and never erased, so let it say nothing personal",
    )
    _options(erase)
    expire = actions.add_parser(
        "expire",
        help="erase the texts of instances whose retention is over",
        description="Erase every text of each instance that has ended and whose sealed "
        "`retain_until` is past. One that has none, or is under a legal hold, stays. Exit 1 when "
        "one was due and could not be erased.",
    )
    expire.add_argument("--team", metavar="TEAM", help="only instances of this team")
    _options(expire)


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="say what would be erased")
    parser.add_argument("--settings", default="gantral.toml", metavar="FILE")


def run(args: argparse.Namespace) -> int:
    """Erase what was asked for of one instance."""
    from gantral.evidence.erasing import Standing

    at = desk(args.settings, sign=not args.dry_run)
    reason = reason_of(args.reason)
    with at.failures("nothing can be erased"):
        team, instance_id = at.instance(args.instance)
        try:
            one = at.eraser.look(team, instance_id)
            chosen = [text for text in one.texts if _wanted(args, one.texts, text)]
            at.eraser.free(one)
            _list(one, chosen)
            if args.dry_run:
                return CLEAN
            if chosen or one.begun:
                at.eraser.erase(one, chosen, reason, now(), at.need_key())
        except Standing as standing:
            raise Failure(
                f"{instance_id}: nothing is erased: {standing}", standing.remedy
            ) from None
    print(f"{len(chosen) + len(one.begun)} texts erased")
    print(_NOT, file=sys.stderr)
    return CLEAN


def expire(args: argparse.Namespace) -> int:
    """Erase every text of what need not be kept any longer."""
    from gantral.evidence.erasing import Standing
    from gantral.evidence.pack import Asked, instances

    at, status = desk(args.settings, sign=not args.dry_run), CLEAN
    with at.failures("nothing more can be erased"):
        for team, instance_id in instances(at.store, Asked(team=args.team or "none")):
            if not at.eraser.due(team, instance_id, now()):
                continue
            try:
                one = at.eraser.look(team, instance_id)
                if not one.texts and not one.begun:
                    continue
                at.eraser.free(one)
                if not args.dry_run:
                    reason = f"retained until {one.retain_until}"
                    at.eraser.erase(one, one.texts, reason, now(), at.need_key())
            except Standing as standing:
                print(f"{team} {instance_id} stays: {standing}", file=sys.stderr)
                status = FINDINGS
                continue
            count = len(one.texts) + len(one.begun)
            would = "would be erased" if args.dry_run else "erased"
            print(f"{team} {instance_id} retained until {one.retain_until}: {count} texts {would}")
    return status


def now() -> str:
    """This instant, as evidence writes it."""
    from gantral.evidence.forms import instant_text

    return instant_text(time.time_ns() // 1_000_000)


def reason_of(given: str) -> str:
    """A reason that may be signed. Raises Failure."""
    if not given.strip() or len(given) > 500 or printable(given) != given or "\n" in given:
        raise Failure("--reason is one line of 1 to 500 characters", "say why", MISUSE)
    return given


def _wanted(args: argparse.Namespace, texts: list[Erasable], one: Erasable) -> bool:
    if args.pointer:
        return any(one.at(pointer) for pointer in args.pointer)
    if args.actor:
        meant = {args.actor} | {
            text.actor
            for text in texts
            if text.path.startswith("/identity/") and text.value == args.actor
        }
        return one.actor in meant
    return bool(args.all or one.personal)


def _list(one: Instance, chosen: list[Erasable]) -> None:
    """Where the texts stand, never what they say: that would be one more copy."""
    print(f"{one.team} {one.instance_id}: {len(chosen)} of {len(one.texts)} texts")
    for text in chosen:
        print(f"  {text.path}")
    if one.begun:
        print(f"  and {len(one.begun)} whose erasure was begun and not finished")
    for child in one.children:
        print(f"  it ran the child {child}, which has texts of its own", file=sys.stderr)
