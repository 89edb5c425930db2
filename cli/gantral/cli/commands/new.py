"""``gantral new``: a small project that checks, compiles and passes its scenarios."""

from __future__ import annotations

import argparse
import keyword
import re
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

from gantral.cli.failure import CLEAN, MISUSE, Failure
from gantral.cli.main import Subparsers
from gantral.cli.project import reason

_SKELETON = Path(__file__).parents[1] / "skeleton"
# Where each file of the skeleton goes.
_FILES = {
    "project.md": "README.md",
    "spec.gantral.txt": "@name@.gantral",
    "pyproject.toml.txt": "pyproject.toml",
    "gantral.toml": "gantral.toml",
    "personas.toml": "personas.toml",
    "gitignore": ".gitignore",
    "policy.rego.txt": "policies/@name@.rego",
    "policy_test.rego.txt": "policies/@name@_test.rego",
    "approved.yaml": "scenarios/approved.yaml",
    "nobody_decides.yaml": "scenarios/nobody_decides.yaml",
    "init.txt": "src/@app@/__init__.py",
    "services.txt": "src/@app@/services.py",
}
# A workflow's and team's name (FORMAT section 2), here a Python and a Rego package's as well.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,58}")
_TAKEN = frozenset(keyword.kwlist) | frozenset(
    "as contains data default else every false if import in input not null package run some set "
    "true with ask let var undo collect give match for repeat parallel wait sleep require "
    "terminate complete then and or is none under only gantral".split()
)


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "new",
        help="start a project",
        description="Write a small project into a new folder: a spec, its policy, the skeleton of "
        "its services, scenarios. It checks, compiles and runs as it is.",
    )
    parser.add_argument("name", metavar="NAME", help="the folder; its last part is the workflow")
    parser.add_argument("--yaml", action="store_true", help="the spec in YAML")


def run(args: argparse.Namespace) -> int:
    """Write the project and say what to do next."""
    folder = Path(args.name)
    name = folder.name
    if _NAME.fullmatch(name) is None or name in _TAKEN:
        raise Failure(
            f"\"{name}\" can't be a workflow's name",
            "write it in snake_case, like purchase_order; no word of the language, Python or Rego",
            MISUSE,
        )
    if folder.exists() or folder.is_symlink():
        raise Failure(f"{folder} is there already", "choose another name")
    files = project_files(name)
    _write(folder, _in_yaml(files, name) if args.yaml else files)
    print(
        f"wrote {folder}\n\nnext:\n"
        f"  cd {folder}\n"
        "  gantral check      # prove that it can't buy without a yes\n"
        "  gantral compile    # generate the workflow\n"
        "  gantral test       # run its scenarios\n"
        "  gantral dev        # every server on this machine, until Ctrl-C"
    )
    return CLEAN


def project_files(name: str) -> dict[str, str]:
    """The files of a new project by their posix paths."""
    words = {
        "@name@": name,
        "@app@": f"{name}_app",
        "@dashed@": f"{name.replace('_', '-').strip('-')}-app",
        "@version@": version("gantral"),
    }
    return {
        _filled(target, words): _filled((_SKELETON / source).read_text("utf-8"), words)
        for source, target in _FILES.items()
    }


def _in_yaml(files: dict[str, str], name: str) -> dict[str, str]:
    """The same project, its spec in YAML."""
    # Only here: few ask for it.
    from gantral.dsl.convert import other_form
    from gantral.dsl.front import TEXT, YAML, read

    spec = f"{name}{TEXT}"
    text = files.pop(spec)
    told = {path: each.replace(spec, f"{name}{YAML}") for path, each in files.items()}
    return {**told, f"{name}{YAML}": other_form(spec, text, read(spec, text))}


def _filled(text: str, words: dict[str, str]) -> str:
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text


def _write(folder: Path, files: dict[str, str]) -> None:
    """The whole project appears at once, or nothing does."""
    work: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        work.chmod(0o755)
        for path, text in files.items():
            target = work / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8", newline="\n")
        work.rename(folder)
    except OSError as error:
        if work is not None:
            shutil.rmtree(work, ignore_errors=True)
        raise Failure(f"{folder} can't be written: {reason(error)}") from None
