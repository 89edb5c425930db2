"""One reader, fuzzed by coverage with atheris, in a process of its own.

python tests/attacks/fuzz.py parser|verifier|bundle FOLDER [options of libFuzzer]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "evidence")]

import atheris  # noqa: E402

with atheris.instrument_imports(include=["gantral.evidence"]):
    import gantral.evidence.verify  # noqa: F401

from subjects import judge, subjects, trust_of  # noqa: E402
from test_bundles import WHOLE, verdict  # noqa: E402
from test_json_reader import read_all  # noqa: E402

APPROVED = subjects()[0]
NAMES = sorted(APPROVED.files)


def parser(data: bytes) -> None:
    read_all(data)


def verifier(data: bytes) -> None:
    """The first byte names the file that the rest stands for."""
    name = NAMES[data[0] % len(NAMES)] if data else NAMES[0]
    files = {**APPROVED.files, name: data[1:]}
    report = judge(files, trust_of(APPROVED.trust))
    assert (report.verdict == "VALID") == (files == APPROVED.files)


def bundle(data: bytes) -> None:
    assert (verdict(data, pipe=True) == "VALID") == (data == WHOLE)


# What is fuzzed, and what the fuzzer begins with.
TARGETS: dict[str, tuple[Callable[[bytes], None], list[bytes]]] = {
    "parser": (parser, [APPROVED.trust, *APPROVED.files.values()]),
    "verifier": (
        verifier,
        [bytes([number]) + APPROVED.files[name] for number, name in enumerate(NAMES)],
    ),
    "bundle": (bundle, [WHOLE]),
}


def main(name: str, corpus: Path, *options: str) -> None:
    target, seeds = TARGETS[name]
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    atheris.Setup([sys.argv[0], *options, str(corpus)], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
