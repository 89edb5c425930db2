"""The texts of an event, which the API salted and sealed and the run hands on (ADR 0120)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gantral.evidence.waits import PREFIX
from gantral.runtime.workers.chain import Chain
from gantral.runtime.workers.refused import Refused


def of_event(pointer: str) -> bool:
    """Whether a pointer is of an event's data."""
    return pointer == PREFIX or pointer.startswith(f"{PREFIX}/")


def sent_texts(
    chain: Chain, source: Mapping[str, Any], resolve: Callable[[str], str]
) -> dict[str, list[str]]:
    """The texts by pointer. That they are what was sealed is judged with the event, by their
    hashes; here, that the run read the very persons of which the actor ids were sealed.

    Raises:
        Refused: ``sent``.
    """
    texts = {text[2]: text for text in source["sent"]}
    if len(texts) != len(source["sent"]):
        raise Refused("sent", "a text stands twice")
    if any(text[1] != chain.instance_id for text in texts.values()):
        raise Refused("sent", "a text is of another instance")
    others = [pointer for pointer in texts if not of_event(pointer)]
    if len(others) != 1 or not others[0].startswith("/identity/"):
        raise Refused("sent", "beside its data an event has the identity of its sender")
    for pointer, person in source.get("persons", {}).items():
        if pointer not in texts or texts[pointer][3] != resolve(person):
            raise Refused("sent", f"{pointer} is another person than the one that was sealed")
    return texts
