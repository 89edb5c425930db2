"""``gantral evidence show``: what evidence says, in plain words, as a page, or as a table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from gantral.cli.failure import CLEAN, FINDINGS, MISUSE, Failure

if TYPE_CHECKING:
    from gantral.cli.handing.sources import Population, Source
    from gantral.cli.handing.telling import Part, Story
    from gantral.cli.main import Subparsers
    from gantral.evidence import TrustFile
    from gantral.evidence.folder import Files

# Who signed it is not known, or in what words: it may be anybody's tale.
_UNVOUCHED = frozenset({"key_unknown", "version"})


def add(actions: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    show = actions.add_parser(
        "show",
        help="tell what evidence says: who saw what, decided what, and what was done",
        description="Judge evidence as `gantral verify` does, then tell it: in plain words, as a "
        "page that needs no network, or as a table. Nothing is told of what is INVALID. "
        "`gantral show` asks the server for what waits now; this asks the evidence alone. "
        "Exit 1 when anything is INVALID.",
    )
    show.add_argument(
        "evidence",
        metavar="EVIDENCE",
        help="a bundle, the folder of an instance, or an instance of the store (its id or the "
        "beginning of it)",
    )
    show.add_argument(
        "--trust", type=Path, metavar="FILE", help="the trust file (of the store: its settings')"
    )
    form = show.add_mutually_exclusive_group()
    form.add_argument("--page", type=Path, metavar="FILE", help="write a page, FILE.html")
    form.add_argument("--csv", action="store_true", help="a table, one row an instance")
    show.add_argument("--sample", type=int, metavar="N", help="only N instances, drawn by --seed")
    show.add_argument(
        "--seed", metavar="TEXT", help="of the sample: the same text draws the same instances"
    )
    show.add_argument("--settings", default="gantral.toml", metavar="FILE")


def run(args: argparse.Namespace) -> int:
    """Tell it."""
    from gantral.cli.commands.verify import read_trust
    from gantral.cli.handing.sources import draw
    from gantral.cli.handing.stored import source_of

    if (args.sample is None) != (args.seed is None) or (
        args.sample is not None and args.sample < 1
    ):
        raise Failure(
            "--sample N and --seed TEXT go together, and N is at least 1",
            "take a seed that nobody could choose the sample by",
            MISUSE,
        )
    try:
        source, ours = source_of(args.evidence, args.settings)
        named: Path | None = args.trust or ours
        if named is None:
            raise Failure("whose signatures count?", "name the trust file with --trust", MISUSE)
        trust = read_trust(named)
        population = source.population(trust)
        wanted = draw(source.ids(), args.sample, args.seed) if args.sample else None
        telling = _Telling(source, trust, population, wanted)
        if args.csv:
            telling.table(sys.stdout)
        elif args.page:
            with args.page.open("x", encoding="utf-8") as out:
                telling.page(out, f"Evidence: {Path(args.evidence).name}")
            print(args.page)
        else:
            telling.plain(sys.stdout)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Failure(f"{error.filename or args.evidence}: {error.strerror}", "", MISUSE) from None
    return FINDINGS if population.invalid else CLEAN


class _Telling:
    def __init__(
        self, source: Source, trust: TrustFile, population: Population, wanted: set[str] | None
    ) -> None:
        self._source = source
        self._trust = trust
        self._population = population
        self._wanted = wanted

    def _each(self) -> Iterator[tuple[str, Files]]:
        for instance_id, files in self._source.again():
            if self._wanted is None or instance_id in self._wanted:
                yield instance_id, files

    def _story(self, instance_id: str, files: Files) -> Story | None:
        """None where nothing may be believed, or too little is there to tell anything."""
        from gantral.cli.handing.telling import tell
        from gantral.evidence import EvidenceError

        judged = self._population.of(instance_id)
        if judged.verdict == "INVALID" or any(code in _UNVOUCHED for code, _ in judged.findings):
            return None
        try:
            return tell(files)
        except (EvidenceError, LookupError):
            if judged.verdict == "VALID":
                raise
            return None

    def _shown(self) -> int:
        return self._population.count if self._wanted is None else len(self._wanted)

    def table(self, out: TextIO) -> None:
        """As CSV."""
        from gantral.cli.handing.plain import completeness
        from gantral.cli.handing.population import Table

        table = Table(out)
        here = set()
        told = self._population.told
        for instance_id, files in self._source.again():
            if instance_id in told:
                here.add(instance_id)
            if self._wanted is None or instance_id in self._wanted:
                story = self._story(instance_id, files)
                table.instance(instance_id, self._population.of(instance_id), story)
        for child in sorted(told.keys() - here) if self._wanted is None else ():
            table.absent(child, told[child])
        for severity, code, message in self._population.whole:
            print(f"{severity}[{code}] {message}", file=sys.stderr)
        print(completeness(self._population), file=sys.stderr)

    def plain(self, out: TextIO) -> None:
        """As text."""
        from gantral.cli.handing.plain import ground, lines, summary

        for part in (ground(self._trust), summary(self._population, self._shown())):
            print("\n".join(lines(part)), file=out)
        for instance_id, files in self._each():
            print(f"\n# {instance_id}", file=out)
            for part in self._parts(instance_id, files, whole=False):
                print("\n".join(lines(part)), file=out)

    def page(self, out: TextIO, title: str) -> None:
        """As a page."""
        from gantral.cli.handing.page import head, instance, section
        from gantral.cli.handing.plain import ground, summary

        out.write(head(title))
        for part in (ground(self._trust), summary(self._population, self._shown())):
            out.writelines(section(part, 2))
        for instance_id, files in self._each():
            out.writelines(instance(instance_id, self._parts(instance_id, files, whole=True)))

    def _parts(self, instance_id: str, files: Files, *, whole: bool) -> list[Part]:
        """``whole``: with the texts of specs and policies, which fill pages."""
        from gantral.cli.handing.plain import about, texts, verdict
        from gantral.cli.handing.telling import Part

        parts = [verdict(self._population.of(instance_id))]
        story = self._story(instance_id, files)
        if story is None:
            parts.append(Part("Nothing is told: nobody vouches for it, or too little can be read"))
        else:
            parts += [about(story), *story.parts]
            parts += texts(story, self._beside, whole=whole)
        return parts

    @property
    def _beside(self) -> dict[str, bytes]:
        if not hasattr(self, "_texts"):
            self._texts = self._source.texts()
        return self._texts
