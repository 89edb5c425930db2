"""Mends that need no human, applied to specs: `gantral check --fix` (ADR 0073).

Everything is tried in memory first. A file is written when all is decided, in one step, and only if
it is still what was read.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gantral.cli.failure import MISUSE, Failure
from gantral.cli.files import write_whole
from gantral.cli.output import some
from gantral.cli.specs import STDIN, Checked, check_file
from gantral.dsl.diagnostics import Diagnostic
from gantral.dsl.positions import Lines, shown

# A mend may bring the next to light; one that brings itself again would never end.
_ROUNDS = 10


@dataclass(slots=True)
class _Fixing:
    """One file: what is in it, what was mended, and why it was left if it was."""

    number: int
    before: bytes
    now: bytes
    told: list[str] = field(default_factory=list)
    refused: str = ""


def fix(checked: Sequence[Checked]) -> list[Checked]:
    """Apply the sure mends of all files, write those that changed, say what was done on standard
    error, and return the files as they are then. The text of standard input goes to standard
    output.

    Raises:
        Failure: standard input beside files; a file changed meanwhile or can't be written.
    """
    if len(checked) > 1 and any(one.path == STDIN for one in checked):
        raise Failure("--fix mends standard input or files, not both", code=MISUSE)
    files = list(checked)
    given: dict[tuple[object, str], bytes] = {}
    fixings = []
    seen: set[tuple[object, str]] = set()
    for number, one in enumerate(files):
        key = (one.project.root, one.path)
        if key in seen:
            continue
        seen.add(key)
        fixing = _Fixing(number, one.data, one.data)
        fixings.append(fixing)
        if one.led_out:
            fixing.refused = f"{one.name}: a link led to it, and it is outside of the project"
        else:
            _mend(files, fixing, given)
    for fixing in fixings:
        one = files[fixing.number]
        if one.path == STDIN:
            sys.stdout.flush()
            sys.stdout.buffer.write(fixing.now)
            sys.stdout.buffer.flush()
        elif fixing.now != fixing.before:
            _write(one, fixing)
        for line in fixing.told:
            print(f"fixed: {line}", file=sys.stderr)
        if fixing.refused:
            more = "no further" if fixing.told else "not"
            print(f"{more} mended: {fixing.refused}", file=sys.stderr)
    done = sum(len(fixing.told) for fixing in fixings)
    left = len({found for one in files for found in one.shown})
    if done or left:
        print(f"fixed {done} of {some(done + left, 'finding')}", file=sys.stderr)
    return files


def _mend(files: list[Checked], fixing: _Fixing, given: dict[tuple[object, str], bytes]) -> None:
    """Mend one file round by round, as long as neither it nor a file that reads it gets an error
    that it did not have."""
    one = files[fixing.number]
    root, path = one.project.root, one.path
    readers = [
        number
        for number, other in enumerate(files)
        if other.project.root == root and path in other.sources
    ]
    for _ in range(_ROUNDS):
        now = files[fixing.number]
        mends = _apart(found for found in now.analysis.diagnostics if _is_sure(found, path))
        if not mends:
            return
        # What could not be read as it stands has no sure mend, so this text is all of the file.
        text = now.sources[path]
        data = _applied(text, mends).encode()
        trial = {**given, (root, path): data}
        there = {name: held for (home, name), held in trial.items() if home == root}
        again = {number: check_file(one.project, files[number].path, there) for number in readers}
        for number, after in again.items():
            new = _errors(after) - _errors(files[number])
            if new:
                code, message = min(new)
                fixing.refused = (
                    f"{one.name}: {after.name} would then have error[{code}]: {shown(message)}"
                )
                return
        lines = Lines(text)
        for found in mends:
            line, column = lines.place(found.span.start)
            fixing.told.append(f"{one.name}:{line}:{column}: {found.code}: {shown(found.help)}")
        for number, after in again.items():
            files[number] = after
        given[root, path] = fixing.now = data


def _is_sure(found: Diagnostic, path: str) -> bool:
    return (
        found.sure and bool(found.edits) and all(edit.span.source == path for edit in found.edits)
    )


def _apart(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Those whose edits overlap none of an earlier one (two insertions at one place do); the others
    may fit when these are done."""
    taken: list[tuple[int, int]] = []
    out = []
    for one in found:
        spans = [(edit.span.start, edit.span.end) for edit in one.edits]
        if not any(_overlap(mine, other) for mine in spans for other in taken):
            taken += spans
            out.append(one)
    return out


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one == other or (one[0] < other[1] and other[0] < one[1])


def _applied(text: str, mends: Sequence[Diagnostic]) -> str:
    edits = sorted((edit for one in mends for edit in one.edits), key=lambda edit: edit.span)
    pieces, at = [], 0
    for edit in edits:
        pieces += [text[at : edit.span.start], edit.text]
        at = edit.span.end
    return "".join([*pieces, text[at:]])


def _errors(one: Checked) -> Counter[tuple[str, str]]:
    return Counter(
        (found.code, found.message)
        for found in one.analysis.diagnostics
        if found.severity == "error"
    )


def _write(one: Checked, fixing: _Fixing) -> None:
    # Project.read and Project.path_of follow links no further than the root: nothing is written
    # that they would not read.
    if one.project.read(one.path) != fixing.before:
        raise Failure(
            f"{one.name} was changed while it was mended, and is left as it is",
            "run the command again",
        )
    write_whole(one.project.root / one.path, fixing.now)
