"""The series of queries as readings of an evaluation: rows of its temporary tables.

Series without labels, and those whose only label is `target`, are readings as pushed ones are; every series is in
eval_series.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from uuid import UUID

from django.db import connection
from psycopg.types.json import Jsonb

from rules.data_sources.asking import QueryOutcome
from rules.data_sources.people import UnknownPerson, owner_of, people_named
from rules.engine.series_labels import MAX_TARGET, series_key
from smartagent.kernel.bulk_copy import copy_rows

SERIES_COLUMNS = ["metric", "user_id", "target", "labels", "value", "observed_at"]
SERIES_TYPES = ["text", "uuid", "text", "jsonb", "float8", "timestamptz"]
PLAIN_READINGS_SQL = f"""
INSERT INTO eval_readings (metric, user_id, target, value, observed_at)
SELECT metric, user_id, target, value, observed_at FROM eval_series
 WHERE metric = ANY(%s) AND NOT target LIKE '{{%%' AND char_length(target) <= {MAX_TARGET}
"""
Row = tuple[str, UUID | None, str, Jsonb, float, object]


def insert_outcomes(outcomes: Sequence[QueryOutcome], person: UUID | None = None) -> None:
    """Write the series and failures of `outcomes`; only those that count for one person, where given."""
    if not outcomes:
        return
    rows = list(_rows(outcomes, person))  # which looks for people: nothing can be asked while rows are copied
    copy_rows("eval_series", SERIES_COLUMNS, SERIES_TYPES, rows)
    failures = [(each.query.name, each.error) for each in outcomes if each.error]
    with connection.cursor() as cursor:
        cursor.execute(PLAIN_READINGS_SQL, [[each.query.name for each in outcomes]])
        cursor.executemany("INSERT INTO eval_failures (metric, cause) VALUES (%s, %s)", failures)


def _rows(outcomes: Sequence[QueryOutcome], person: UUID | None) -> Iterator[Row]:
    people = people_named(
        each.labels.get(outcome.query.source.person_label, "") for outcome in outcomes for each in outcome.series
    )
    for outcome in outcomes:
        for each in outcome.series:
            with suppress(UnknownPerson):
                whose, labels = owner_of(each, outcome.query.source.person_label, people)
                if person is None or whose in (None, person):
                    yield outcome.query.name, whose, series_key(labels), Jsonb(labels), each.value, each.at
