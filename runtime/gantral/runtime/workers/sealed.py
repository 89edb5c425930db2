"""Activities behind the instance's key: the command is opened, the answer and a failure are sealed.

Whoever holds Temporal credentials and not the key can neither read what goes through an activity
nor make an answer that the run takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from gantral.runtime.commands import NOT_BEGUN
from gantral.runtime.keyring import Keyring, NoKey
from gantral.runtime.sealing import UNTOLD, Sealer, Unsealed, plain_of
from temporalio import activity
from temporalio.exceptions import ApplicationError

Run = Callable[[dict[str, Any]], Awaitable[Any]]


def sealed(name: str, run: Run, keys: Keyring) -> Callable[..., Any]:
    """The activity ``name``: ``run`` on the opened command.

    It fails with ``NotBegun``, before ``run`` is called, for a command that the instance's key does
    not open; else as ``run`` does, in a word, with the text sealed.
    """

    @activity.defn(name=name)
    async def opened(envelope: dict[str, Any]) -> str:
        try:
            sealer = await _sealer(keys, envelope.get("team"), _sender(envelope))
            command = sealer.open(name, envelope)
        except (NoKey, Unsealed) as error:
            # Of a command that is not sealed there is no key to seal an answer with.
            rule = "instance_key" if isinstance(error, NoKey) else "unsealed"
            activity.logger.error("%s is not begun: %s", name, error)
            raise ApplicationError(rule, type=NOT_BEGUN, non_retryable=True) from None
        plain = plain_of(envelope)
        try:
            answer = await run(command)
        except Exception as error:
            raise _failure(sealer, name, plain, error) from None
        return sealer.close_value(f"{name}:answer", answer, plain)

    return opened


def sealed_failures(name: str, team: str, run: Run, keys: Keyring) -> Callable[..., Any]:
    """An activity that others speak to as well, in their own words (``as`` in a spec): what it is
    given and gives is plain; the text of a failure is sealed."""

    @activity.defn(name=name)
    async def plain(arguments: dict[str, Any]) -> Any:
        try:
            return await run(arguments)
        except Exception as error:
            try:
                sealer = await _sealer(keys, team, activity.info().workflow_id)
            except NoKey:
                # Another workflow than ours asks, or the key is gone: the kind alone is told.
                raise told(error, ()) from None
            raise _failure(sealer, name, {}, error) from None

    return plain


def _sender(envelope: Mapping[str, Any]) -> object:
    """Whose run asks: of an undo of what a child did, not the child's."""
    parents = envelope.get("parents")
    return parents[-1] if isinstance(parents, list) and parents else envelope.get("instance_id")


async def _sealer(keys: Keyring, team: object, instance_id: object) -> Sealer:
    if not isinstance(team, str) or not isinstance(instance_id, str):
        raise Unsealed("it names no instance")
    known = keys.cached(team, instance_id)
    return await asyncio.to_thread(keys.of, team, instance_id) if known is None else known


def _failure(
    sealer: Sealer, name: str, plain: Mapping[str, Any], error: Exception
) -> ApplicationError:
    text = error.message if isinstance(error, ApplicationError) else str(error)
    activity.logger.warning("%s failed: %s", name, text)
    return told(error, (sealer.close_value(f"{name}:failure", text, plain),))


def told(error: Exception, details: tuple[str, ...]) -> ApplicationError:
    """How history tells of a failure: by its kind and rule; its text is among the details."""
    if not isinstance(error, ApplicationError):
        kind = type(error).__name__
        return ApplicationError(UNTOLD, *details, type=kind)
    # The first detail of a failure of ours is its rule, a word that history may show.
    word = str(error.details[0]) if error.details else UNTOLD
    return ApplicationError(
        word,
        *details,
        type=error.type,
        non_retryable=error.non_retryable,
        next_retry_delay=error.next_retry_delay,
    )
