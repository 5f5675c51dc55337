"""Parsers of bodies: JSON and JSON lines, gzipped if Content-Encoding says so."""

import codecs
import json
import zlib
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework import parsers
from rest_framework.exceptions import ParseError, UnsupportedMediaType

from smartagent.kernel.stored_json import goes_deep
from smartagent.rest.bodies import LARGE, refuse_large, refuse_many, room_of, too_large
from smartagent.rest.errors import TooLarge

MAX_BODY_LINES = 50_000
MEMBERS = 10_000  # of one gzipped body
CHUNK_BYTES = 16_384  # bytes
NOT_GZIP = "Content-Encoding is gzip, but the body is not."
NOT_GZIP_BEHIND = "Trailing data after the gzip body."
GZIP = ("gzip", "x-gzip")  # names of codings have no case
CHARSETS = ("utf-8", "ascii")  # as Python names them; JSON between programs is UTF-8, and ASCII is part of it


class Lines(list[Any]):
    """The values of a body of JSON lines; `numbers` are their line numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: list[int] = []


class JSONParser(parsers.BaseParser):
    """Parses a body of one JSON value."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            return read_json(text_of(parser_context))
        except ValueError as error:
            raise ParseError(f"The body is not JSON: {error}") from None


class LinesParser(parsers.BaseParser):
    """Parses a body with a JSON value on each line; empty lines are skipped."""

    media_type = "application/x-ndjson"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        lines = Lines()
        for number, line in enumerate(text_of(parser_context).split("\n"), start=1):
            if not line.strip():
                continue
            try:
                lines.append(read_json(line))
            except ValueError as error:
                raise ParseError(f"Line {number} is not JSON: {error}") from None
            lines.numbers.append(number)
            if len(lines) > MAX_BODY_LINES:
                raise TooLarge(f"More than {MAX_BODY_LINES:,} lines. Send them in several requests.")
        return lines


def read_json(text: str) -> Any:
    """Parse standard JSON; ValueError for anything else, such as NaN."""
    try:
        found = json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply.") from None
    if goes_deep(found):
        raise ValueError("it is nested too deeply.")
    return found


def text_of(context: Mapping[str, Any] | None) -> str:
    """Return the body of the request as text; ParseError, UnsupportedMediaType, or TooLarge."""
    given = context or {}
    request, room = given["request"], room_of(given.get("view"))
    refuse_large(request, room)
    _refuse_other_charsets(request.content_params.get("charset", ""))
    encoding, body = request.headers.get("Content-Encoding", ""), request.body
    encoding = encoding.strip().lower()
    if encoding in GZIP:
        body = unzipped(body, room)
    elif encoding not in ("", "identity"):
        raise UnsupportedMediaType("", f"Unsupported Content-Encoding {encoding[:40]!r}; only gzip is supported.")
    try:
        text = str(body, "utf-8")
    except UnicodeDecodeError as error:
        raise ParseError(f"The body is not UTF-8: byte {error.start} does not belong.") from None
    refuse_many(text, room)
    return text


def _refuse_other_charsets(charset: str) -> None:
    """Raise UnsupportedMediaType for a charset other than UTF-8."""
    try:
        known = not charset or codecs.lookup(charset).name in CHARSETS
    except (LookupError, ValueError):
        known = False
    if not known:
        raise UnsupportedMediaType("", f"Unsupported charset {charset[:40]!r}; send the body as UTF-8.")


def unzipped(body: bytes, room: int) -> bytes:
    """Decompress all members of a gzip `body`; TooLarge if they have more than `room` bytes together."""
    room = min(room, settings.DATA_UPLOAD_MAX_MEMORY_SIZE or LARGE)
    plain, place, members = bytearray(), 0, 0
    while place < len(body) or not members:
        if members >= MEMBERS:
            raise ParseError(f"The gzipped body has more than {MEMBERS:,} members. Send them in several requests.")
        try:
            place = _read_member(body, place, plain, room)
        except zlib.error:
            raise ParseError(NOT_GZIP if not members else NOT_GZIP_BEHIND) from None
        members += 1
    return bytes(plain)


def _read_member(body: bytes, place: int, plain: bytearray, room: int) -> int:
    """Append the gzip member at offset `place` to `plain`; return the offset of its end."""
    opener = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    while not opener.eof:
        chunk = body[place : place + CHUNK_BYTES]
        if not chunk:
            raise ParseError("The gzipped body ends too early.")
        plain += opener.decompress(chunk, room + 1 - len(plain))
        if len(plain) > room:
            raise TooLarge(too_large(room))
        place += len(chunk) - len(opener.unused_data)
    return place


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not valid JSON.")
