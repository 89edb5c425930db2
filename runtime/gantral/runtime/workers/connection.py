"""The Temporal connection, and what the namespace must have before anything polls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gantral.runtime.settings import Settings, Temporal
from gantral.runtime.settings_reader import SettingsError
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError, RPCStatusCode

SEARCH_ATTRIBUTES: Final = ("GantralState", "GantralGate", "GantralTeam", "GantralWorkflow")
_KEYWORD: Final = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD


async def connect(temporal: Temporal) -> Client:
    """Connect by the profile of Temporal's own configuration; ``[temporal] address`` and
    ``namespace`` win over it, ``TEMPORAL_*`` win over the profile.

    Raises:
        SettingsError: no such profile, or nobody answers at the address.
    """
    try:
        # Asked for by name, a default that no file defines is an error; not asked for, it is empty.
        profile = None if temporal.profile == "default" else temporal.profile
        config = ClientConfig.load_client_connect_config(profile)
    except Exception as error:
        # The native reader raises bare RuntimeError and ValueError for every mistake in the file.
        raise SettingsError(
            "temporal.profile",
            f"{temporal.profile} can't be used: {error}",
            "mend temporal.toml, or name one of its profiles",
        ) from None
    if temporal.address is not None:
        config["target_host"] = temporal.address
    if temporal.namespace is not None:
        config["namespace"] = temporal.namespace
    where = config.setdefault("target_host", "localhost:7233")
    try:
        return await Client.connect(**config)
    except RuntimeError as error:
        raise SettingsError(
            "temporal",
            f"no Temporal server answers at {where}: {str(error)[:200]}",
            "start it (`gantral dev` starts one), or set [temporal] address",
        ) from None


async def require_search_attributes(client: Client, settings: Settings) -> None:
    """Make sure that the namespace knows our search attributes: a run that sets one which is not
    registered hangs for ever. A development deployment registers what is missing.

    Raises:
        SettingsError: one is missing in production or has another type, with the command to run.
    """
    missing = await missing_search_attributes(client)
    if not missing:
        return
    if settings.environment == "production":
        raise lacking(client, missing)
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(
            namespace=client.namespace, search_attributes=dict.fromkeys(missing, _KEYWORD)
        )
    )


async def missing_search_attributes(client: Client) -> list[str]:
    """Those of our search attributes that the namespace does not have.

    Raises:
        SettingsError: one has another type.
    """
    present = await _present(client)
    wrong = [name for name in SEARCH_ATTRIBUTES if present.get(name, _KEYWORD) != _KEYWORD]
    if wrong:
        raise SettingsError(
            "temporal.namespace",
            f"the search attribute {wrong[0]} has another type than Keyword",
            f"remove it: temporal operator search-attribute remove --name {wrong[0]}",
        )
    return [name for name in SEARCH_ATTRIBUTES if name not in present]


def lacking(client: Client, missing: Sequence[str]) -> SettingsError:
    """What is wrong with a namespace that lacks some, and the command that adds them."""
    flags = " ".join(f"--name {name} --type Keyword" for name in missing)
    return SettingsError(
        "temporal.namespace",
        f"{client.namespace} lacks the search attributes {', '.join(missing)}",
        f"run: temporal operator search-attribute create {flags}",
    )


async def _present(client: Client) -> Mapping[str, int]:
    try:
        answer = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
    except RPCError as error:
        if error.status is RPCStatusCode.UNIMPLEMENTED:
            # The time-skipping server can't list; adding there is idempotent.
            return {}
        raise
    return {**answer.system_attributes, **answer.custom_attributes}
