"""Evidence is built by the scenes of tests/evidence, imported by their plain names."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "evidence"))
