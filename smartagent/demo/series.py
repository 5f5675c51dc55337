"""Series with a daily rhythm, noise, and incidents."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Incident:
    """A period in which a person's readings deteriorate, by a `depth` of 0 to 1."""

    start: datetime
    end: datetime
    depth: float

    def pull(self, at: datetime) -> float:
        """Return the deviation of the readings at that time: 0 to `depth` and back, 0 outside."""
        if not self.start <= at <= self.end:
            return 0.0
        return self.depth * math.sqrt(math.sin(math.pi * ((at - self.start) / (self.end - self.start))))


def make_incidents(start: datetime, end: datetime, dice: random.Random, maximum: int) -> list[Incident]:
    """Return up to `maximum` incidents of half an hour to nine hours."""
    incidents = []
    for _ in range(dice.randint(0, maximum)):
        begin = start + (end - start) * dice.random()
        incidents.append(Incident(begin, begin + timedelta(hours=dice.uniform(0.5, 9)), dice.uniform(0.4, 1)))
    return incidents


def rhythm(
    start: datetime, end: datetime, every: timedelta, base: float, swing: float, dice: random.Random
) -> Iterator[tuple[datetime, float]]:
    """Yield (time, value) around `base`, by `swing` higher by day than by night, with noise."""
    at, drift = start, 0.0
    while at <= end:
        drift = 0.97 * drift + dice.gauss(0, swing / 12)
        by_day = math.sin((at.hour * 60 + at.minute - 6 * 60) / (24 * 60) * 2 * math.pi)
        yield at, base + swing * by_day + drift
        at += every
