"""The period of the activity list: from when until when, its name, and the periods beside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from rules.search.fields import TIME_FIELDS, Bounds, bounds
from rules.search.query import Term
from smartagent.kernel.formats import clock
from smartagent.rest.periods import PERIOD_LABELS

PERIOD_NAMES = {
    "1h": "1 hour",
    "24h": "24 hours",
    "7d": "7 days",
    "30d": "30 days",
    "today": "Today",
    "yesterday": "Yesterday",
}


@dataclass(frozen=True, slots=True)
class ListPeriod:
    """`start` None: since ever; `end` None: until now. `name` is that of `within`, or empty."""

    start: datetime | None
    end: datetime | None
    name: str

    @property
    def words(self) -> str:
        """`the last 7 days`, `all time`, `2 Mar 2026, 10:00 to 2 Mar 2026, 12:00`."""
        if self.name:
            return dict(PERIOD_LABELS)[self.name]
        if self.start is None:
            return f"until {clock(self.end)}" if self.end else "all time"
        return f"{clock(self.start)} to {clock(self.end)}" if self.end else f"since {clock(self.start)}"

    def lasts(self, now: datetime) -> timedelta:
        """How long it is, until `now` at the latest."""
        return min(self.end or now, now) - self.start if self.start else timedelta.max

    def before(self) -> dict[str, str | None] | None:
        """The parameters of the period before it, of the same length; None where there is none."""
        return self._moved(-1)

    def after(self) -> dict[str, str | None] | None:
        """The parameters of the period after it; None where that has not begun."""
        return self._moved(1) if self.end and self.end < timezone.now() else None

    def _moved(self, lengths: int) -> dict[str, str | None] | None:
        if self.start is None:
            return None
        end = self.end or timezone.now()
        try:
            by = (end - self.start) * lengths
            return between(self.start + by, end + by) if by else None
        except OverflowError:  # beyond the calendar
            return None


def between(start: datetime, end: datetime) -> dict[str, str | None]:
    """The parameters of a period from `start` until `end`."""
    return {"within": None, "after": written(start), "before": written(end)}


def written(moment: datetime) -> str:
    """A time as a parameter, in the current time zone."""
    return timezone.localtime(moment).isoformat(timespec="seconds")


def period_of(within: str, given: Iterable[datetime | None], terms: Iterable[Term], now: datetime) -> ListPeriod:
    """The period that the parameters `within`, `after` and `before` (`given`) and the terms of time mean together."""
    after, before = given
    limits: list[Bounds] = [(after, before)]
    if within:
        limits.append(bounds("within", within, now))
    limits += [bounds(term.field, term.value, now) for term in terms if term.field in TIME_FIELDS and not term.excluded]
    starts, ends = [start for start, _ in limits if start], [end for _, end in limits if end]
    only_named = within if len(limits) == 2 and not (after or before) else ""
    return ListPeriod(max(starts, default=None), min(ends, default=None), only_named)


def is_live(period: ListPeriod, now: datetime) -> bool:
    """Whether new entries belong to the period."""
    return period.end is None or period.end > now + timedelta(seconds=1)
