"""What a command that may not be signed is refused with, and how its run is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gantral.authority import IllegalTransition
from gantral.evidence import EvidenceError, StoreError
from gantral.policy import ShapeError
from gantral.runtime import programs
from gantral.runtime.commands import NOT_COMMITTED
from gantral.runtime.workers.chain import MissingEvidence
from temporalio import activity
from temporalio.exceptions import ApplicationError


class Refused(Exception):  # noqa: N818 - the commit is refused; that is no fault
    """A rule that the command breaks: its name, and why in words."""

    def __init__(self, rule: str, why: str) -> None:
        self.rule = rule
        super().__init__(why)


@contextmanager
def or_not_committed(what: str) -> Iterator[None]:
    """Whatever ends the block ends the run that asked for `what`.

    Raises ApplicationError ``NotCommitted``, never retried, whose message starts with the rule's
    name (requirement: a failed emission is never tried again). So a mistake of ours ends the run
    too; the log has the rest.
    """
    try:
        yield
    except Refused as refused:
        raise _not_committed(refused.rule, str(refused)) from None
    except EvidenceError as error:
        raise _not_committed(error.code, error.message) from None
    except ShapeError as error:
        raise _not_committed("authority_ambiguous", str(error)) from None
    except MissingEvidence as error:
        raise _not_committed("missing", str(error)) from None
    except IllegalTransition as error:
        raise _not_committed("transition", str(error)) from None
    except StoreError as error:
        raise _not_committed("store", str(error)) from None
    except programs.ProgramError as error:
        raise _not_committed("program", str(error)) from None
    except Exception as error:
        activity.logger.exception("%s failed", what)
        raise _not_committed("internal", type(error).__name__) from error


def _not_committed(rule: str, why: str) -> ApplicationError:
    return ApplicationError(f"{rule}: {why}", type=NOT_COMMITTED, non_retryable=True)
