"""Evidence is built by the scenes of tests/evidence, stores by `instances`: plain names."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "evidence")]
