"""HTTP calls of operations: requests, status codes, signatures.

Requests contain secrets, and the other side may echo them: of an answer that is not successful only the code is
recorded.
"""

import json
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from notifications.channels.webhook import key_of, sign
from optimizer.operations import OperationFailed
from smartagent.outbound.client import Answer

JSON = {"Content-Type": "application/json", "Accept": "application/json"}
PASSES = (408, 425, 429)  # besides 5xx: what may be otherwise in a moment
NO_KEY = "is not a signing key: use whsec_ and 24 to 64 bytes in base64."


def may_pass(code: int) -> bool:
    """Whether a retry soon may help."""
    return code in PASSES or code >= 500


def refused(whom: str, code: int) -> OperationFailed:
    """The failure for an answer with this code."""
    return OperationFailed(f"{whom} answered {in_words(code)}.", again=may_pass(code))


def accepted(whom: str, answer: Answer) -> Answer:
    """Return the answer where it is successful."""
    if not answer.succeeded:
        raise refused(whom, answer.code)
    return answer


def in_words(code: int) -> str:
    """A status code with its name, where it has one: `503 (Service Unavailable)`."""
    try:
        return f"{code} ({HTTPStatus(code).phrase})"
    except ValueError:
        return str(code)


def json_of(answer: Answer) -> Any:
    """The JSON of an answer; None where it is invalid, or cannot be stored in the database."""
    try:
        found = json.loads(answer.body)
        text = json.dumps(found, ensure_ascii=False, allow_nan=False)
        text.encode()  # raises half letters
        return None if "\\u0000" in text.replace("\\\\", "") else found
    except (ValueError, RecursionError):
        return None


def signed(body: bytes, step: UUID, key: Any, whose: str) -> Mapping[str, str]:
    """The headers of Standard Webhooks; the id is the step's, the same at each attempt."""
    secret = key_of(key) if isinstance(key, str) else None
    if secret is None:
        raise OperationFailed(f"{whose} {NO_KEY}")
    at = str(int(time.time()))
    return {"webhook-id": str(step), "webhook-timestamp": at, "webhook-signature": sign(secret, str(step), at, body)}
