"""Duration of an evaluation of one rule on many series, and of the bare SQL that it needs at least."""

import time
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.conf import settings
from django.db import connection
from django.test.utils import override_settings
from django.utils import timezone

from rules.evaluation.dispatcher import dispatch
from rules.models import DispatchRun
from smartagent.bench.bench_process import peak_memory_mb
from smartagent.bench.people import make_people

SERIES_ROUNDS = 5
MAKE_SERIES_ROWS = (
    """INSERT INTO metric_series (user_id, metric, target, labels)
       SELECT NULL, 'load', '{disk="' || n %% 10 || '",host="h' || n / 10 || '"}',
              jsonb_build_object('host', 'h' || n / 10, 'disk', (n %% 10)::text)
         FROM generate_series(1, %(series)s) n""",
    """INSERT INTO metric_samples (series_id, observed_at, value)
       SELECT id, %(now)s::timestamptz - interval '1 minute' * m, 50 FROM metric_series, generate_series(1, 3) m""",
    """INSERT INTO automation_rules (user_id, rule_name, metric_type, condition_operator, threshold_value, action_type,
                                     series_mode, matchers)
       SELECT id, 'Load of each disk', 'load', '>', 90, 'alert', 'each', '["host!=\\"none\\""]'
         FROM smartagent_users""",
    "VACUUM ANALYZE",
)
# The newest reading of each series, its state, and whether it breaches.
BREACHING_SERIES = """
SELECT count(*) FROM automation_rules r JOIN metric_series q ON q.metric = r.metric_type
 CROSS JOIN LATERAL (SELECT s.value FROM metric_samples s
                      WHERE s.series_id = q.id AND s.observed_at > %(oldest)s AND s.observed_at <= %(now)s
                      ORDER BY s.observed_at DESC LIMIT 1) newest
  LEFT JOIN rule_states t ON t.rule_id = r.id AND t.user_id = r.user_id AND t.target = q.target
 WHERE r.status = 'active' AND (newest.value > r.threshold_value) <> (coalesce(t.condition, 'ok') = 'firing')
"""


@dataclass(frozen=True, kw_only=True)
class SeriesFigures:
    """Seconds are medians of five."""

    series: int
    instances: int
    seconds: float
    floor_seconds: float
    ratio: float
    series_per_second: int
    peak_mb: float

    def as_dict(self) -> dict[str, float | None]:
        return asdict(self)


def bench_series(series: int) -> SeriesFigures:
    """Measure in the database of the default connection, which must be a scratch database."""
    now = timezone.now()
    make_people(1)
    with connection.cursor() as cursor:
        for statement in MAKE_SERIES_ROWS:
            cursor.execute(statement, {"series": series, "now": now} if "%(" in statement else None)
    with override_settings(MAX_INSTANCES_PER_RULE=series):
        rounds = [_round(now + timedelta(seconds=number)) for number in range(SERIES_ROUNDS)]
    seconds, floor = (median(column) for column in list(zip(*rounds, strict=True))[:2])
    return SeriesFigures(
        series=series, instances=rounds[0][2], seconds=round(seconds, 3), floor_seconds=round(floor, 3),
        ratio=round(seconds / floor, 2), series_per_second=round(series / seconds),
        peak_mb=round(peak_memory_mb(), 1),
    )  # fmt: skip


def _round(now: datetime) -> tuple[float, float, int]:
    """Return (seconds of the evaluation, of its floor, instances)."""
    params: dict[str, Any] = {"now": now, "oldest": now - timedelta(hours=settings.PUSHED_MAX_AGE_HOURS)}
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(BREACHING_SERIES, params)
        cursor.fetchone()
    floor = time.perf_counter() - started
    started = time.perf_counter()
    run = dispatch(now, DispatchRun.Trigger.COMMAND)
    return time.perf_counter() - started, floor, run.instances
