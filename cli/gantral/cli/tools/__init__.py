"""The pinned tools that ``gantral demo``, ``gantral dev`` and the tests run, fetched once.

Every function returns something that can be run, or raises :class:`ToolMissing`, which names what
was tried, how each try ended, and what to install.
"""

from gantral.cli.tools.browser import chromium
from gantral.cli.tools.environment import (
    identity_provider,
    temporal_server,
    temporal_test_server,
)
from gantral.cli.tools.failure import ToolMissing
from gantral.cli.tools.home import tools_folder
from gantral.cli.tools.log import transparency_log
from gantral.cli.tools.opa import OPA_VERSION, opa

__all__ = [
    "OPA_VERSION",
    "ToolMissing",
    "chromium",
    "identity_provider",
    "opa",
    "temporal_server",
    "temporal_test_server",
    "tools_folder",
    "transparency_log",
]
