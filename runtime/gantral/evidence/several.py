"""Judge the instances of a bundle in several processes, and tell of them in their order."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from multiprocessing.reduction import DupFd
from typing import Any

from gantral.evidence.bundle import Bundle, Section, Stretch, read_stretch
from gantral.evidence.errors import EvidenceError
from gantral.evidence.report import Report
from gantral.evidence.trust import TrustFile
from gantral.evidence.verify import verify_files

# Enough of them that handing over costs little, few enough that no process waits long at the end.
_BATCH = 16

_Fault = tuple[str, str, bool]
_Answer = tuple[list[tuple[str, Report]], _Fault | None]


def judge_in_processes(bundle: Bundle, trust: TrustFile, jobs: int) -> Iterator[tuple[str, Report]]:
    """Each instance's id and its report, in order. The bundle is of a file that can be read twice:
    this process finds where each instance lies, the others read and judge it. At most a few
    batches are under way, so memory does not grow with the bundle.

    Raises:
        EvidenceError: what the bundle's ``sections`` raise, once all before it is told. OSError:
            the file can't be read.
    """
    # Spawned: to fork in a process that has threads may hang. The file is handed over open, and
    # no socket is asked for.
    context = multiprocessing.get_context("spawn")
    with context.Pool(jobs, _begin, (trust, _Open(bundle.handle))) as pool:
        under_way: deque[multiprocessing.pool.AsyncResult[_Answer]] = deque()
        found = bundle.stretches()
        failed: Exception | None = None
        while failed is None:
            batch: list[Stretch | Section] = []
            try:
                for one in islice(found, _BATCH):
                    batch.append(one)  # noqa: PERF402 - what came before a fault is kept
            except Exception as error:
                failed = error
            if not batch:
                break
            under_way.append(pool.apply_async(_judge, (batch,)))
            while len(under_way) > 2 * jobs:
                yield from _told(under_way.popleft().get())
        while under_way:
            yield from _told(under_way.popleft().get())
        if failed is not None:
            raise failed


def _told(answer: _Answer) -> Iterator[tuple[str, Report]]:
    reports, fault = answer
    yield from reports
    if fault is not None:
        code, message, inconclusive = fault
        raise EvidenceError(code, message, inconclusive=inconclusive)


class _Open:
    """An open file on its way to a process that begins: POSIX hands it over under its number."""

    def __init__(self, handle: int) -> None:
        self.handle = handle

    def __reduce__(self) -> tuple[Callable[[Any], _Open], tuple[Any]]:
        return _arrived, (DupFd(self.handle),)


def _arrived(file: Any) -> _Open:
    return _Open(file.detach())


class _Own:
    """What a process judges by."""

    trust: TrustFile
    handle: int


def _begin(trust: TrustFile, file: _Open) -> None:
    # Ctrl-C ends the first process, and that one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _Own.trust, _Own.handle = trust, file.handle


def _judge(batch: Sequence[Stretch | Section]) -> _Answer:
    reports: list[tuple[str, Report]] = []
    for one in batch:
        if isinstance(one, Section):
            section = one  # The file is open here under the number that it knows.
        else:
            try:
                section = read_stretch(_Own.handle, one)
            except EvidenceError as error:
                return reports, (error.code, error.message, error.inconclusive)
        reports.append((one.instance_id, verify_files(section, _Own.trust)))
    return reports, None
