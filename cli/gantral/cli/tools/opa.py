"""Open Policy Agent at the pinned version: from PATH, else built by Go (DESIGN section 7)."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from gantral.cli.tools.failure import ToolMissing
from gantral.cli.tools.go import go
from gantral.cli.tools.home import OPA_VERSION, tools_folder
from gantral.cli.tools.installing import install
from gantral.cli.tools.run import CommandError, run


def opa() -> Path:
    """The ``opa`` command. One on PATH counts only at exactly the pinned version.

    Go's checksum database vouches for the source that is built.

    Raises:
        ToolMissing: neither way worked.
    """
    found = shutil.which("opa")
    if found is None:
        attempt = ("opa from PATH", "not there")
    else:
        try:
            version = _version(Path(found))
            if version == OPA_VERSION:
                return Path(found)
            attempt = (found, f"it is {version or 'of no known version'}")
        except CommandError as error:
            attempt = (found, str(error))
    try:
        return install(f"opa-{OPA_VERSION}", _build) / "opa"
    except ToolMissing as error:
        raise ToolMissing(
            f"OPA {OPA_VERSION}",
            [attempt, *error.attempts],
            f"put OPA {OPA_VERSION} on PATH, or let this machine reach a Go module proxy",
        ) from None


def opa_at_hand() -> Path | None:
    """The ``opa`` command at the pinned version when it is here already; nothing is fetched."""
    found = shutil.which("opa")
    with contextlib.suppress(CommandError):
        if found is not None and _version(Path(found)) == OPA_VERSION:
            return Path(found)
    fetched = tools_folder() / f"opa-{OPA_VERSION}" / "opa"
    return fetched if fetched.is_file() else None


def _build(into: Path) -> None:
    command = go()
    module = f"github.com/open-policy-agent/opa@v{OPA_VERSION}"
    try:
        # No cgo: a C compiler is not among what a machine must have.
        run(
            [command, "install", module],
            limit=900,
            env={"GOBIN": str(into), "CGO_ENABLED": "0"},
        )
        built = _version(into / "opa")
    except CommandError as error:
        raise ToolMissing("OPA", [(f"go install {module}", str(error))], "") from None
    if built != OPA_VERSION:
        raise ToolMissing("OPA", [(f"go install {module}", f"it built {built}")], "")


def _version(command: Path) -> str:
    for line in run([command, "version"], limit=30).splitlines():
        if line.startswith("Version:"):
            return line.removeprefix("Version:").strip()
    return ""
