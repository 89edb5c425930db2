"""The generated packages that are simulated: made anew from the spec, or found in a folder."""

from __future__ import annotations

import contextlib
import secrets
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from gantral.cli.failure import MISUSE, Failure
from gantral.cli.specs import Checked, proved
from gantral.compiler.generate import generate
from gantral.compiler.program import Program
from gantral.runtime import programs


@dataclass(frozen=True)
class Code:
    """Importable packages by workflow, those of its children too, and what they are made of."""

    packages: Mapping[str, str]
    texts: Mapping[str, str]  # workflow -> workflow.py
    digest: str


def workflows(checked: Checked) -> list[str]:
    """The workflows of a spec, in its order."""
    return [one.name for one in checked.analysis.programs]


def read(spec: str) -> Checked:
    """The spec, proved. Raises Failure."""
    return proved(spec)


@contextlib.contextmanager
def code(checked: Checked, workflow: str, folder: Path | None) -> Iterator[Code]:
    """The packages of a workflow and of its children, importable while it lasts.

    Args:
        folder: where they lie, one folder a workflow; None: they are generated anew.

    Raises:
        Failure: there is no such workflow, or a package can't be had.
    """
    known = {one.name: one for one in checked.analysis.programs}
    if workflow not in known:
        names = ", ".join(known)
        raise Failure(f"{checked.name}: there is no workflow {workflow}", f"name {names}", MISUSE)
    family = _family(known[workflow])
    with tempfile.TemporaryDirectory(prefix="gantral-simulate-") as scratch:
        # Python keeps modules by name: another simulation in this process has others.
        parent = f"simulated_{secrets.token_hex(4)}"
        texts = {}
        for program in family:
            files = _made(checked, program) if folder is None else _found(folder, program.name)
            target = Path(scratch) / parent / program.name
            target.mkdir(parents=True)
            for name, data in files.items():
                (target / name).write_bytes(data)
            texts[program.name] = files["workflow.py"].decode()
        sys.path.insert(0, scratch)
        try:
            packages = {one.name: f"{parent}.{one.name}" for one in family}
            for package in packages.values():
                try:
                    programs.load(package)
                except programs.ProgramError as error:
                    raise Failure(str(error)) from None
            digest = sha256("\n".join(texts[name] for name in sorted(texts)).encode())
            yield Code(packages, texts, digest.hexdigest())
        finally:
            sys.path.remove(scratch)


def _family(program: Program) -> Sequence[Program]:
    found = [program]
    for one in found:
        found += [each for each in one.children.values() if each.name not in
                  {other.name for other in found}]  # fmt: skip
    return found


def _made(checked: Checked, program: Program) -> Mapping[str, bytes]:
    made = generate(program, checked.sources)
    if made.diagnostics:
        raise Failure(f"{checked.name}: {made.diagnostics[0].message}", "gantral compile says more")
    return made.files


def _found(folder: Path, workflow: str) -> Mapping[str, bytes]:
    try:
        files = {one.name: one.read_bytes() for one in sorted((folder / workflow).iterdir())
                 if one.is_file()}  # fmt: skip
    except OSError as error:
        raise Failure(
            f"{folder / workflow} can't be read: {error.strerror}",
            "name the folder that gantral compile writes to (generate.to)",
            MISUSE,
        ) from None
    if "workflow.py" not in files:
        raise Failure(f"{folder / workflow} is no generated package", "gantral compile", MISUSE)
    return files
