"""A backtest of a proposed threshold on stored readings: how often the rule would have fired, and on what."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from rules.backtesting.replay import Period, replay
from rules.data_sources.history import history_within
from rules.engine.conditions import met
from rules.engine.intervals import evaluation_interval
from rules.health.feedback_counts import JudgedFiring
from rules.models import AutomationRule

REPLAYED_DAYS = 30
FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Backtest:
    """How often a rule fires and acts with the present and the proposed threshold; and which rated firings remain."""

    fired_now: int
    fired_then: int
    notified_now: int
    notified_then: int
    useful_kept: int
    noise_dropped: int


def backtest(rule: AutomationRule, threshold: float, judged: Sequence[JudgedFiring], now: datetime) -> Backtest | None:
    """Replay the last 30 days with both thresholds; None where there are no stored readings."""
    moved = copy(rule)
    moved.threshold_value = Decimal(repr(threshold))
    start = now - timedelta(days=REPLAYED_DAYS)
    try:
        with history_within():
            present, then = replay(rule, start, now), replay(moved, start, now)
    except ValueError:  # a condition cannot be read, or a data source not be asked: the check `failing` reports this
        return None
    if not present.fired:
        return None
    still = _Still(present.periods, then.periods, rule.condition_operator, threshold)
    kept = [firing.useful for firing in judged if still.fires(firing)]
    noise = sum(not firing.useful for firing in judged)
    return Backtest(
        present.fired, then.fired, present.notified, then.notified, kept.count(True), noise - kept.count(False)
    )


class _Still:
    """Whether a rated firing would still occur: whether the rule would have fired during that episode.

    An episode that began below the threshold and later passed it counts. Where no readings are stored, the reading at
    its beginning decides.
    """

    def __init__(self, now: Iterable[Period], then: Iterable[Period], operator: str, threshold: float) -> None:
        self.now, self.then, self.operator, self.threshold = _by_person(now), _by_person(then), operator, threshold
        self.interval = evaluation_interval()

    def fires(self, firing: JudgedFiring) -> bool:
        episode = self._episode(firing)
        if episode is None:
            return met(firing.value, self.operator, self.threshold)
        start, end = episode
        return any(first < end and last > start for first, last in self.then.get(firing.person, []))

    def _episode(self, firing: JudgedFiring) -> tuple[datetime, datetime] | None:
        """The period of the episode. It begins at a scheduled evaluation, which may differ slightly from the firing's
        time."""
        spans = self.now.get(firing.person, [])
        place = bisect_right(spans, firing.at + self.interval, key=lambda span: span[0]) - 1
        return spans[place] if place >= 0 and spans[place][1] > firing.at else None


def _by_person(periods: Iterable[Period]) -> dict[str, list[tuple[datetime, datetime]]]:
    spans: dict[str, list[tuple[datetime, datetime]]] = {}
    for period in periods:
        spans.setdefault(str(period.person), []).append((period.start, period.end or FOREVER))
    return {person: sorted(times) for person, times in spans.items()}
