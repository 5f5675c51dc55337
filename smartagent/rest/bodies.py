"""Limits of request bodies: bytes, checked before reading, and JSON values, checked before parsing.

A small value takes many times its length in memory: 16 million empty lists are 32 MB of text, and 1 GB of memory.
"""

import re

from rest_framework.request import Request

from smartagent.rest.errors import TooLarge

SMALL = 4_000_000  # bytes, where a view does not say that it reads more
LARGE = 32 * 1024 * 1024  # 50,000 samples as JSON are about 8 MB
MAX_BODY_VALUES = 500_000  # of a large one; 50,000 samples with all of their fields are 300,000
MAX_SMALL_BODY_VALUES = 10_000  # of a small one; lists of ids have 1,000
SEPARATORS = "[{,"
JSON_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')


class TakesLarge:
    """A mixin for views whose bodies may be `LARGE`: samples and files of rules."""

    largest_body = LARGE


def room_of(view: object) -> int:
    """Return the maximum number of bytes of a request body for `view`."""
    return int(getattr(view, "largest_body", SMALL))


def refuse_large(request: Request, room: int) -> None:
    """Raise TooLarge if Content-Length is above `room` bytes, without reading the body."""
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if length.isdecimal() and len(length) < 20 and int(length) > room:
        raise TooLarge(too_large(room))


def refuse_many(text: str, room: int) -> None:
    """Raise TooLarge if the JSON in `text` has more values than a body of `room` bytes may have."""
    maximum = MAX_SMALL_BODY_VALUES if room <= SMALL else MAX_BODY_VALUES
    if _separators(text) > maximum and _separators(JSON_STRING.sub("", text)) > maximum:
        raise TooLarge(f"The body has more than {maximum:,} values. Send it in several requests.")


def too_large(room: int) -> str:
    """Return the error message with the limit."""
    return f"The body is too large: the maximum is {room:,} bytes."


def _separators(text: str) -> int:
    return sum(text.count(sign) for sign in SEPARATORS)
