"""The pairs beside the tests, and the generator of `tests/reference`, are imported by their plain
names."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "reference")]
