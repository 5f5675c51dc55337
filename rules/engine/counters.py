"""The increase and the rate of a counter over a window, as Prometheus computes them (extrapolatedRate)."""

from datetime import datetime, timedelta

from rules.engine.sample_sums import SampleSums

CLOSE = 1.1  # times the mean distance of two samples: so near a window's end, the counter is taken to go on to it


def increase(sums: SampleSums, first: int, last: int, now: datetime, span: timedelta) -> float | None:
    """The increase over `span`; None without two samples at different times."""
    factor = _extrapolation(sums, first, last, now, span)
    return None if factor is None else sums.gain(first, last) * factor


def rate(sums: SampleSums, first: int, last: int, now: datetime, span: timedelta) -> float | None:
    """The increase per second; None without two samples at different times."""
    factor = _extrapolation(sums, first, last, now, span)
    return None if factor is None else sums.gain(first, last) * (factor / span.total_seconds())


def _extrapolation(sums: SampleSums, first: int, last: int, now: datetime, span: timedelta) -> float | None:
    """What to multiply the gain from the first to the last sample with, so that it is that of the whole window."""
    begun, ended = sums.times[first], sums.times[last - 1]
    sampled = (ended - begun).total_seconds()
    if not sampled:
        return None
    apart = sampled / (last - first - 1)
    to_start = _reached((begun - (now - span)).total_seconds(), apart)
    to_start = _not_below_zero(to_start, sums.values[first], sums.gain(first, last), sampled)
    return (sampled + to_start + _reached((now - ended).total_seconds(), apart)) / sampled


def _reached(distance: float, apart: float) -> float:
    """How far beyond the samples a counter is taken to go on: to the end of the window, if that is near."""
    return distance if distance < CLOSE * apart else apart / 2


def _not_below_zero(to_start: float, value: float, gain: float, sampled: float) -> float:
    """`to_start`, or less, where the counter began at 0 later than that."""
    if gain > 0 and value >= 0 and value * sampled < to_start * gain:
        return sampled * (value / gain)
    return to_start
