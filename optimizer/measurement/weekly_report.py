"""The weekly report: what was proposed, applied, improved and rolled back, by strategy, in one statement."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q

from optimizer.metrics import METRIC_PREFIX
from optimizer.models import OptimizationEvent
from optimizer.text.proposal import strategy_name, title_of
from smartagent.kernel.formats import day

WEEK = timedelta(days=7)
MAX_EXAMPLES = 5
# What is counted, its label, and its colour: distinguishable in light and dark mode.
REPORT_SERIES = {
    "proposed": ("proposed", "#64748b"), "applied": ("applied", "#0f766e"), "improved": ("improved", "#15803d"),
    "unchanged": ("no change", "#94a3b8"), "worse": ("worse", "#b91c1c"), "rolled_back": ("rolled back", "#b45309"),
    "failed": ("failed", "#be123c"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReportLine:
    """The counts of one strategy, by the names of COUNTED."""

    label: str
    counts: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyReport:
    """The report from `start` to `end`; `examples` are the newest measured optimizations with their effects."""

    start: datetime
    end: datetime
    lines: list[ReportLine]
    examples: list[tuple[str, str, str]]

    @property
    def total(self) -> dict[str, int]:
        """The sum of all strategies."""
        return {name: sum(line.counts[name] for line in self.lines) for name in REPORT_SERIES}

    @property
    def title(self) -> str:
        """`Optimizations from 2026-03-02 to 2026-03-09`"""
        return f"Optimizations from {day(self.start)} to {day(self.end)}"

    @property
    def words(self) -> str:
        """The report in one sentence."""
        count = self.total
        if not any(count.values()):
            return "No optimizations were proposed or applied this week."
        counts = [
            f"{count[name]:,} {word}"
            for name, (word, _) in REPORT_SERIES.items()
            if count[name] or name in ALWAYS_SHOWN
        ]
        return f"This week: {', '.join(counts)}."

    @property
    def bars(self) -> list[dict[str, Any]]:
        """The chart as bars of percentages, for e-mails: without zero counts, the largest is 100."""
        maximum = max([1, *(count for line in self.lines for count in line.counts.values())])
        return [
            {"label": line.label, "rows": [
                {"name": word, "count": line.counts[name], "width": max(1, round(100 * line.counts[name] / maximum)),
                 "colour": colour}
                for name, (word, colour) in REPORT_SERIES.items() if line.counts[name]
            ]}
            for line in self.lines
        ]  # fmt: skip


ALWAYS_SHOWN = ("proposed", "applied", "improved")


def report_of(end: datetime) -> WeeklyReport:
    """The report of the seven days before `end`, over all people."""
    start = end - WEEK
    return WeeklyReport(start=start, end=end, lines=_lines(start, end), examples=_examples(start, end))


def _within(field: str, start: datetime, end: datetime) -> Q:
    return Q(**{f"{field}__gt": start, f"{field}__lte": end})


def _lines(start: datetime, end: datetime) -> list[ReportLine]:
    """The counts, each in the week in which it happened."""
    measured, ended = _within("measure_at", start, end), _within("ended_at", start, end)
    conditions = {
        "proposed": _within("created_at", start, end), "applied": _within("applied_at", start, end),
        "improved": measured & Q(verdict="improved"), "unchanged": measured & Q(verdict="unchanged"),
        "worse": measured & Q(verdict="worse"), "rolled_back": ended & Q(status="rolled_back"),
        "failed": ended & Q(status="failed"),
    }  # fmt: skip
    touched = _within("created_at", start, end) | _within("applied_at", start, end) | measured | ended
    rows = (
        OptimizationEvent.objects.filter(touched, source_event_type__startswith=METRIC_PREFIX)
        .order_by()
        .values("strategy")
    )
    counted = rows.annotate(**{name: Count("pk", filter=condition) for name, condition in conditions.items()})
    lines = [ReportLine(strategy_name(row["strategy"]), {name: row[name] for name in REPORT_SERIES}) for row in counted]
    return sorted((line for line in lines if any(line.counts.values())), key=lambda line: -line.counts["proposed"])


def _examples(start: datetime, end: datetime) -> list[tuple[str, str, str]]:
    measured = OptimizationEvent.objects.filter(_within("measure_at", start, end), verdict__in=["improved", "worse"])
    rows = measured.select_related("user").order_by("-measure_at")[:MAX_EXAMPLES]
    return [(title_of(row), row.get_verdict_display(), f"/optimizations/{row.pk}/") for row in rows]
