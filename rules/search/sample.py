"""A random sample of the log, for what takes too long to count: ids are random, and those below a bound are taken."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q

from rules.models import ActivityEntry
from smartagent.postgres.estimate import estimated

SAMPLE_ENTRIES = 8_000  # of the whole log; each is a look-up in the table
MAX_COUNTED_EXACTLY = 100_000
TOLERANCE = 0.2  # of the number of entries in the sample
LOG_SIZE = "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'agent_activity_log'::regclass"
IDS = 2**128


class Sample(NamedTuple):
    """The entries that are taken, and how many entries each of them stands for."""

    taken: Q
    weight: float


def sample_of(start: datetime | None, end: datetime) -> Sample | None:
    """The sample of the entries between `start` and `end`; None where ids turn out not to be random, as those of
    another program may, or the sample would be the whole log."""
    with connection.cursor() as cursor:
        cursor.execute(LOG_SIZE)
        (size,) = cursor.fetchone()
    if size <= SAMPLE_ENTRIES:
        return None
    within = ActivityEntry.objects.filter(created_at__lte=end)
    within = within.filter(created_at__gte=start) if start else within
    taken = Q(pk__lt=UUID(int=IDS * SAMPLE_ENTRIES // size))
    entries, found = estimated(within).rows, within.filter(taken).order_by().count()
    expected = entries * SAMPLE_ENTRIES / size
    return Sample(taken, entries / found) if found and abs(found - expected) <= TOLERANCE * expected else None
