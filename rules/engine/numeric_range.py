"""The range of numbers that windows compute with: within it nothing overflows, in PostgreSQL or Python."""

import sys

LARGEST_FLOAT = sys.float_info.max
LARGEST_VALUE = 1e150  # PostgreSQL squares what it averages
BEYOND_RANGE = "the latest reading is beyond the range of numbers"
SMALLEST = 1e-150  # of what one divides by or multiplies with
TOO_FAR = "A reading in the window is too large, or too near to 0, to calculate with (1e-150 to 1e150)."


def in_range(value: float) -> float:
    """The value to calculate with: 0 instead of one out of range, whose window is refused elsewhere."""
    return value if SMALLEST <= abs(value) <= LARGEST_VALUE else 0.0


def as_float_sql(numeric: str, maximum: str = "1.7e308") -> str:
    """SQL of `numeric` as double precision, without the cast's errors: NULL beyond `maximum`, 0 for what is closer to 0
    than 64 bits can represent."""
    return f"(CASE WHEN abs({numeric}) < 5e-324 THEN 0 WHEN abs({numeric}) < {maximum} THEN ({numeric})::float8 END)"


def reading_sql(numeric: str) -> str:
    """SQL of a source's `numeric` reading as double precision: NaN beyond the range of 64 bits, which is reported as an
    error."""
    return f"coalesce({as_float_sql(numeric)}, 'NaN')"
