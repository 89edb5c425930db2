"""The programs that this process may run: generated packages, loaded once, outside the sandbox.

A sandbox executes a workflow's module anew for every instance; what is loaded here is passed
through to it. A program is named by its workflow_version_id, the hash of its manifest's bytes.
"""

from __future__ import annotations

import importlib
import importlib.resources
import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from gantral.evidence import H, TrustFile
from gantral.runtime.calls import Call, Service
from gantral.runtime.keyring import Keyring, NoKey
from gantral.runtime.plain import is_plain
from gantral.runtime.sealing import Sealer
from gantral.runtime.values import Record
from temporalio.worker.workflow_sandbox import SandboxRestrictions

if TYPE_CHECKING:
    from gantral.runtime.execution import Governed

# What generated code must have been made for. It rises when generated code and runtime part ways.
CODEGEN: Final = 1

# The runtime has state that must be one for all instances (this registry), and cryptography aborts
# the process when it is loaded a second time; both are passed through the sandbox.
_PASSED_THROUGH: Final = ("gantral", "cryptography", "_cffi_backend")


class ProgramError(Exception):
    """A package that cannot be run; the message names it and a remedy."""


@dataclass(frozen=True)
class ProgramInfo:
    """One loaded program.

    ``queues`` maps logical queues to task queues (absent: the same name). ``trust`` is the trust
    file that votes are checked with and ``keys`` the keys of instances; a process that runs no
    workflows needs neither. ``plain``: nothing in its workflow's code needs a sandbox.
    """

    package: str
    version_id: str
    manifest_bytes: bytes
    manifest: Mapping[str, Any]
    workflow_class: type[Governed[Any, Any]]
    calls: Mapping[str, type[Call[Any]]]  # "payments.refund" -> the arguments' model
    services: Mapping[str, type[Service]]  # "payments" -> the abstract class
    queues: Mapping[str, str] = field(default_factory=dict)
    trust: TrustFile | None = None
    keys: Keyring | None = None
    plain: bool = False

    @property
    def team(self) -> str:
        """owning_team_id."""
        return str(self.manifest["owning_team_id"])

    @property
    def workflow_id(self) -> str:
        """The workflow's name; the Temporal workflow type."""
        return str(self.manifest["workflow_id"])

    @property
    def input(self) -> type[Record]:
        """The model of the input."""
        return self.workflow_class.input_

    def sealer(self, instance_id: str) -> Sealer:
        """What seals the values of an instance. Raises NoKey."""
        if self.keys is None:
            raise NoKey("this process has no keys of instances; set [evidence]")
        return self.keys.of(self.team, instance_id)

    def queue(self, operation: str) -> str:
        """The task queue that serves an operation."""
        logical = str(self.manifest["operations"][operation]["queue"])
        return self.queues.get(logical, logical)


_loaded: dict[str, ProgramInfo] = {}


def load(
    package: str,
    *,
    queues: Mapping[str, str] | None = None,
    trust: TrustFile | None = None,
    keys: Keyring | None = None,
) -> ProgramInfo:
    """Load a generated package, enter it under its version id and return it.

    Loading again replaces queues and trust file, and the keys where others are given: who only
    looks at programs takes no keys from who runs them. Not for use inside a workflow.

    Raises:
        ProgramError: if there is no such package, it was generated for another runtime, or its
            code and its manifest are not of one compilation.
    """
    try:
        workflow = importlib.import_module(f"{package}.workflow")
        services = importlib.import_module(f"{package}.services")
        data = importlib.resources.files(package).joinpath("manifest.json").read_bytes()
    except (ImportError, OSError) as error:
        raise ProgramError(
            f"{package} cannot be loaded: {error}; run `gantral compile`, and name the package and "
            "its folder in [deployment] packages and path of gantral.toml"
        ) from error
    version_id = H("manifest", data)
    found = _workflow_class(package, workflow)
    if found.program_ != version_id:
        raise ProgramError(
            f"{package}: workflow.py and manifest.json are not of one compilation; run "
            "`gantral compile` and do not edit what it writes"
        )
    info = ProgramInfo(
        package=package,
        version_id=version_id,
        manifest_bytes=data,
        manifest=json.loads(data),
        workflow_class=found,
        calls={
            value.operation_.name: value
            for value in vars(services).values()
            if isinstance(value, type)
            and issubclass(value, Call)
            and value.__module__ == services.__name__
        },
        services={
            value.name_: value
            for value in vars(services).values()
            if isinstance(value, type)
            and issubclass(value, Service)
            and value.__module__ == services.__name__
        },
        queues=dict(queues or {}),
        trust=trust,
        plain=is_plain(_source(workflow)),
        keys=keys or (before.keys if (before := _loaded.get(version_id)) else None),
    )
    _loaded[version_id] = info
    return info


def get(version_id: str) -> ProgramInfo:
    """The loaded program with this version id.

    Raises:
        ProgramError: if this process has not loaded it.
    """
    try:
        return _loaded[version_id]
    except KeyError:
        raise ProgramError(
            f"program {version_id} is not loaded here; name its package in [deployment] packages "
            "of gantral.toml"
        ) from None


def loaded() -> tuple[ProgramInfo, ...]:
    """Every loaded program, in the order of loading."""
    return tuple(_loaded.values())


def sandbox() -> SandboxRestrictions:
    """The restrictions for a worker that runs governed workflows.

    Models are loaded once, and so is ``workflow.py`` as it was generated; one with anything else in
    it is executed anew for each instance (docs/adr/0184). Call it after the last ``load``.
    """
    once = [f"{info.package}.{name}" for info in loaded() for name in ("types", "services")]
    once += [info.workflow_class.__module__ for info in loaded() if info.plain]
    return SandboxRestrictions.default.with_passthrough_modules(*_PASSED_THROUGH, *once)


def _source(module: ModuleType) -> str:
    try:
        return inspect.getsource(module)
    except (OSError, TypeError):
        return "import what_nobody_can_read"


def _workflow_class(package: str, module: ModuleType) -> type[Governed[Any, Any]]:
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and hasattr(value, "program_")
    ]
    if len(found) != 1:
        raise ProgramError(f"{package}.workflow holds {len(found)} governed workflows, not one")
    return found[0]
