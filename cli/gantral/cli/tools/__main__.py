"""``python -m gantral.cli.tools``: fetch what the tests run, before a test's clock is on it."""

from __future__ import annotations

import sys
from collections.abc import Callable

from gantral.cli.tools.browser import chromium
from gantral.cli.tools.environment import (
    identity_provider,
    temporal_server,
    temporal_test_server,
)
from gantral.cli.tools.failure import ToolMissing
from gantral.cli.tools.log import transparency_log
from gantral.cli.tools.opa import opa


def main() -> int:
    """Fetch every tool; each that can't be had is told, and the status is then 1."""
    tools: tuple[Callable[[], object], ...] = (
        temporal_server,
        temporal_test_server,
        identity_provider,
        opa,
        chromium,
        transparency_log,
    )
    missing = 0
    for tool in tools:
        try:
            tool()
        except ToolMissing as error:
            missing += 1
            print(f"error: {error}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
