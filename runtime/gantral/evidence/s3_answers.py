"""How S3 says no, and how it says nothing: every failure of a request as one exception.

Messages hold a code and words of ours, never what a server wrote: an access key could be in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

_T = TypeVar("_T")


class Answers:
    """Codes that mean something to the store."""

    NO_KEY: Final = "NoSuchKey"
    NO_BUCKET: Final = "NoSuchBucket"
    NO_LOCK: Final = "ObjectLockConfigurationNotFoundError"
    THERE: Final = "PreconditionFailed"


_WORDS: Final = {
    "AccessDenied": "these credentials may not do this",
    "ExpiredToken": "the credentials have expired",
    "ExpiredTokenException": "the credentials have expired",
    "InvalidAccessKeyId": "the credentials are not known there",
    "InvalidToken": "the credentials are not known there",
    "RequestTimeTooSkewed": "this machine's clock is wrong",
    "ServiceUnavailable": "the server is busy",
    "SignatureDoesNotMatch": "the credentials are wrong",
    "SlowDown": "the server is busy",
    Answers.NO_BUCKET: "there is no such bucket",
}


class Failed(Exception):  # noqa: N818 - what became of a request
    """A request that did not do what it asked.

    ``refused``: the server read it and said no, so nothing of it was done. Otherwise it may have
    been done: there was no answer, or one that leaves it open.
    """

    def __init__(self, code: str, words: str, *, refused: bool) -> None:
        self.code = code
        self.refused = refused
        super().__init__(f"{words} ({code})")


def ask(request: Callable[..., _T], **arguments: Any) -> _T:
    """Make one request of boto3. Raises Failed."""
    # Loaded with the client that is asked; nothing else needs it.
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        NoCredentialsError,
        PartialCredentialsError,
        TokenRetrievalError,
    )
    from urllib3.exceptions import HTTPError

    try:
        return request(**arguments)
    except ClientError as error:
        raise _answered(error.response) from None
    except (NoCredentialsError, PartialCredentialsError, TokenRetrievalError) as error:
        words = "this process has no credentials for the bucket"
        raise Failed(type(error).__name__, words, refused=True) from None
    except (BotoCoreError, HTTPError, OSError) as error:
        raise Failed(type(error).__name__, "there was no answer", refused=False) from None


def _answered(response: Any) -> Failed:
    code = str(response.get("Error", {}).get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    words = _WORDS.get(code, f"the server answered with status {status}")
    # 409: another request on the same key was under way. 412: it is there, perhaps by this put,
    # sent twice by something on the way. 5xx: the server failed before, or after, it was done.
    refused = 400 <= status < 500 and status not in (409, 412)
    return Failed(code or str(status), words, refused=refused)
