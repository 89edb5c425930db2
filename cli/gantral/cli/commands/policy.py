"""``gantral policy build``: the bundle that OPA serves, with the revision that evidence names."""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

from gantral.cli.failure import Failure
from gantral.cli.main import Subparsers
from gantral.cli.tools.opa import opa

_KINDS = (".rego", "data.json", "data.yaml", "data.yml")


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser("policy", help="build the policy bundle that OPA serves")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    build = actions.add_parser(
        "build",
        help="check, test and bundle a folder of policies",
        description="Check the folder strictly, run its tests, and write one bundle whose revision "
        "is the digest of its files. The same files give the same revision on any machine.",
    )
    build.add_argument("folder", type=Path, help="the folder of .rego files")
    build.add_argument(
        "-o", "--output", type=Path, default=Path("build/policy/bundle.tar.gz"), metavar="FILE"
    )


def run(args: argparse.Namespace) -> int:
    """Write the bundle; prints its revision."""
    print(build_bundle(args.folder, args.output))
    return 0


def build_bundle(folder: Path, output: Path) -> str:
    """Check, test and bundle the policies of ``folder`` into ``output``; returns the revision.

    Raises:
        Failure: there is no policy, OPA finds fault with one, a test fails, a file can't be
            written. ``output`` is then as it was.
        ToolMissing: OPA could not be had.
    """
    # Only here: it needs the runtime's own dependencies.
    from gantral.policy import policy_version_id

    files = policy_files(folder)
    command = opa()
    _opa("does not pass opa check --strict", [command, "check", "--strict", folder])
    if any(folder.rglob("*_test.rego")):
        _opa("fails its own tests", [command, "test", folder])
    revision = policy_version_id(files)
    with tempfile.TemporaryDirectory() as scratch:
        # Bundle what was digested, not what lies in the folder by then.
        stage = Path(scratch) / "policies"
        for path, content in files.items():
            target = stage / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        made = Path(scratch) / "bundle.tar.gz"
        # From inside the stage: a bundle holds the paths it was made from, and ours say nothing.
        build: list[str | Path] = [command, "build", "--bundle", ".", "--output", made]
        build += ["--revision", revision]
        _opa("can't be bundled", build, stage)
        _replace(output, made.read_bytes())
    return revision


def policy_files(folder: Path) -> dict[str, bytes]:
    """The files of a policy folder that OPA reads and that are not tests: posix path -> content.

    Raises:
        Failure: the folder is not there, or holds no .rego file, or can't be read.
    """
    try:
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and _is_policy(path)
        }
    except OSError as error:
        raise Failure(f"{error.filename}: {error.strerror}") from None
    if not any(path.endswith(".rego") for path in files):
        what = "holds no .rego file" if folder.is_dir() else "is not a folder"
        raise Failure(f"{folder} {what}", "name the folder of your policies")
    return files


def _is_policy(path: Path) -> bool:
    return path.name.endswith(_KINDS) and not path.name.endswith("_test.rego")


def _opa(fault: str, command: list[str | Path], folder: Path | None = None) -> None:
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()
        raise Failure(f"the policy {fault}\n{said}", "mend the file that OPA names")


def _replace(output: Path, content: bytes) -> None:
    # Beside the target, then renamed: an OPA that watches the file never sees half of it.
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        work = output.with_name(f".{output.name}.{os.getpid()}")
        work.write_bytes(content)
        work.replace(output)
    except OSError as error:
        raise Failure(f"{output} can't be written: {error.strerror}") from None
