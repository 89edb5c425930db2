"""``gantral evidence export``: instances out of the store, each as a folder for an auditor."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from gantral.cli.failure import Failure

if TYPE_CHECKING:
    from gantral.cli.main import Subparsers
    from gantral.evidence import Store


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser("evidence", help="hand evidence to an auditor")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    export = actions.add_parser(
        "export",
        help="write instances as closed folders",
        description="Write each instance's evidence as one closed folder, DIR/INSTANCE, that "
        "`gantral verify` judges with no store, server or network. The children that an instance "
        "ran (`run workflow`) are written beside it, theirs too: they are judged together.",
    )
    export.add_argument(
        "instances", nargs="*", metavar="INSTANCE", help="ids or unique beginnings (default: all)"
    )
    export.add_argument("--out", type=Path, required=True, metavar="DIR")
    export.add_argument("--settings", default="gantral.toml", metavar="FILE")


def run(args: argparse.Namespace) -> int:
    """Write the folders; prints each."""
    from gantral.evidence import EvidenceError, StoreError, export_instance
    from gantral.runtime.settings import SettingsError, load
    from gantral.runtime.workers.assembly import open_store

    try:
        settings = load(args.settings)
        store = open_store(settings)
        place = settings.need_evidence().store
    except SettingsError as error:
        raise Failure(f"{args.settings}: {error.key}: {error.why}", error.remedy) from None
    try:
        known = _instances(store)
        if not known:
            raise Failure(
                f"the store {place} holds no instance",
                f"name the deployment's settings with --settings, or look at [evidence] in "
                f"{args.settings}",
            )
        wanted = _chosen(known, args.instances)
        for team, instance in wanted:
            folder = args.out / instance
            ran = [(team, child) for child in export_instance(store, team, instance, folder)]
            # One that has no commit yet was told and not begun.
            wanted += [one for one in ran if one in known and one not in wanted]
            print(folder)
    except (EvidenceError, StoreError) as error:
        raise Failure(f"the evidence can't be exported: {error}") from None
    except OSError as error:
        raise Failure(f"{args.out} can't be written: {error}", "name a new folder") from None
    return 0


def _instances(store: Store) -> list[tuple[str, str]]:
    """Team and id of every instance in the store, sorted."""
    found = {(key.split("/")[0], key.split("/")[1]) for key in store.list("") if "/commits/" in key}
    return sorted(found)


def _chosen(known: list[tuple[str, str]], asked: list[str]) -> list[tuple[str, str]]:
    if not asked:
        return list(known)
    chosen = []
    for start in asked:
        meant = [one for one in known if one[1].startswith(start)]
        if len(meant) != 1:
            several = f"{len(meant)} instances begin" if meant else "no instance begins"
            raise Failure(f"{several} with {start}", "gantral list names them")
        chosen += meant
    return chosen
