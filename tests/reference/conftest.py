"""The interpreter and the generator are packages of this folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
