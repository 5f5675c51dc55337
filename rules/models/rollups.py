"""Roll-ups of samples over 5 minutes, an hour and a day, and which of them are to be made again.

A period includes its end and not its beginning, as the window of a rule does: a window that ends with a period is made
of whole periods. Days are those of UTC.
"""

from typing import ClassVar

from django.db import models

from rules.engine.numeric_range import LARGEST_VALUE
from rules.models.series import MetricSeries

ROLLUP_LOCK = 0x5A9E20  # any number, the same for every roll-up of this database
# What other programs date before is on no chart.
ROLLABLE = "observed_at > '1900-01-01 00:00:00+00'"


def period_end_sql(length: str, time: str) -> str:
    """SQL of the end of the period of this `length` in which `time` is."""
    origin = "'2000-01-01 00:00:00+00'::timestamptz"
    return f"(date_bin('{length}', {time} - interval '1 microsecond', {origin}) + interval '{length}')"


# What the samples of a group are rolled up to; a sum with a value that cannot be added is NaN.
ROLLED_SAMPLES = f"""min(value), max(value),
       CASE WHEN max(abs(value)) > {LARGEST_VALUE} THEN 'NaN'
            ELSE sum(value) FILTER (WHERE abs(value) <= {LARGEST_VALUE}) END,
       count(*), (array_agg(value ORDER BY observed_at DESC))[1]"""
# The body of the trigger on samples: hours that were rolled up before are noted, to be rolled up again. The lock lets
# the roll-up wait for whoever has written samples without having seen how far it is.
NOTE_LATE = f"""
BEGIN
    PERFORM pg_advisory_xact_lock_shared({ROLLUP_LOCK});
    INSERT INTO metric_rollup_late (series, ended_at)
    SELECT DISTINCT series_id, {period_end_sql("1 hour", "observed_at")}
      FROM written
     WHERE {ROLLABLE} AND observed_at <= (SELECT max(noted_until) FROM metric_rollup_progress)
     ORDER BY 1, 2
        ON CONFLICT (series, ended_at) DO UPDATE SET ended_at = excluded.ended_at;
    RETURN NULL;
EXCEPTION WHEN undefined_table THEN
    RETURN NULL;
END
"""


class Rollup(models.Model):
    """The samples of a series in the period that ends at `ended_at`."""

    series = models.ForeignKey(MetricSeries, models.CASCADE, related_name="+", db_index=False)
    ended_at = models.DateTimeField()
    min = models.FloatField()
    max = models.FloatField()
    sum = models.FloatField()
    count = models.BigIntegerField()
    last = models.FloatField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.min:g} to {self.max:g}"


class FiveMinuteRollup(Rollup):
    pk = models.CompositePrimaryKey("series", "ended_at")

    class Meta:
        db_table = "metric_rollups_5m"


class HourlyRollup(Rollup):
    pk = models.CompositePrimaryKey("series", "ended_at")

    class Meta:
        db_table = "metric_rollups_1h"


class DailyRollup(Rollup):
    pk = models.CompositePrimaryKey("series", "ended_at")

    class Meta:
        db_table = "metric_rollups_1d"


class LateHour(models.Model):
    """An hour of a series that got samples after it was rolled up. The series may be gone."""

    pk = models.CompositePrimaryKey("series", "ended_at")
    series = models.BigIntegerField()
    ended_at = models.DateTimeField()

    class Meta:
        db_table = "metric_rollup_late"

    def __str__(self) -> str:
        return f"{self.series} {self.ended_at}"


class RollupProgress(models.Model):
    """How far samples are rolled up, in one row; samples up to `noted_until` are noted as late by whoever writes."""

    ONLY: ClassVar[int] = 1

    id = models.SmallIntegerField(primary_key=True, default=ONLY)
    rolled_until = models.DateTimeField()
    noted_until = models.DateTimeField()

    class Meta:
        db_table = "metric_rollup_progress"

    def __str__(self) -> str:
        return f"{self.rolled_until}"
