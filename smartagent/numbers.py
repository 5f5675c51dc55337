"""Numbers out of whatever was given."""

import math
from typing import Any


def as_number(value: Any) -> float | None:
    """`value` as a finite number, or None."""
    if value is None or isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None
