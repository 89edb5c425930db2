"""`document` (LANGUAGE section 3, ADR 0158): which bytes, by their digest, and where they lie.

The bytes are never in a workflow, its history or its evidence: whoever reads them, a service,
has them held to the digest here, and it is the digest that people were shown and evidence binds.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Self

from gantral.runtime.calls import NotDone
from gantral.runtime.values import Record


class Document(Record):
    """The base of each generated class of a `document`. ``size`` is in bytes, ``sha256`` in hex."""

    name: str
    size: int
    sha256: str
    uri: str

    @classmethod
    def of_bytes(cls, data: bytes, *, name: str, uri: str) -> Self:
        """The document that these bytes are, for a service that gives one.

        Raises:
            pydantic.ValidationError: the name or uri is outside its type.
        """
        return cls.from_wire(
            {"name": name, "size": len(data), "sha256": sha256(data).hexdigest(), "uri": uri}
        )

    def checked(self, data: bytes) -> bytes:
        """These bytes, which were read from ``uri``, if they are the document's.

        Raises:
            NotDone: they are others than those that people were shown.
        """
        if len(data) != self.size or sha256(data).hexdigest() != self.sha256:
            # Neither name nor place: both may be personal, and this goes into histories and logs.
            raise NotDone(f"the bytes are not those of the document {self.sha256[:12]}…")
        return data
