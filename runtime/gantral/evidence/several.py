"""Judge the instances of a bundle in several processes, and tell of them in their order."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice

from gantral.evidence.bundle import Section
from gantral.evidence.report import Report
from gantral.evidence.trust import TrustFile
from gantral.evidence.verify import verify_files

# Enough of them that handing over costs little, few enough that no process waits long at the end.
_BATCH = 16


def judge_in_processes(
    sections: Iterator[Section], trust: TrustFile, jobs: int
) -> Iterator[tuple[str, Report]]:
    """Each instance's id and its report, in order. The sections are of a file that can be read
    twice: the processes read it themselves. At most a few batches are under way, so memory does
    not grow with the bundle.

    Raises:
        EvidenceError: what ``sections`` raises, once all before it is told. OSError: the file
            can't be read.
    """
    # Forked, a process has the file open and everything imported, and no socket is asked for.
    with multiprocessing.get_context("fork").Pool(jobs, _begin, (trust,)) as pool:
        under_way: deque[multiprocessing.pool.AsyncResult[list[tuple[str, Report]]]] = deque()
        failed: Exception | None = None
        while failed is None:
            batch: list[Section] = []
            try:
                for section in islice(sections, _BATCH):
                    batch.append(section)  # noqa: PERF402 - what came before a fault is kept
            except Exception as error:
                failed = error
            if not batch:
                break
            under_way.append(pool.apply_async(_judge, (batch,)))
            while len(under_way) > 2 * jobs:
                yield from under_way.popleft().get()
        while under_way:
            yield from under_way.popleft().get()
        if failed is not None:
            raise failed


class _Own:
    """What a process judges by."""

    trust: TrustFile


def _begin(trust: TrustFile) -> None:
    _Own.trust = trust


def _judge(sections: Sequence[Section]) -> list[tuple[str, Report]]:
    return [(one.instance_id, verify_files(one, _Own.trust)) for one in sections]
