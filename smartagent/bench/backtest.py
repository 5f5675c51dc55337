"""Duration of a backtest of one rule over everybody, and of one SQL statement that counts the breaching readings."""

import resource
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

from django.db import connection
from django.utils import timezone

from rules.backtesting.replay import replay
from rules.models import AutomationRule
from smartagent.bench.bare_table import bare
from smartagent.bench.people import make_people

BACKTEST_ROUNDS = 5
SAMPLE_INTERVAL = timedelta(minutes=5)
THRESHOLD = 90
# A load that swings with the day and with chance, and now and then, for an hour, an incident.
BENCH_SERIES = "INSERT INTO metric_series (user_id, metric) SELECT id, 'cpu' FROM smartagent_users"
SAMPLES = """
INSERT INTO metric_samples (series_id, value, observed_at)
SELECT u.id, CASE WHEN (n + u.place * 37) %% 2016 < 12 THEN 95 + random()
                             ELSE 40 + 20 * sin(n * pi() / 144 + u.place) + 10 * random() END,
       %(start)s + n * interval '5 minutes'
  FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM metric_series) AS u,
       generate_series(1, %(days)s * 288) AS n
"""
FLOOR = """
SELECT count(*) FROM metric_samples
 WHERE series_id IN (SELECT id FROM metric_series WHERE metric = 'cpu' AND target = '')
   AND observed_at > %s AND observed_at <= %s AND value > %s
"""


@dataclass(frozen=True, kw_only=True)
class BacktestFigures:
    """Seconds are medians of five."""

    people: int
    days: int
    readings: int
    breaching: int
    fired: int
    notified: int
    seconds: float
    floor_seconds: float
    ratio: float
    peak_mb: float
    growth_mb: float

    def as_dict(self) -> dict[str, float | None]:
        return asdict(self)


def bench_backtest(people: int, days: int) -> BacktestFigures:
    """Measure in the database of the default connection, which must be a scratch database."""
    end = datetime.fromtimestamp(timezone.now().timestamp() // 300 * 300, UTC)
    start = end - timedelta(days=days)
    rule = _make(people, days, start)
    before = _peak_mb()
    found = replay(rule, start, end)
    rounds = [_round(rule, start, end) for _ in range(BACKTEST_ROUNDS)]
    seconds, floor = median(each[0] for each in rounds), median(each[1] for each in rounds)
    return BacktestFigures(
        people=people, days=days, readings=people * days * 288, breaching=rounds[0][2], fired=found.fired,
        notified=found.notified, seconds=round(seconds, 3), floor_seconds=round(floor, 3),
        ratio=round(seconds / floor, 2), peak_mb=_peak_mb(), growth_mb=round(_peak_mb() - before, 1),
    )  # fmt: skip


def _make(people: int, days: int, start: datetime) -> AutomationRule:
    owner = make_people(people)
    with bare("metric_samples"), connection.cursor() as cursor:
        cursor.execute(BENCH_SERIES)
        cursor.execute(SAMPLES, {"start": start, "days": days})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE metric_series, metric_samples")
    return AutomationRule(
        user_id=owner, rule_name="Busy", metric_type="cpu", condition_operator=">", threshold_value=THRESHOLD,
        action_type="log", applies_to=AutomationRule.AppliesTo.EVERYONE,
    )  # fmt: skip


def _round(rule: AutomationRule, start: datetime, end: datetime) -> tuple[float, float, int]:
    begun = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(FLOOR, [start, end, THRESHOLD])
        breaching = cursor.fetchone()[0]
    counted = time.perf_counter()
    replay(rule, start, end)
    return time.perf_counter() - counted, counted - begun, breaching


def _peak_mb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
