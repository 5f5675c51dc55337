"""Parsing of numbers from forms, JSON, YAML and files, bounded before any arithmetic."""

import math
import re
import uuid
from decimal import Decimal, InvalidOperation
from typing import Any

# A digit of ASCII, a point, an exponent: no underscores, no other scripts, neither NaN nor Infinity.
NUMBER_SHAPE = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
MAX_NUMBER_TEXT = 400  # characters: the longest float, written out, has 1 + 308 of them before the point
LARGEST_EXPONENT, SMALLEST_EXPONENT = 308, -324  # of what 64 bits can hold
BEFORE, AFTER = 20, 10  # digits that a rule keeps, before the point and after it

NOT_A_NUMBER = "Not a number. Example: 70 or 12.5, with a decimal point."
NOT_FINITE = "Not a finite number. Example: 70 or 12.5."
TOO_LARGE = "The number exceeds 64 bits."
TOO_SMALL = "The number is too close to 0 for 64 bits."
TOO_LONG = f"The number has more than {MAX_NUMBER_TEXT} characters."
TOO_PRECISE = f"At most {BEFORE} digits before the decimal point and {AFTER} after it are stored."


def read_number(value: Any) -> Decimal:
    """Return the exact value of a text, int, float or Decimal; ValueError where it is not finite or beyond the range of
    64-bit floats. Constant time, also for `1e1000000` and `0e-200000000`."""
    if isinstance(value, str):
        found = _typed(value.strip())
    elif isinstance(value, Decimal):
        found = value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        found = _counted(value)
    else:
        raise ValueError(NOT_A_NUMBER)
    return _bounded(found)


def read_threshold(value: Any) -> Decimal:
    """Return a number that a threshold can store exactly; ValueError where it has more digits."""
    found = read_number(value)
    if not keeps_to_the_digit(found):
        raise ValueError(TOO_PRECISE)
    return found


def keeps_to_the_digit(number: Decimal) -> bool:
    """Whether `number`, from `read_number`, has at most 20 digits before the point and 10 after it."""
    _, digits, exponent = number.as_tuple()
    trailing = len(digits) - len("".join(map(str, digits)).rstrip("0"))
    return number == 0 or (number.adjusted() < BEFORE and int(exponent) + trailing >= -AFTER)


def as_json_number(number: Decimal) -> int | float:
    """`number` as a JSON number: whole numbers exactly."""
    return int(number) if number == number.to_integral_value() and number.adjusted() < BEFORE else float(number)


def as_number(value: Any) -> float | None:
    """`value` as a finite number, or None."""
    if value is None or isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _typed(text: str) -> Decimal:
    if len(text) > MAX_NUMBER_TEXT:
        raise ValueError(TOO_LONG)
    if not NUMBER_SHAPE.fullmatch(text):
        raise ValueError(NOT_FINITE if as_number(text) is None and _spells_a_float(text) else NOT_A_NUMBER)
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent that not even a Decimal has
        raise ValueError(TOO_LARGE) from None


def _spells_a_float(text: str) -> bool:
    return text.lower().lstrip("+-") in ("nan", "inf", "infinity")


def _counted(value: float) -> Decimal:
    if isinstance(value, int):
        if value.bit_length() > 1024:
            raise ValueError(TOO_LARGE)
        return Decimal(value)
    return Decimal(repr(value))


def _bounded(number: Decimal) -> Decimal:
    if not number.is_finite():
        raise ValueError(NOT_FINITE)
    if number == 0:
        return Decimal(0)
    if len(number.as_tuple().digits) > MAX_NUMBER_TEXT:
        raise ValueError(TOO_LONG)
    if number.adjusted() < SMALLEST_EXPONENT:
        raise ValueError(TOO_SMALL)
    if number.adjusted() > LARGEST_EXPONENT or math.isinf(float(number)):
        raise ValueError(TOO_LARGE)
    return number


def as_uuid(text: str) -> uuid.UUID | None:
    """The UUID in `text`; None where it is something else."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
