"""Pages of lists with millions of rows, without a full count or a deep offset.

Rows are counted up to CAP; beyond that, PostgreSQL's estimate is shown. Pages reach down to row CAP; the last one links
to the rows after its last row, by key, where page numbers begin again.
"""

from functools import cached_property
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model, Q, QuerySet

from smartagent.kernel.times import read_time

CAP = 10_000
ESTIMATE = """
SELECT sum(greatest(reltuples, 0))::bigint FROM pg_class
 WHERE relkind <> 'p' AND (oid = to_regclass(%(table)s)
                           OR oid IN (SELECT relid FROM pg_partition_tree(to_regclass(%(table)s))))"""


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """A paginator over the first CAP rows."""

    @cached_property
    def counted(self) -> int:
        """The number of rows, at most CAP + 1."""
        if isinstance(self.object_list, QuerySet):
            return self.object_list.order_by()[: CAP + 1].count()
        return len(self.object_list)

    @cached_property
    def count(self) -> int:
        return min(self.counted, CAP)

    def validate_number(self, number: Any) -> int:
        """Return the number of the nearest page that exists."""
        try:
            return min(max(int(number), 1), self.num_pages)
        except (TypeError, ValueError):
            return 1

    @property
    def is_capped(self) -> bool:
        """Whether there are more than CAP rows."""
        return self.counted > CAP

    @cached_property
    def count_in_words(self) -> str:
        """The count as text: `37`, `10,000+`, or for all rows of a table `about 1,000,000`."""
        if not self.is_capped:
            return f"{self.count:,}"
        estimate = self._estimate()
        return f"about {_rounded(estimate):,}" if estimate > CAP else f"{CAP:,}+"

    def _estimate(self) -> int:
        queryset: Any = self.object_list
        if queryset.query.where or queryset.query.distinct:
            return 0
        with connection.cursor() as cursor:
            cursor.execute(ESTIMATE, {"table": f'"{queryset.model._meta.db_table}"'})
            return int((cursor.fetchone() or [0])[0] or 0)


def place_of(row: Model, field: str) -> str | None:
    """Return the position of `row` in a list ordered by the time `field` and the key; None if it has no time."""
    time = getattr(row, field)
    return f"{time.isoformat()}~{row.pk}" if time else None


def past(queryset: QuerySet[Any], field: str, place: str) -> QuerySet[Any]:
    """Return the rows after position `place`, which are older; ValueError if it is invalid."""
    time, _, key = place.partition("~")
    moment, last = read_time(time), UUID(key)
    older = Q(**{f"{field}__lt": moment}) | Q(pk__lt=last)
    return queryset.filter(older, **{f"{field}__lte": moment})


def _rounded(count: int) -> int:
    """Round an estimate to two significant digits."""
    zeros = max(len(str(count)) - 2, 0)
    return round(count, -zeros)
