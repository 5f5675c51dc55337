"""Bodies of protocols: bounded before and after they are decompressed."""

from collections.abc import Callable
from typing import Any

import cramjam
from django.http import HttpRequest
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.request import Request

from smartagent.rest.bodies import refuse_large, too_large
from smartagent.rest.errors import TooLarge
from smartagent.rest.parsers import GZIP, unzipped

MAX_INGEST_BYTES = 16 * 1024 * 1024  # decompressed; 50,000 samples of remote write are about 8 MB
# An empty message takes two bytes in a body and a hundred times as many in memory: the tag of one of 15 fields, and 0.
TAGS = {number << 3 | 2 for number in range(1, 16)}
TAGS_AND_ZEROS = bytes(0 if byte == 0 else 1 if byte in TAGS else 2 for byte in range(256))
MAX_EMPTY_MESSAGES = 20_000


def raw_body(request: Request, plain: Callable[[str, bytes], bytes]) -> bytes:
    """The body, decompressed by `plain`, which is given the Content-Encoding."""
    refuse_large(request, MAX_INGEST_BYTES)
    return plain(request.headers.get("Content-Encoding", "").strip().lower(), _sent(request._request))


def _sent(request: HttpRequest) -> bytes:
    """The body as it was sent, also in chunks, as Telegraf sends it: Django reads none without a Content-Length."""
    is_chunked = request.META.get("HTTP_TRANSFER_ENCODING", "").strip().lower() == "chunked"
    if not is_chunked or request.META.get("CONTENT_LENGTH"):
        return request.body
    body, stream = bytearray(), request.META["wsgi.input"]
    while len(body) <= MAX_INGEST_BYTES and (part := stream.read(MAX_INGEST_BYTES + 1 - len(body))):
        body += part
    if len(body) > MAX_INGEST_BYTES:
        raise TooLarge(too_large(MAX_INGEST_BYTES))
    return bytes(body)


def ungzipped(encoding: str, body: bytes) -> bytes:
    """A body that may be gzipped."""
    if encoding in GZIP:
        return unzipped(body, MAX_INGEST_BYTES)
    if encoding not in ("", "identity"):
        raise UnsupportedMediaType("", f"Unsupported Content-Encoding {encoding[:40]!r}; only gzip is supported.")
    if len(body) > MAX_INGEST_BYTES:
        raise TooLarge(too_large(MAX_INGEST_BYTES))
    return body


def unsnapped(encoding: str, body: bytes) -> bytes:
    """A body in snappy's block format, whose length stands at its beginning."""
    if encoding not in ("", "snappy"):
        raise UnsupportedMediaType("", f"Unsupported Content-Encoding {encoding[:40]!r}; it must be snappy.")
    snappy: Any = cramjam.snappy
    try:
        if snappy.decompress_raw_len(body) > MAX_INGEST_BYTES:
            raise TooLarge(too_large(MAX_INGEST_BYTES))
        return bytes(snappy.decompress_raw(body))
    except cramjam.DecompressionError:
        raise ParseError("The body is not compressed with snappy (block format).") from None


def refuse_hollow(body: bytes) -> bytes:
    """The body of a protobuf message; TooLarge where very many of the messages in it are empty."""
    if body.translate(TAGS_AND_ZEROS).count(b"\1\0") > MAX_EMPTY_MESSAGES:
        raise TooLarge(f"The body has more than {MAX_EMPTY_MESSAGES:,} empty messages.")
    return body
