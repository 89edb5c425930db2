"""The keys of instances as a process reads them: from the store once, then from memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from gantral.evidence import Store, StoreError, forms
from gantral.evidence.instance_keys import InstanceKeys
from gantral.runtime.sealing import Sealer

_MOST: Final = 4096


class NoKey(Exception):  # noqa: N818 - the deployment's state, not a fault of ours
    """The key of an instance can't be had: nothing of it is read or written. The message starts
    with the rule's name, ``instance_key``."""

    def __init__(self, why: str) -> None:
        super().__init__(f"instance_key: {why}")


class Keyring:
    """The sealers of the instances that were worked for last, at most ``most``. Safe to use from
    many threads."""

    def __init__(self, store: Store, most: int = _MOST) -> None:
        self._keys = InstanceKeys(store)
        self._most = most
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str], Sealer] = OrderedDict()

    def cached(self, team: str, instance_id: str) -> Sealer | None:
        """The instance's sealer, if its key was read before: the store is not asked."""
        with self._lock:
            found = self._known.get((team, instance_id))
            if found is not None:
                self._known.move_to_end((team, instance_id))
            return found

    def of(self, team: str, instance_id: str) -> Sealer:
        """The instance's sealer.

        Raises:
            NoKey: it has no key, or the store can't be asked.
        """
        known = self.cached(team, instance_id)
        if known is not None:
            return known
        if not (forms.is_name(team) and forms.is_uuid(instance_id)):
            raise NoKey("this is no instance of a team")
        try:
            key = self._keys.get(team, instance_id)
        except StoreError as error:
            raise NoKey(str(error)) from None
        if key is None:
            raise NoKey(
                f"{instance_id} has no key in the store: it was erased, or the texts of [evidence]"
                " lie elsewhere"
            )
        return self._keep(team, instance_id, key)

    def make(self, team: str, instance_id: str) -> Sealer:
        """The instance's sealer, its key made if it has none. Raises StoreError."""
        return self._keep(team, instance_id, self._keys.make(team, instance_id))

    def _keep(self, team: str, instance_id: str, key: bytes) -> Sealer:
        sealer = Sealer(key, instance_id)
        with self._lock:
            self._known[team, instance_id] = sealer
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return sealer
