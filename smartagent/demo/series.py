"""Series with a daily rhythm, noise, and incidents."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Incident:
    """A time during which the readings of a person go wrong, `depth` of 0 to 1."""

    start: datetime
    end: datetime
    depth: float

    def pull(self, at: datetime) -> float:
        """How far the readings are pulled away at that time: up and down again, 0 outside."""
        if not self.start <= at <= self.end:
            return 0.0
        return self.depth * math.sqrt(math.sin(math.pi * ((at - self.start) / (self.end - self.start))))


def make_incidents(start: datetime, end: datetime, dice: random.Random, maximum: int) -> list[Incident]:
    """Up to `maximum` incidents of half an hour to nine hours."""
    incidents = []
    for _ in range(dice.randint(0, maximum)):
        begin = start + (end - start) * dice.random()
        incidents.append(Incident(begin, begin + timedelta(hours=dice.uniform(0.5, 9)), dice.uniform(0.4, 1)))
    return incidents


def rhythm(
    start: datetime, end: datetime, every: timedelta, base: float, swing: float, dice: random.Random
) -> Iterator[tuple[datetime, float]]:
    """(time, value) around `base`, higher by day than by night by `swing`, with noise."""
    at, drift = start, 0.0
    while at <= end:
        drift = 0.97 * drift + dice.gauss(0, swing / 12)
        by_day = math.sin((at.hour * 60 + at.minute - 6 * 60) / (24 * 60) * 2 * math.pi)
        yield at, base + swing * by_day + drift
        at += every
