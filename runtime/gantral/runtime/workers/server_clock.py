"""Whether this machine's clock can be right, by the one clock that authority goes by: Temporal's.

A run takes its time from the server, and so does every attempt of an activity. Only who ends what
was lost (closer.py) has to read the clock of its own machine, and a clock that jumped would end
gates that have days left. No call of Temporal tells the time; it does tell when a queue was last
polled.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from gantral.evidence.forms import instant_text
from gantral.runtime.commands import EVIDENCE_QUEUE
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

_RPC: Final = timedelta(seconds=10)
# A poll is held for a minute, and the server remembers for five who polled. What is waited for
# before a gate counts as unserved is longer.
_REMEMBERED: Final = timedelta(minutes=6)


class WrongClock(Exception):  # noqa: N818 - what is wrong, by its name
    """This machine's clock is not the server's; why."""


async def last_polled(client: Client) -> datetime | None:
    """When an evidence worker last polled, by the server's clock; None where none did of late.

    Raises:
        RPCError: Temporal can't be asked.
    """
    answer = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=EVIDENCE_QUEUE),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        ),
        timeout=_RPC,
    )
    return max(
        (one.last_access_time.ToDatetime(tzinfo=UTC) for one in answer.pollers), default=None
    )


async def check_clock(client: Client, now_ms: int, max_skew: int) -> None:
    """Hold this machine's clock against the server's, as far as that can be known: with no evidence
    worker of late nothing is.

    Args:
        now_ms: what it shows, milliseconds since 1970.
        max_skew: of the trust file, in milliseconds.

    Raises:
        WrongClock: it is behind, or so far ahead that more than a poll explains it.
        RPCError: Temporal can't be asked.
    """
    polled = await last_polled(client)
    if polled is None:
        return
    ahead = now_ms - int(polled.timestamp() * 1000)
    if not -max_skew <= ahead <= _REMEMBERED // timedelta(milliseconds=1):
        raise WrongClock(
            f"this machine's clock shows {instant_text(now_ms)}, and Temporal's was"
            f" {instant_text(now_ms - ahead)} when its queue {EVIDENCE_QUEUE} was last polled"
        )


__all__ = ["WrongClock", "check_clock", "last_polled"]
