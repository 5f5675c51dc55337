"""Arrays of numbers in PostgreSQL's binary format, packed without an object for each number.

The format is that of `array_send` in PostgreSQL's arrayfuncs.c: a head, then the length and the bytes of each element.
COPY's binary format has the same lengths and bytes, row by row
(https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-BINARY-FORMAT).
"""

import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

from smartagent.kernel.member_cursor import BindingCursor

ARRAY_HEAD = 20  # bytes
COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
MICROSECONDS_TO_2000 = 946_684_800_000_000  # from 1970 on; PostgreSQL counts time from 2000 on


@dataclass(frozen=True, slots=True)
class PackedIntegers:
    """The bytes of an int8[]."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PackedFloats:
    """The bytes of a float8[]."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PackedTimes:
    """The bytes of a timestamptz[]."""

    data: bytes


def pack_integers(numbers: Sequence[int]) -> PackedIntegers:
    """The array of integers of 64 bits; OverflowError where one has more."""
    return PackedIntegers(_packed(array("q", numbers), 20))


def pack_floats(numbers: Sequence[float]) -> PackedFloats:
    """The array of floats."""
    return PackedFloats(_packed(array("d", numbers), 701))


def pack_times(microseconds: Sequence[int]) -> PackedTimes:
    """The array of times, given as microseconds since 1970."""
    return PackedTimes(_packed(array("q", [each - MICROSECONDS_TO_2000 for each in microseconds]), 1184))


def pack_rows(columns: Sequence[PackedIntegers | PackedFloats | PackedTimes]) -> bytes:
    """The rows of columns of equal length, as COPY ... (FORMAT BINARY) takes them."""
    width = 12 * len(columns)
    count = (len(columns[0].data) - ARRAY_HEAD) // 12
    rows = bytearray((2 + width) * count)
    rows[1 :: 2 + width] = bytes([len(columns)]) * count
    for number, column in enumerate(columns):
        body = column.data[ARRAY_HEAD:]
        for place in range(12):
            rows[2 + 12 * number + place :: 2 + width] = body[place::12]
    return COPY_HEAD + bytes(rows) + b"\xff\xff"


def _packed(numbers: "array[int] | array[float]", element: int) -> bytes:
    """The array with elements of the type whose OID is `element`, of 8 bytes each."""
    count = len(numbers)
    if not count:
        return b"".join(part.to_bytes(4, "big") for part in (0, 0, element))
    if sys.byteorder == "little":
        numbers.byteswap()
    plain, body = numbers.tobytes(), bytearray(12 * count)
    body[3::12] = b"\x08" * count
    for place in range(8):
        body[4 + place :: 12] = plain[place::8]
    return b"".join(part.to_bytes(4, "big") for part in (1, 0, element, count, 1)) + body


class _PackedDumper(Dumper):
    format = Format.BINARY

    def __init__(self, cls: type, context: AdaptContext | None = None) -> None:
        super().__init__(cls, context)
        self.oid = ARRAY_OID[cls]  # not the class's, which would make it the dumper of lists, too

    def dump(self, obj: PackedIntegers | PackedFloats | PackedTimes) -> Buffer:
        return obj.data


ARRAY_OID: dict[type, int] = {PackedIntegers: 1016, PackedFloats: 1022, PackedTimes: 1185}


def arrays_cursor() -> BindingCursor:
    """A cursor of Django's connection that takes packed arrays, and binds parameters on the server.

    Its dumpers are its own: a connection that is open already would not learn of others.
    """
    connection.ensure_connection()
    cursor = BindingCursor(connection.connection)
    for packed_type in ARRAY_OID:
        cursor.adapters.register_dumper(packed_type, _PackedDumper)
    return cursor
