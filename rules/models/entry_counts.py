"""How many entries the activity log has, by time and kind: what long periods are counted by.

Triggers on the log add what each statement changes, in the transaction of the statement, as rows that are added up when
they are read: whatever is deleted or committed late, and whoever writes, the sum is that of the log. Rows are only ever
added, so that no writer waits for another; `merge` makes one of many.
"""

from typing import Any

from django.db import connection, models, transaction

SLOT_MINUTES = 15  # every time zone begins its hours at a multiple of it
COUNT_LOCK = 0x5A9C07  # any number, the same for every count of this database
# What other programs date before or after is on no chart.
COUNTABLE = "created_at >= '1970-01-01 00:00:00+00' AND created_at < '3000-01-01 00:00:00+00'"
# Slot and kind of an entry: event, status, and whether Smart Agent wrote it.
ENTRY_KIND = f"""date_bin('{SLOT_MINUTES} minutes', created_at, '2000-01-01 00:00:00+00'), coalesce(event_type, ''),
               coalesce(status, ''), run_id IS NOT NULL OR executed_at IS NOT NULL"""
COUNT_COLUMNS = "slot, event_type, status, ours, entries"
# The body of the triggers; `written` and `gone` are the rows that the statement has added and removed.
COUNT_CHANGES = f"""
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO activity_entry_counts ({COUNT_COLUMNS})
        SELECT {ENTRY_KIND}, count(*) FROM written WHERE {COUNTABLE} GROUP BY 1, 2, 3, 4;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO activity_entry_counts ({COUNT_COLUMNS})
        SELECT {ENTRY_KIND}, -count(*) FROM gone WHERE {COUNTABLE} GROUP BY 1, 2, 3, 4;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO activity_entry_counts ({COUNT_COLUMNS})
        SELECT slot, event_type, status, ours, sum(n)
          FROM (SELECT {ENTRY_KIND}, 1 FROM written WHERE {COUNTABLE} UNION ALL
                SELECT {ENTRY_KIND}, -1 FROM gone WHERE {COUNTABLE}) AS e (slot, event_type, status, ours, n)
         GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0;
    ELSE
        DELETE FROM activity_entry_counts;
    END IF;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'Smart Agent: activity entries are not counted: %', SQLERRM;
    RETURN NULL;
END
"""
LOCK_COUNTS = f"SELECT pg_advisory_xact_lock({COUNT_LOCK})"
# What the counts lack, from one snapshot of both: right at any time, also while others write.
RECOUNT = f"""
INSERT INTO activity_entry_counts ({COUNT_COLUMNS})
SELECT slot, event_type, status, ours, sum(n)
  FROM (SELECT {ENTRY_KIND}, 1 FROM agent_activity_log WHERE {COUNTABLE} UNION ALL
        SELECT slot, event_type, status, ours, -entries
          FROM activity_entry_counts) AS e (slot, event_type, status, ours, n)
 GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0 ORDER BY 1
"""
MERGE = f"""
WITH many AS (SELECT slot, event_type, status, ours FROM activity_entry_counts
               GROUP BY 1, 2, 3, 4 HAVING count(*) > 1 OR sum(entries) = 0),
     gone AS (DELETE FROM activity_entry_counts c USING many m
               WHERE c.slot = m.slot AND c.event_type = m.event_type AND c.status = m.status AND c.ours = m.ours
           RETURNING c.slot, c.event_type, c.status, c.ours, c.entries)
INSERT INTO activity_entry_counts ({COUNT_COLUMNS})
SELECT slot, event_type, status, ours, sum(entries) FROM gone GROUP BY 1, 2, 3, 4 HAVING sum(entries) <> 0 ORDER BY 1
"""
# All triggers are on, and what was there before them is counted, which a comment on the first one says.
IS_KEPT = """
SELECT count(*) = 4 AND bool_or(obj_description(oid, 'pg_trigger') IS NOT NULL) FROM pg_trigger
 WHERE tgrelid = to_regclass('agent_activity_log') AND tgname LIKE 'zz\\_smartagent\\_entry\\_counts\\_%%'
   AND tgenabled IN ('O', 'A')
"""


class EntryCountQuerySet(models.QuerySet[Any]):
    def is_kept(self) -> bool:
        """Whether the counts are those of the log."""
        with connection.cursor() as cursor:
            cursor.execute(IS_KEPT, [])
            return bool(cursor.fetchone()[0])

    def recount(self) -> None:
        """Count the whole log again, and make one row of many."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(LOCK_COUNTS)
            cursor.execute(RECOUNT)
        self.merge()

    def merge(self) -> None:
        """Make one row of those of the same slot and kind."""
        with connection.cursor() as cursor:
            cursor.execute(MERGE)


class EntryCount(models.Model):
    """So many `entries` more, or less, of a quarter of an hour; `ours`: Smart Agent wrote them."""

    id = models.BigAutoField(primary_key=True)
    slot = models.DateTimeField()
    event_type = models.TextField()
    status = models.TextField()
    ours = models.BooleanField()
    entries = models.BigIntegerField()

    objects = EntryCountQuerySet.as_manager()

    class Meta:
        db_table = "activity_entry_counts"
        indexes = [models.Index(fields=["slot"], name="activity_entry_counts_slot")]

    def __str__(self) -> str:
        return f"{self.slot:%Y-%m-%d %H:%M} {self.event_type} {self.status} {self.entries:+}"
