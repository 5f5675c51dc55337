"""The instances that rules on series have by the series that were pushed to them, whether they ever fired or not.

An instance that was never other than ok has no row: the preview of a silence would not know of it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from psycopg.types.json import Jsonb

from rules.engine.label_matchers import LabelMatcher, read_matchers
from rules.engine.series_choice import SeriesMode
from rules.engine.series_labels import series_key
from smartagent.kernel.bulk_copy import copy_rows

MAX_KNOWN_SERIES = 20_000
CREATE_KNOWN_INSTANCES = """
DROP TABLE IF EXISTS eval_known_instances;
CREATE TEMP TABLE eval_known_instances (rule_id uuid, subject_id uuid, target text, labels jsonb)
"""
# The platform's series stand for the owner of the rule, as in an evaluation.
SERIES_OF_COVERED = """
SELECT i.rule_id, i.subject_id, i.of_series, r.series_mode, r.matchers, r.group_by, q.labels
  FROM (SELECT DISTINCT rule_id, subject_id, of_series FROM ({covered}) AS c) AS i
  JOIN automation_rules r ON r.id = i.rule_id AND r.series_mode <> 'one'
   AND (%(owner)s::uuid IS NULL OR r.user_id = %(owner)s)
  JOIN metric_series q ON q.metric = r.metric_type AND q.labels @> i.of_series AND q.stale_at IS NULL
   AND (q.user_id = i.subject_id OR (q.user_id IS NULL AND i.subject_id = r.user_id))
 WHERE EXISTS (SELECT FROM metric_samples s WHERE s.series_id = q.id AND s.observed_at > %(oldest)s)
 LIMIT %(maximum)s
"""
Instance = tuple[UUID, UUID, str]


def fill_known_instances(covered: str, owner: UUID | None, now: datetime) -> None:
    """Fill eval_known_instances for the rules and people of `covered`, a SELECT of rule_id, subject_id and of_series,
    the labels that an instance must have; only of rules of `owner` where one is given."""
    with connection.cursor() as cursor:
        cursor.execute(CREATE_KNOWN_INSTANCES)
        oldest = now - timedelta(hours=settings.PUSHED_MAX_AGE_HOURS)
        cursor.execute(
            SERIES_OF_COVERED.format(covered=covered), {"owner": owner, "oldest": oldest, "maximum": MAX_KNOWN_SERIES}
        )
        found = dict(_instances(cursor.fetchall()))
    copy_rows(
        "eval_known_instances", ["rule_id", "subject_id", "target", "labels"], ["uuid", "uuid", "text", "jsonb"],
        [(*instance, Jsonb(labels)) for instance, labels in found.items()],
    )  # fmt: skip


def _instances(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Instance, Mapping[str, str]]]:
    for rule, subject, of_series, mode, matchers, group_by, labels in rows:
        series, wanted = json.loads(labels), json.loads(of_series)
        if not all(matcher.matches(series) for matcher in _read(matchers)):
            continue
        own = series if mode == SeriesMode.EACH else {name: series[name] for name in _names(group_by) if name in series}
        if wanted.items() <= own.items():
            yield (rule, subject, series_key(own)), own


@lru_cache(maxsize=256)
def _read(stored: str) -> tuple[LabelMatcher, ...]:
    """The matchers of a rule; none where another program has written something else, which an evaluation reports."""
    try:
        return tuple(read_matchers(json.loads(stored)))
    except ValueError:
        return ()


@lru_cache(maxsize=256)
def _names(stored: str) -> tuple[str, ...]:
    names = json.loads(stored)
    return tuple(each for each in names if isinstance(each, str)) if isinstance(names, list) else ()
