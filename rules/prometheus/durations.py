"""Durations of Prometheus, such as `1h30m`."""

import re

PROMETHEUS_UNITS = {"y": 31_536_000, "w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}
DURATION_PATTERN = re.compile(
    "".join(rf"(?:(\d{{1,15}}){unit})?" for unit in PROMETHEUS_UNITS), re.ASCII
)  # each once, the longest first
MAX_DURATION_SECONDS = 2**63 / 1e9  # seconds; the longest duration of Prometheus


def seconds_of(text: str) -> float:
    """The seconds of a duration such as `1h30m`; ValueError where it is invalid."""
    if text == "0":
        return 0.0
    found = DURATION_PATTERN.fullmatch(text) if text else None
    if not found:
        raise ValueError(f"“{text[:40]}” is not a Prometheus duration such as 1h30m.")
    seconds = sum(int(count or 0) * unit for count, unit in zip(found.groups(), PROMETHEUS_UNITS.values(), strict=True))
    if seconds > MAX_DURATION_SECONDS:
        raise ValueError(f"“{text[:40]}” is too long.")
    return seconds
