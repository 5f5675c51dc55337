"""Bodies: JSON, and JSON lines; gzipped where Content-Encoding says so."""

import json
import zlib
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework import parsers
from rest_framework.exceptions import ParseError, UnsupportedMediaType

from smartagent.rest.errors import TooLarge

MANY = 50_000


class Lines(list[Any]):
    """The values of a body of JSON lines; `numbers` are the lines on which they stood."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: list[int] = []


class JSONParser(parsers.BaseParser):
    """One JSON value."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            return read_json(text_of(parser_context))
        except ValueError as error:
            raise ParseError(f"The body is not JSON: {error}") from None


class LinesParser(parsers.BaseParser):
    """A JSON value on each line; empty lines are skipped."""

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
            if len(lines) > MANY:
                raise TooLarge(f"These are more than {MANY:,} lines. Send them in several requests.")
        return lines


def read_json(text: str) -> Any:
    """Return the value that `text` is; ValueError where it is not JSON as the standard has it."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply.") from None


def text_of(context: Mapping[str, Any] | None) -> str:
    """The body of the request as text; ParseError, UnsupportedMediaType or TooLarge where it cannot be one."""
    request = (context or {})["request"]
    encoding, body = request.headers.get("Content-Encoding", ""), request.body
    if encoding == "gzip":
        body = _unzipped(body)
    elif encoding not in ("", "identity"):
        raise UnsupportedMediaType("", f"Content-Encoding {encoding[:40]!r} is not known here; gzip is.")
    try:
        return str(body, "utf-8")
    except UnicodeDecodeError as error:
        raise ParseError(f"The body is not UTF-8: byte {error.start} does not belong.") from None


def _unzipped(body: bytes) -> bytes:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 2**31
    opener = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        plain = opener.decompress(body, limit)
    except zlib.error:
        raise ParseError("The body is not gzip, though Content-Encoding says so.") from None
    if opener.unconsumed_tail:
        raise TooLarge
    if not opener.eof:
        raise ParseError("The gzipped body ends too early.")
    return plain


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number that JSON has.")
