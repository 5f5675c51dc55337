"""Numbers as templates of Prometheus show them.

After its functions of these names: https://github.com/prometheus/prometheus/blob/main/template/template.go
"""

import math
from datetime import UTC, datetime

LARGE, SMALL = ("k", "M", "G", "T", "P", "E", "Z", "Y"), ("m", "u", "n", "p", "f", "a", "z", "y")
BINARY = ("ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")


def humanize(value: float) -> str:
    """With a metric prefix: `1.5k`."""
    if value == 0 or not math.isfinite(value):
        return f"{value:.4g}"
    return _scaled(value, LARGE, 1000.0) if abs(value) >= 1 else _small(value)


def humanize1024(value: float) -> str:
    """With a binary prefix: `2Mi`."""
    return _scaled(value, BINARY, 1024.0) if math.isfinite(value) and abs(value) > 1 else f"{value:.4g}"


def humanize_duration(value: float) -> str:
    """Seconds as a duration: `1h 2m 3s`."""
    if not math.isfinite(value):
        return f"{value:.4g}"
    if value and abs(value) < 1:
        return f"{_small(value)}s"
    sign, seconds = "-" if value < 0 else "", int(abs(value))
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    if seconds < 60:
        return f"{sign}{abs(value):.4g}s"
    parts = ((days, "d"), (hours, "h"), (minutes, "m"), (seconds % 60, "s"))
    first = next(place for place, (count, _) in enumerate(parts) if count)
    return sign + " ".join(f"{count}{unit}" for count, unit in parts[first:])


def humanize_percentage(value: float) -> str:
    """A share as percent: `12.5%`."""
    return f"{value * 100:.4g}%"


def humanize_timestamp(value: float) -> str:
    """Seconds since 1970 as a time in UTC; a number that is no time as it is."""
    try:
        at = datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{value:.4g}"
    fraction = f".{at.microsecond:06d}".rstrip("0") if at.microsecond else ""
    return f"{at:%Y-%m-%d %H:%M:%S}{fraction} +0000 UTC"


def _scaled(value: float, prefixes: tuple[str, ...], step: float) -> str:
    prefix = ""
    for each in prefixes:
        if abs(value) < step:
            break
        value, prefix = value / step, each
    return f"{value:.4g}{prefix}"


def _small(value: float) -> str:
    prefix = ""
    for each in SMALL:
        if abs(value) >= 1:
            break
        value, prefix = value * 1000, each
    return f"{value:.4g}{prefix}"
