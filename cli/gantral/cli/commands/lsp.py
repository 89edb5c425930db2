"""``gantral lsp``: the language server that editors start."""

from __future__ import annotations

import argparse

from gantral.cli.failure import Failure
from gantral.cli.main import Subparsers


def add(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Declare the options."""
    subparsers.add_parser(
        "lsp",
        help="the language server that editors start",
        description="Speak the Language Server Protocol on standard input and output, until the "
        "editor ends it. Nothing is written.",
    )


def run(args: argparse.Namespace) -> int:
    """Serve one editor; 0 when it asked for the end, 1 when it went away.

    Raises:
        Failure: the extra `lsp` is not installed.
    """
    try:
        from gantral.cli.lsp.server import serve
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.startswith("gantral"):
            raise
        raise Failure(
            f"the language server needs {missing.name}, which is not installed",
            "pip install 'gantral[lsp]'",
        ) from None
    return serve()
