"""``gantral completion``: what a shell needs to complete commands, options and files."""

from __future__ import annotations

import argparse
from importlib import import_module

from gantral.cli.failure import CLEAN
from gantral.cli.main import COMMANDS, Parser, Subparsers


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    parser = subparsers.add_parser(
        "completion",
        help="completion for a shell",
        description="Print the completion of a shell. For bash: put "
        'eval "$(gantral completion bash)" into ~/.bashrc. For zsh: write it to a file _gantral in '
        "a folder of $fpath.",
    )
    parser.add_argument("shell", choices=["bash", "zsh"], metavar="SHELL", help="bash or zsh")


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    # Only here, as everything that one command needs alone.
    import shtab

    parser = Parser(prog="gantral")
    subparsers = parser.add_subparsers(dest="command", parser_class=Parser)
    for name in COMMANDS:
        import_module(f"gantral.cli.commands.{name}").add(subparsers)
    _complete_files(parser, shtab.FILE)
    print(shtab.complete(parser, args.shell))
    return CLEAN


def _complete_files(parser: argparse.ArgumentParser, files: object) -> None:
    """Where a path is wanted, files are completed."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                _complete_files(each, files)
        elif action.metavar in _PATHS:
            action.complete = files  # type: ignore[attr-defined]


_PATHS = ("PATH", "FILE", "DIR", "SPEC", "FOLDER", "OLD", "NEW", "PROJECT")
