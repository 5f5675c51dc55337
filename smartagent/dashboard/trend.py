"""How often rules triggered in a period, with which result: stacked bars, and the totals beside the period before."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, Count, F, Value, When
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from rules.models import ActivityEntry
from rules.models.querysets import ActivityQuerySet
from rules.pages.activity.histogram_chart import Chart, chart_of
from rules.pages.activity.markup import bars_html
from rules.pages.activity.periods import between
from rules.search.entry_counts import counted_log
from rules.search.histogram import Bar, Binned, Histogram
from smartagent.dashboard.overview_period import OverviewPeriod
from smartagent.kernel.times import MICROSECOND

FIRED, REPEATED, RESOLVED, ERROR = "rule_fired", "rule_repeated", "rule_resolved", "rule_error"
COUNTED = (FIRED, REPEATED, RESOLVED)
# What failed is a part of its own, in the colour of errors.
PARTS = ((FIRED, "fired"), (REPEATED, "repeated"), (ERROR, "failed"), (RESOLVED, "resolved"))
Counts = dict[datetime | None, Counter[str]]  # of each bin, and of the whole period before under None


@dataclass(frozen=True, slots=True)
class Trend:
    """The bars of a period, and its totals and those of the period before."""

    chart: Chart
    triggered: int
    triggered_before: int
    failed: int
    failed_before: int
    words: str

    @property
    def bars(self) -> SafeString:
        """The markup of the bars."""
        return bars_html(self.chart.bars)

    @property
    def change(self) -> str:
        """How much more or less triggered than in the period before."""
        return change(self.triggered, self.triggered_before)

    @property
    def failed_change(self) -> str:
        """How much more or less failed than in the period before."""
        return change(self.failed, self.failed_before)


def trend_of(entries: ActivityQuerySet, period: OverviewPeriod, now: datetime, *, is_whole_log: bool = False) -> Trend:
    """Count the triggers, resolutions and failures among `entries` in `period` and in the one before.

    `is_whole_log`: they are all that there are, of which there are counts.
    """
    origin = _origin(period.start)
    known = _counted_log(period, origin, now) if is_whole_log else None
    triggers, failures = known or (
        _counted(entries.filter(event_type__in=COUNTED), period, origin, now),
        _counted(entries.failed(), period, origin, now),
    )
    bars = [
        Bar(at, at + period.step, _parts(triggers.get(at, Counter()), failures.get(at, Counter())))
        for at in _bins(origin, period, now)
    ]
    totals, before = _total(triggers), triggers.get(None, Counter[str]())
    return Trend(
        chart=chart_of(Histogram(bars, list(PARTS)), _address),
        triggered=totals[FIRED] + totals[REPEATED],
        triggered_before=before[FIRED] + before[REPEATED],
        failed=_total(failures).total(),
        failed_before=failures.get(None, Counter()).total(),
        words=_words(totals, period),
    )


def change(count: int, before: int) -> str:
    """The difference in percent: `+12 %`, `−8 %`, `unchanged`; empty where there was nothing before."""
    if not before:
        return ""
    percent = round(100 * (count - before) / before)
    return "unchanged" if not percent else f"{'+' if percent > 0 else '−'}{abs(percent):,} %"


def _counted_log(period: OverviewPeriod, origin: datetime, now: datetime) -> tuple[Counts, Counts] | None:
    """How many triggers and resolutions there are, and how many failures; None where they are to be counted."""
    before = counted_log(period.before, period.start - MICROSECOND, period.length, origin)
    within = counted_log(period.start, now, period.step, origin)
    if before is None or within is None:
        return None
    triggers: Counts = {}
    failures: Counts = {}
    binned = [(each, each.bin) for each in within]
    for each, bin_ in [*((each, None) for each in before), *binned]:
        if each.event in COUNTED:
            triggers.setdefault(bin_, Counter())[each.event] += each.entries
        if each.ours and each.status == ActivityEntry.Status.FAILED:
            failures.setdefault(bin_, Counter())[each.event] += each.entries
    return triggers, failures


def _counted(entries: ActivityQuerySet, period: OverviewPeriod, origin: datetime, now: datetime) -> Counts:
    """How many of each event there are in each bin, without a look into the table where an index has all of it."""
    binned = Case(
        When(created_at__gte=period.start, then=Binned(Value(period.step), F("created_at"), Value(origin)))
    )  # fmt: skip
    rows = entries.filter(created_at__gte=period.before, created_at__lte=now).order_by()
    counts: Counts = {}
    for bin_, event, count in _grouped(rows, binned):
        counts.setdefault(bin_, Counter())[event] += count
    return counts


def _grouped(rows: Any, binned: Case) -> Iterable[tuple[datetime | None, str, int]]:
    return rows.values("event_type", bin=binned).annotate(n=Count("*")).values_list("bin", "event_type", "n")  # type: ignore[no-any-return]


def _parts(triggers: Counter[str], failures: Counter[str]) -> tuple[int, ...]:
    """The parts of a bar; what failed counts there only."""
    done = {event: triggers[event] - failures[event] for event in COUNTED} | {ERROR: failures.total()}
    return tuple(max(done[event], 0) for event, _ in PARTS)


def _total(counts: Counts) -> Counter[str]:
    return sum((each for at, each in counts.items() if at is not None), Counter[str]())


def _origin(start: datetime) -> datetime:
    """Where bins begin: at midnight in the current time zone."""
    return timezone.localtime(start).replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)


def _bins(origin: datetime, period: OverviewPeriod, now: datetime) -> Iterable[datetime]:
    at = origin + (period.start - origin) // period.step * period.step
    while at < now:
        yield at
        at += period.step


def _address(start: datetime, end: datetime) -> str:
    """The activity of a bar."""
    wanted = {name: value for name, value in between(start, end).items() if value}
    return f"{reverse('admin:rules_activityentry_changelist')}?{urlencode(wanted)}"


def _words(totals: Counter[str], period: OverviewPeriod) -> str:
    triggered = totals[FIRED] + totals[REPEATED]
    return f"{triggered:,} triggered in {period.words}" if triggered else f"Nothing triggered in {period.words}."
