"""A client for S3: credentials and all else from AWS's own configuration, and nothing retried."""

from __future__ import annotations

from typing import Any, Final

from gantral.evidence.store import Unfit

# Seconds. A commit's attempt has ten (DESIGN section 5).
_CONNECT: Final = 2
_READ: Final = 5
# As many as one process commits at once.
_CONNECTIONS: Final = 100


def connect(endpoint: str | None = None, region: str | None = None) -> Any:
    """A client of boto3, for many threads. ``endpoint`` and ``region``: AWS's own settings without
    them (``AWS_DEFAULT_REGION``, a profile, an instance's role).

    Raises:
        Unfit: boto3 is not installed, or AWS's own settings can't be read.
    """
    try:
        from boto3.session import Session
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise Unfit(
            "s3_missing",
            "a store at s3:// needs boto3, which is not installed",
            "install gantral with its extra: pip install 'gantral[aws]'",
        ) from None
    config = Config(
        connect_timeout=_CONNECT,
        read_timeout=_READ,
        max_pool_connections=_CONNECTIONS,
        # The requirement: a failed emission is never tried again.
        retries={"total_max_attempts": 1, "mode": "standard"},
        # Servers other than AWS's have no name for each bucket.
        s3={"addressing_style": "path" if endpoint else "auto"},
    )
    try:
        return Session().client("s3", endpoint_url=endpoint, region_name=region, config=config)
    except (BotoCoreError, ValueError) as error:
        raise Unfit(
            "s3_settings",
            f"AWS's own settings can't be used: {type(error).__name__}",
            "look at AWS_PROFILE, AWS_DEFAULT_REGION and the files they name",
        ) from None
