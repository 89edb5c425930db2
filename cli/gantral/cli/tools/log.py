"""The transparency log's process (log-go/), built from the clone by Go; go.sum pins all of it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from gantral.cli.tools.failure import ToolMissing
from gantral.cli.tools.go import go
from gantral.cli.tools.installing import install
from gantral.cli.tools.run import CommandError, run

# cli/gantral/cli/tools/log.py: the fourth folder up is the root of a clone, if it is one.
SOURCES = Path(__file__).resolve().parents[4] / "log-go"


def transparency_log() -> Path:
    """The ``gantral-log`` command of these very sources.

    Raises:
        ToolMissing: there are no sources here, or they can't be built.
    """
    files = [*sorted(SOURCES.glob("*.go")), SOURCES / "go.mod", SOURCES / "go.sum"]
    if not all(file.is_file() for file in files):
        raise ToolMissing("gantral-log", [(str(SOURCES), "not there")], "use a clone of Gantral")
    digest = sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
    try:
        return install(f"log-{digest}", _build) / "gantral-log"
    except ToolMissing as error:
        raise ToolMissing(
            "gantral-log", error.attempts, "let this machine reach a Go module proxy"
        ) from None


def _build(into: Path) -> None:
    flags = ("-trimpath", "-mod=readonly", "-o", str(into / "gantral-log"))
    try:
        # No cgo: a C compiler is not among what a machine must have.
        run([go(), "build", "-C", SOURCES, *flags], limit=900, env={"CGO_ENABLED": "0"})
    except CommandError as error:
        raise ToolMissing("gantral-log", [("go build", str(error))], "") from None
