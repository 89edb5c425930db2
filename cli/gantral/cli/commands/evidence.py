"""``gantral evidence``: hand evidence to an auditor, tell what it says, erase texts of it."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from gantral.cli.failure import MISUSE, Failure
from gantral.cli.handing import disclose, erase, hold, show, stamped
from gantral.cli.handing.stored import chosen, evidence_of, log_of, settings_of, store_of

if TYPE_CHECKING:
    from gantral.cli.main import Subparsers
    from gantral.evidence.log_proofs import LogProofs
    from gantral.evidence.pack import Asked, Instance
    from gantral.evidence.places import Place

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser("evidence", help="hand evidence to an auditor, erase texts")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    export = actions.add_parser(
        "export",
        help="write instances into one file",
        description="Write the evidence of instances into one file, a bundle, that `gantral "
        "verify` judges with no store, server or network; `tar xf` unpacks it into a folder each. "
        "The children that an instance ran (`run workflow`) go along. So do the specs, policies "
        "and role maps that the evidence names by digest, as far as they are at hand. With [log] "
        "in the settings proofs of the transparency log go along, and without INSTANCE and --since "
        "all of its entries, which show whether these are all instances that there were; without "
        "it nothing does.",
    )
    export.add_argument(
        "instances", nargs="*", metavar="INSTANCE", help="ids or unique beginnings (default: all)"
    )
    export.add_argument("--team", metavar="TEAM", help="only instances of this team")
    export.add_argument(
        "--since",
        metavar="DATE",
        help="only instances started then or later (UTC); no log shows a part to be complete",
    )
    export.add_argument("--out", required=True, metavar="FILE", help="a new file, or - for stdout")
    export.add_argument(
        "--texts",
        action="append",
        default=[],
        type=Path,
        metavar="PROJECT",
        help="a project whose specs, policies and gantral.toml are looked through for what the "
        "evidence names (repeatable; default: where the settings lie)",
    )
    export.add_argument("--settings", default="gantral.toml", metavar="FILE")
    show.add(actions)
    disclose.add(actions)
    stamped.add(actions)
    erase.add(actions)
    hold.add(actions)


def run(args: argparse.Namespace) -> int:
    """Do what was asked."""
    doing = {
        "export": _export,
        "show": show.run,
        "disclose": disclose.run,
        "stamped": stamped.run,
        "erase": erase.run,
        "expire": erase.expire,
        "hold": hold.run,
        "release": hold.run,
    }
    return doing[args.action](args)


def _export(args: argparse.Namespace) -> int:
    """Write the bundle; prints what it holds to stderr."""
    from gantral.cli.handing.texts import at_hand
    from gantral.evidence import EvidenceError, StoreError
    from gantral.evidence.pack import Asked, instances, pack, with_children

    settings = settings_of(args.settings)
    store, place = store_of(settings), evidence_of(settings).store
    log = log_of(settings)
    asked = Asked(bool(args.instances), args.team or "none", _since(args.since))
    projects = args.texts or [Path(args.settings).parent]
    found = [folder / "gantral.toml" for folder in args.texts]
    deployments = [settings, *(settings_of(str(file)) for file in found if file.is_file())]
    try:
        known = instances(store, asked)
        if not known:
            raise _none(place, asked, args.settings)
        wanted = known
        if args.instances:
            wanted = sorted(with_children(store, chosen(known, args.instances), known))
        with _new(args.out) as file:
            lacking = pack(
                file,
                store,
                wanted,
                asked,
                lambda named: at_hand(named, projects, deployments),
                log,
            )
    except (EvidenceError, StoreError) as error:
        raise Failure(f"the evidence can't be exported: {error}") from None
    except OSError as error:
        raise Failure(f"{args.out} can't be written: {error}", "name a new file") from None
    _say(wanted, lacking, _completeness(asked, log))
    return 0


def _completeness(asked: Asked, log: LogProofs | None) -> str:
    if log is None:
        return (
            "Completeness is not shown: without a transparency log nothing says that the store"
            " held no other."
        )
    seen = log.seen
    where = f"the log {seen.origin}, as of its checkpoint {seen.size}"
    if asked.named or asked.since != "none":
        return (
            f"Proofs of {where} go along; completeness can't be shown of a part: for that leave out"
            " --since and INSTANCE."
        )
    return f"All entries of {where}, go along: a verifier lists what is absent."


def _since(given: str | None) -> str:
    from gantral.evidence import forms

    if given is None:
        return "none"
    instant = f"{given}T00:00:00.000Z" if _DATE.match(given) else given
    if not forms.is_instant(instant):
        raise Failure(
            f"--since {given}: no date",
            "write 2026-11-26, or an instant as evidence has it: 2026-11-26T09:00:00.000Z",
            MISUSE,
        )
    return instant


def _none(place: Place, asked: Asked, settings: str) -> Failure:
    narrowed = f" of team {asked.team}" if asked.team != "none" else ""
    narrowed += f" started since {asked.since}" if asked.since != "none" else ""
    return Failure(
        f"the store {place} holds no instance{narrowed}",
        f"name the deployment's settings with --settings, or look at [evidence] in {settings}",
    )


@contextmanager
def _new(out: str) -> Iterator[BinaryIO]:
    """A file that was not there, whole or not at all; or standard output."""
    if out == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    # Exclusive: evidence that was handed out before is never written over.
    path = Path(out)
    file = path.open("xb")
    try:
        with file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _say(wanted: list[Instance], lacking: set[str], completeness: str) -> None:
    words = {"policies": "policy", "roles": "role map", "specs": "spec of program"}
    for team, instance in sorted(wanted):
        print(f"{team} {instance}", file=sys.stderr)
    for name in sorted(lacking):
        kind, _, digest = name.partition("/")
        print(f"not at hand, so not in it: {words[kind]} {digest} (--texts)", file=sys.stderr)
    some = f"{len(wanted)} instance{'' if len(wanted) == 1 else 's'}"
    print(f"{some}. {completeness}", file=sys.stderr)
