"""From the evidence to the outbox. It reads the store and the drafts, and writes the outbox alone.

Which instances there are, the drafts of their starts tell: one lies there until serve's sweep saw
the end of its instance, and the sweep waits for ``Watch.over``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from gantral.api.comments import Comments, counted
from gantral.api.notices.facts import NONE, Fact, facts
from gantral.api.notices.outbox import Notice, Outbox, Watched, notice_id
from gantral.api.sealing import stamp
from gantral.api.story import Library, Untold
from gantral.evidence import Store, forms
from gantral.runtime.settings_notify import Target


class Watch:
    """Looks at what is committed and puts what there is to tell into the outbox.

    Args:
        say: takes a line for serve's log.
    """

    def __init__(
        self, *, store: Store, drafts: Store, library: Library, comments: Comments,
        outbox: Outbox, targets: Sequence[Target], say: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._store = store
        self._drafts = drafts
        self._library = library
        self._comments = comments
        self._outbox = outbox
        self._targets = tuple(targets)
        self._say = say
        self._untold: dict[str, str] = {}

    def look(self, now: datetime) -> None:
        """Look once at every instance that is not over.

        Raises:
            StoreError, OutboxError: the look is not whole; the next one makes up for it.
        """
        known = self._outbox.known()
        keys = list(self._drafts.list(""))
        for key in keys:
            parts = key.split("/")
            if len(parts) != 3 or parts[2] != "start.json" or not forms.is_uuid(parts[1]):
                continue
            if parts[1] not in known:
                self._outbox.watch(parts[1], parts[0], now.timestamp())
        at = stamp(now)
        said = counted(keys)
        for one in self._outbox.watched():
            due = one.again != NONE and one.again <= at
            comments = said.get(one.instance, 0)
            if due or comments > one.comments or self._has_more(one):
                self._learn(one, comments, now)

    def over(self, instance: str) -> bool:
        """Whether the end of an instance was seen, so that its draft is needed no more.

        Raises:
            OutboxError.
        """
        return self._outbox.over(instance)

    def _has_more(self, one: Watched) -> bool:
        key = f"{one.team}/{one.instance}/commits/{one.commits:08d}.json"
        return self._store.get(key) is not None

    def _learn(self, one: Watched, comments: int, now: datetime) -> None:
        try:
            story = self._library.story(one.instance)
        except Untold as untold:
            # Said once: one spoilt instance is looked at for ever and holds back no other.
            if self._untold.get(one.instance) != str(untold):
                self._untold[one.instance] = str(untold)
                self._say(f"{one.instance} can't be told of: {untold}")
            return
        if story is None:
            return
        said = self._comments.of(one.team, one.instance) if comments else []
        found, again = facts(story, stamp(now), said)
        seen = replace(one, commits=len(story.commits), again=again, comments=comments)
        notices = [
            notice
            for target in self._targets
            for fact in found
            if (notice := _notice(target, fact, now)) is not None
        ]
        closed = [fact for fact in found if fact.kind == "decided"]
        self._outbox.learn(seen, story.ended, closed, notices, now.timestamp())


def takes(target: Target, fact: Fact) -> bool:
    """Whether a target's filters let a fact pass."""
    return (
        fact.kind in target.kinds
        and (not target.teams or fact.team in target.teams)
        and (not target.workflows or fact.workflow in target.workflows)
        and (not target.gates or fact.gate in target.gates)
    )


def _notice(target: Target, fact: Fact, now: datetime) -> Notice | None:
    """The notice to a target, or None: it is not for it, or too old to be of use."""
    if not takes(target, fact):
        return None
    until = datetime.fromisoformat(fact.instant).astimezone(UTC).timestamp() + target.give_up
    if until <= now.timestamp():
        return None
    return Notice(notice_id(target.name, fact), target.name, fact, until)
