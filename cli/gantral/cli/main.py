"""The face of the command: a static table, and the import of the one command asked for."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from gantral.cli.failure import CRASH, MISUSE, Failure

# Name -> (family, one line of help). The module is gantral.cli.commands.<name>, with
# ``add(subparsers)`` and ``run(args) -> int``. A table, because asking the modules would load them.
COMMANDS: dict[str, tuple[str, str]] = {
    "new": ("Write", "start a project, or a spec in one"),
    "init": ("Write", "set an existing repository up for specs"),
    "check": ("Write", "prove that specs can never act without authority"),
    "explain": ("Write", "what a code means, and how to mend what it names"),
    "convert": ("Write", "a spec in YAML, or one in YAML as text"),
    "fmt": ("Write", "lay out specs in the one form; --check names those that are not"),
    "compile": ("Write", "generate the workflow packages; --check fails when they are stale"),
    "lock": ("Write", "write down which program each released version is"),
    "describe": ("Write", "a workflow in sentences, to be read aloud and signed"),
    "graph": ("Write", "a workflow as a picture"),
    "diff": ("Write", "what changed in authority between two versions of a spec"),
    "test": ("Write", "play scenario files, with no server or on the time-skipping one"),
    "simulate": ("Write", "every course of a workflow, in virtual time, with no server"),
    "replay": ("Write", "step through a story that gantral simulate wrote"),
    "lsp": ("Write", "the language server that editors start"),
    "completion": ("Write", "completion of commands and options for a shell"),
    "demo": ("Try", "the refund example from spec to verified evidence"),
    "dev": ("Try", "every server on loopback, until Ctrl-C"),
    "login": ("Try", "sign in, so that the commands below speak for you"),
    "start": ("Try", "start an instance"),
    "list": ("Try", "list instances"),
    "show": ("Try", "one instance: what it waits for, who may decide, what a yes sets off"),
    "decide": ("Try", "approve, amend or reject what waits at a gate"),
    "comment": ("Try", "ask or say something at a gate that waits, without deciding"),
    "send": ("Try", "send an event that an instance waits for"),
    "withdraw": ("Try", "take back an instance of yours that waits"),
    "serve": ("Run", "the decision API and the inbox"),
    "worker": ("Run", "work for Temporal: workflow, evidence and service roles"),
    "doctor": ("Run", "what a deployment needs, and what of it is not well"),
    "policy": ("Run", "build the policy bundle that OPA serves"),
    "keys": ("Run", "make keys and the trust file"),
    "reconcile": ("Run", "close what ended without evidence of its end"),
    "evidence": ("Prove", "hand instances to an auditor, tell what they say, erase texts"),
    "verify": ("Prove", "judge evidence offline: VALID, INVALID or INCONCLUSIVE"),
}

Subparsers = argparse._SubParsersAction  # argparse has no public name for what add_subparsers makes


class Parser(argparse.ArgumentParser):
    """argparse with our exit status for misuse: its own 2 means INCONCLUSIVE here."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(MISUSE, f"error: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status (DESIGN section 9): 0 clean, 1 findings,
    2 INCONCLUSIVE (verify only), 64 misuse, 70 our crash.

    Without ``argv`` this is the process itself, which then ends here.
    """
    whole_process = argv is None
    arguments = sys.argv[1:] if argv is None else list(argv)
    status = _guarded(arguments)
    if whole_process:
        _leave(status)
    return status


def _guarded(arguments: list[str]) -> int:
    try:
        return _dispatch(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else MISUSE if end.code else 0
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        return failure.code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output left, as `| head` does. Nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141
    except Exception as error:
        if os.environ.get("GANTRAL_DEBUG") == "1":
            import traceback

            traceback.print_exc()
        _report(arguments, error)
        return CRASH


def _dispatch(arguments: list[str]) -> int:
    if not arguments:
        print(_overview(), file=sys.stderr)
        return MISUSE
    name = arguments[0]
    if name in ("-h", "--help", "help"):
        print(_overview())
        return 0
    if name in ("-V", "--version"):
        print(f"gantral {_version()}")
        return 0
    if name not in COMMANDS:
        import difflib

        near = difflib.get_close_matches(name, COMMANDS, n=1)
        what = "option" if name.startswith("-") else "command"
        meant = f"did you mean {near[0]}? " if near else ""
        raise Failure(f"unknown {what} {name}", f"{meant}gantral --help lists them", MISUSE)
    parser = Parser(prog="gantral", add_help=False)
    subparsers = parser.add_subparsers(dest="command", parser_class=Parser, prog="gantral")
    module = import_module(f"gantral.cli.commands.{name}")
    module.add(subparsers)
    args, unknown = parser.parse_known_args(arguments)
    if unknown:
        # Said by the command's own parser, whose usage lists what it takes.
        subparsers.choices[name].error(f"unrecognized arguments: {' '.join(unknown)}")
    return int(module.run(args))


def _overview() -> str:
    lines = [
        "usage: gantral COMMAND …",
        "",
        "Work that needs a human's yes, from spec to evidence.",
    ]
    family = ""
    for name, (group, text) in COMMANDS.items():
        if group != family:
            family = group
            lines += ["", f"{group}:"]
        lines.append(f"  {name:<10} {text}")
    return "\n".join([*lines, "", "gantral COMMAND --help tells more. gantral --version."])


def _version() -> str:
    from importlib.metadata import version

    return version("gantral")


def _report(arguments: list[str], error: Exception) -> None:
    print(
        f"error: gantral itself failed ({type(error).__name__}: {error})\n"
        "  This is a bug in gantral, not in your spec, and nothing was decided by it.\n"
        f"  help: report it to gantral's maintainers with the command (gantral {arguments[0]} …),\n"
        f"        the version ({_version()}) and what it prints with GANTRAL_DEBUG=1 set",
        file=sys.stderr,
    )


def _leave(status: int) -> NoReturn:
    # Temporal's native core can crash an interpreter that ends the usual way, which would turn a
    # clean run into a failed one: flush and go. Without it, end as Python does.
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    sys.stderr.flush()
    if "temporalio" in sys.modules:
        os._exit(status)
    sys.exit(status)
