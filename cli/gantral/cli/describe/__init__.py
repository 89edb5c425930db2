"""A proved workflow in sentences."""

from __future__ import annotations

from gantral.cli.describe.document import MARK, document

__all__ = ["MARK", "document"]
