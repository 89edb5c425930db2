"""What erasing and holding need: the store, the trust file, the erasure key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gantral.cli.failure import Failure
from gantral.cli.handing.stored import chosen, settings_of
from gantral.cli.settings_said import settings_said
from gantral.evidence.signers import Signer

if TYPE_CHECKING:
    from gantral.evidence import Store, TrustFile
    from gantral.evidence.erasing import Eraser
    from gantral.evidence.pack import Instance


@dataclass(frozen=True)
class Desk:
    """The stores opened; ``key`` is None for who only looks."""

    store: Store
    trust: TrustFile
    eraser: Eraser
    key: Signer | None

    def need_key(self) -> Signer:
        """The erasure key, which ``desk`` was asked for."""
        assert self.key is not None
        return self.key

    def instance(self, start: str) -> Instance:
        """The one whose id begins so. Raises Failure, StoreError, EvidenceError."""
        from gantral.evidence.pack import Asked, instances

        (one,) = chosen(instances(self.store, Asked()), [start])
        return one

    @contextmanager
    def failures(self, what: str) -> Iterator[None]:
        """Faults of the store, and of what lies there, as Failure."""
        from gantral.evidence import EvidenceError, StoreError

        try:
            yield
        except (EvidenceError, StoreError) as error:
            raise Failure(f"{what}: {error}", "mend that and run it again") from None


def desk(path: str, *, sign: bool) -> Desk:
    """As the settings have it. Raises Failure."""
    from gantral.evidence.erasing import Eraser
    from gantral.runtime.workers.assembly import open_stores, signing_key

    settings = settings_of(path)
    with settings_said(settings.file):
        stores = open_stores(settings)
        key = signing_key(settings, "erasure", stores.trust) if sign else None
    eraser = Eraser(stores.store, stores.drafts, stores.trust)
    return Desk(stores.store, stores.trust, eraser, key)
