"""The error for series whose newest reading exceeds the range of 64-bit floats (table eval_beyond)."""

from collections.abc import Sequence

from django.db.backends.utils import CursorWrapper

from rules.engine.numeric_range import BEYOND_RANGE

# Over a table of instances with a key n, those without a reading of which a series is beyond the range.
_FOUND = """
wanted AS (
    SELECT n, subject_id, metric_type AS metric, target FROM {instances}
     WHERE verdict = 'missing' AND conditions IS NULL
     UNION ALL
    SELECT i.n, i.subject_id, c.it->>'metric', c.it->>'target'
      FROM {instances} i CROSS JOIN LATERAL jsonb_array_elements(i.conditions) AS c (it)
     WHERE i.verdict = 'missing' AND c.it->>'verdict' = 'missing'),
found AS (
    SELECT w.n FROM wanted w JOIN eval_beyond b ON b.metric = w.metric AND b.target = w.target
                                               AND b.user_id = w.subject_id
     UNION
    SELECT w.n FROM wanted w JOIN eval_beyond b ON b.metric = w.metric AND b.target = w.target
     WHERE b.user_id IS NULL)
"""
GIVE_CAUSES = f"""
WITH {_FOUND.format(instances="eval_candidates")}
UPDATE eval_candidates c SET cause = '{BEYOND_RANGE}' FROM found WHERE found.n = c.n
"""


def give_causes(cursor: CursorWrapper) -> None:
    """Set the error on candidates without a reading whose series is beyond the range."""
    cursor.execute("SELECT EXISTS (SELECT FROM eval_beyond)")
    if cursor.fetchone()[0]:
        cursor.execute(GIVE_CAUSES)


def with_causes(judged: str, names: Sequence[str]) -> str:
    """A SELECT of `names` from the SELECT `judged`, with that error."""
    cause = f"CASE WHEN EXISTS (SELECT FROM found WHERE found.n = j.n) THEN '{BEYOND_RANGE}' ELSE j.cause END"
    columns = ", ".join(cause if name == "cause" else f"j.{name}" for name in names)
    return f"""
WITH judged AS MATERIALIZED (SELECT row_number() OVER () AS n, * FROM ({judged}) AS each_instance),
     {_FOUND.format(instances="judged")}
SELECT {columns} FROM judged j
"""
