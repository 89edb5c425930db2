"""What a run hears and says, sealed on the way: its start, updates, activities, children, its end.

Nothing else of the runtime speaks to Temporal with values: what goes through here lies in history
as envelopes (``sealing``), and failures there hold a word of ours and a sealed text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gantral.runtime.ends import RULED, RunEnd
from gantral.runtime.sealing import UNTOLD, Sealer, Unsealed, plain_of
from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError


class Unanswered(Exception):  # noqa: N818 - the activity's end, told by whoever asked
    """An activity gave no answer that can be read.

    ``why``: in words, for people; ``rule``: the word of ours that goes with it, "" without one;
    ``error``: Temporal's, None when the answer was not sealed.
    """

    def __init__(self, why: str, rule: str = "", error: ActivityError | None = None) -> None:
        self.why = why
        self.rule = rule
        self.error = error
        super().__init__(why)


class Channel:
    """One run's side of it. ``end_key``: what a child seals its end with, for its parent."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self._end = sealer

    def started(self, start: object) -> dict[str, Any]:
        """The start command; what is carried over is opened too. Raises Unsealed."""
        if not isinstance(start, dict):
            raise Unsealed("the start is no envelope")
        envelope = {**start}
        carried = envelope.pop("carried", None)
        command = self._sealer.open("start", envelope)
        if carried is not None:
            command["carried"] = self._sealer.open_value("carried", carried)
        if "end_key" in command:
            self._end = Sealer(bytes.fromhex(command.pop("end_key")), self._sealer.instance_id)
        return command

    def goes_on(self, start: Mapping[str, Any], carried: Mapping[str, Any]) -> dict[str, Any]:
        """The argument of the next history: the same start, and what is carried over."""
        return {**start, "carried": self._sealer.close_value("carried", carried)}

    def delivered(self, name: str, delivery: object) -> dict[str, Any]:
        """The delivery of an update. Raises Unsealed."""
        return self._sealer.open(name, delivery)

    async def ask(self, activity: str, command: Mapping[str, Any], **options: Any) -> Any:
        """Execute an activity with a sealed command; its opened answer, whatever it is.

        Raises:
            Unanswered: it failed, or answered with what nobody sealed.
        """
        envelope = self._sealer.close(activity, command)
        plain = plain_of(envelope)
        try:
            answer = await workflow.execute_activity(activity, envelope, **options)
            return self._sealer.open_value(f"{activity}:answer", answer, plain)
        except ActivityError as error:
            raise self._unanswered(activity, plain, error) from error
        except Unsealed as unsealed:
            raise Unanswered(str(unsealed), "unsealed") from None

    async def ask_plainly(self, activity: str, argument: Any, **options: Any) -> Any:
        """Execute an activity that is not ours (``as`` in a spec): it knows no envelope, so its
        arguments and its answer lie in history as they are. Raises Unanswered."""
        try:
            return await workflow.execute_activity(activity, argument, **options)
        except ActivityError as error:
            raise self._unanswered(activity, {}, error) from error

    def ended(self, end: RunEnd) -> dict[str, Any]:
        """The result of the run."""
        return self._end.close("end", end)

    def end_of_child(self, child: str, envelope: object) -> dict[str, Any]:
        """The end of a child of this run. Raises Unsealed."""
        return Sealer(self._sealer.for_end(child), child).open("end", envelope)

    def failure(self, error: Exception) -> ApplicationError:
        """How the failure of a run, or of an update that was accepted, is told in history: by its
        kind and rule, with its text sealed."""
        why = error.message if isinstance(error, ApplicationError) else str(error)
        text = self._sealer.close_value("failure", why)
        if isinstance(error, ApplicationError) and error.type in RULED:
            word = str(error.details[0]) if error.details else UNTOLD
            return ApplicationError(word, text, type=error.type, non_retryable=True)
        kind = type(error).__name__
        return ApplicationError(UNTOLD, text, type=kind, non_retryable=True)

    def _unanswered(
        self, activity: str, plain: Mapping[str, Any], error: ActivityError
    ) -> Unanswered:
        cause = error.cause
        if not isinstance(cause, ApplicationError) or not cause.details:
            return Unanswered(str(cause or error), error=error)
        try:
            why = self._sealer.open_value(f"{activity}:failure", cause.details[0], plain)
        except Unsealed:
            return Unanswered(f"it failed with {cause.type}", error=error)
        return Unanswered(str(why), cause.message if cause.message != UNTOLD else "", error)
