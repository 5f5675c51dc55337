"""What one request of another protocol brings: samples that are kept, and what is not, counted by its reason."""

import math
from collections import Counter
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from rules.ingest.samples import AHEAD, EARLIEST
from rules.ingest.storage import SampleColumns
from rules.ingest.translation import Named
from smartagent.kernel.times import EPOCH, MICROSECOND

MAX_SAMPLES = 50_000
MAX_KEPT_EXAMPLES, BETWEEN_EXAMPLES = 5, " | "
TOO_MANY_SAMPLES = f"The request has more than {MAX_SAMPLES:,} samples. Send them in several requests."


class TooManySamples(Exception):
    """The request has too many samples."""


class Reason(StrEnum):
    """Why something of a request is not stored. `STALE` and `NOT_A_NUMBER` end a series or leave a gap; the others are
    errors of the sender, or what this product does not keep."""

    STALE = "stale marker"
    NOT_A_NUMBER = "not a number"
    INVALID = "invalid series"
    NOT_FINITE = "infinite value"
    FUTURE = "time in the future"
    TOO_OLD = "time before 1900"
    NATIVE_HISTOGRAM = "native histogram"
    EXPONENTIAL_HISTOGRAM = "buckets of an exponential histogram"
    EXEMPLAR = "exemplar"
    TEXT = "text field"
    LINE = "invalid line"
    NO_VALUE = "data point without a value"
    ALERT = "invalid alert"
    TRUNCATED = "alert left out by Alertmanager"
    SERIES = "series beyond the maximum"
    RATE = "beyond the samples of a minute"


# Not refused: the sender has done nothing wrong, and there is nothing that it could do about it.
HARMLESS_REASONS = frozenset({
    Reason.STALE, Reason.NOT_A_NUMBER, Reason.EXEMPLAR, Reason.TEXT, Reason.NO_VALUE, Reason.EXPONENTIAL_HISTOGRAM,
    Reason.TRUNCATED,
})  # fmt: skip
# The end of a series, and a value that a program has not got, are nothing that is lost.
UNREMARKABLE = frozenset({Reason.STALE, Reason.NOT_A_NUMBER})


class Intake:
    """Collects the samples of one request of `owner`, a person or None for the platform, that comes at `now`."""

    def __init__(self, owner: UUID | None, now: datetime) -> None:
        self.owner, self.now = owner, now
        self.columns = SampleColumns()
        self.places: dict[Named, int] = {}
        self.not_kept: Counter[Reason] = Counter()
        self.examples: list[str] = []
        self.earliest, self.received_at, self.latest = map(_microseconds, (EARLIEST, now, now + AHEAD))

    def place(self, named: Named) -> int:
        """The place of a series of the owner."""
        place = self.places.get(named)
        if place is None:
            place = self.places[named] = self.columns.add_series((self.owner, *named))
        return place

    def add(self, place: int, at: int, value: float) -> None:
        """Keep a sample of the time `at` (microseconds since 1970), or note why not."""
        if not math.isfinite(value):
            reason = Reason.NOT_A_NUMBER if value != value else Reason.NOT_FINITE
            self.leave_out(reason, 1, f"{self._name(place)} is {value}")
        elif self.earliest <= at <= self.latest or self.is_time(at, self._name(place)):
            columns = self.columns
            columns.places.append(place)
            columns.times.append(at)
            columns.values.append(value)
            if len(columns.places) > MAX_SAMPLES:
                raise TooManySamples(TOO_MANY_SAMPLES)

    def is_time(self, at: int, name: str) -> bool:
        """Whether `at` can be the time of a sample; if not, it is noted."""
        if self.earliest <= at <= self.latest:
            return True
        reason = Reason.FUTURE if at > self.latest else Reason.TOO_OLD
        self.leave_out(reason, 1, f"{name[:200]} at {at / 1e6:.3f} seconds since 1970")
        return False

    def end(self, place: int, at: int) -> None:
        """Note that a series has ended at `at`."""
        self.columns.ended[place] = max(at, self.columns.ended.get(place, at))
        self.leave_out(Reason.STALE)

    def leave_out(self, reason: Reason, count: int = 1, example: str = "") -> None:
        """Count what is not kept; the first few errors are remembered in words."""
        self.not_kept[reason] += count
        if self.not_kept[reason] > MAX_SAMPLES:
            raise TooManySamples(TOO_MANY_SAMPLES)
        if reason not in HARMLESS_REASONS and example and len(self.examples) < MAX_KEPT_EXAMPLES:
            self.examples.append(f"{reason}: {example}")

    def leave_all_out(self, reason: Reason, example: str) -> None:
        """Keep none of the samples."""
        count = len(self.columns)
        self.columns, self.places = SampleColumns(), {}
        self.leave_out(reason, count, example)

    @property
    def refused(self) -> int:
        """The number of problems that are reported to the sender."""
        return sum(count for reason, count in self.not_kept.items() if reason not in HARMLESS_REASONS)

    def in_words(self) -> str:
        """What was written and what was not, for the sender."""
        counts = ", ".join(
            f"{count:,} × {reason}" for reason, count in self.not_kept.most_common() if reason not in UNREMARKABLE
        )
        return f"{len(self.columns):,} samples were written; not kept: {counts}. {self.example}".strip()

    @property
    def example(self) -> str:
        """The first few errors."""
        return BETWEEN_EXAMPLES.join(self.examples)

    def _name(self, place: int) -> str:
        _, metric, key = self.columns.series[place]
        return f"{metric}{key}"[:200]


def _microseconds(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND
