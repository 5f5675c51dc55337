"""Pages of lists with millions of rows: never a full count, never a deep offset.

Rows are counted up to CAP and no further; where the database's own statistics know of more, those are quoted. Pages
reach as deep as CAP; the last of them leads on to what is past its last row, by key, from where pages count anew.
"""

from functools import cached_property
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model, Q, QuerySet

from smartagent.kernel.times import read_time

CAP = 10_000
ESTIMATE = "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)"


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts up to CAP rows, and gives pages of those."""

    @cached_property
    def counted(self) -> int:
        """How many rows there are, or CAP + 1 where there are more than CAP."""
        if isinstance(self.object_list, QuerySet):
            return self.object_list.order_by()[: CAP + 1].count()
        return len(self.object_list)

    @cached_property
    def count(self) -> int:
        return min(self.counted, CAP)

    def validate_number(self, number: Any) -> int:
        """The page that is meant: the first or the last one where there is none of that number."""
        try:
            return min(max(int(number), 1), self.num_pages)
        except (TypeError, ValueError):
            return 1

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than the pages reach."""
        return self.counted > CAP

    @cached_property
    def count_in_words(self) -> str:
        """`37`, `10,000+`, or `about 1,000,000` where all rows of a table are asked for."""
        if not self.is_capped:
            return f"{self.count:,}"
        estimate = self._estimate()
        return f"about {_rounded(estimate):,}" if estimate > CAP else f"{CAP:,}+"

    def _estimate(self) -> int:
        queryset: Any = self.object_list
        if queryset.query.where or queryset.query.distinct:
            return 0
        with connection.cursor() as cursor:
            cursor.execute(ESTIMATE, [f'"{queryset.model._meta.db_table}"'])
            return int((cursor.fetchone() or [0])[0] or 0)


def place_of(row: Model, field: str) -> str | None:
    """Where `row` stands in a list that is ordered by the time `field` and the key; None where it has no time."""
    time = getattr(row, field)
    return f"{time.isoformat()}~{row.pk}" if time else None


def past(queryset: QuerySet[Any], field: str, place: str) -> QuerySet[Any]:
    """The rows past `place`, which are older; ValueError where it is no place."""
    time, _, key = place.partition("~")
    moment, last = read_time(time), UUID(key)
    older = Q(**{f"{field}__lt": moment}) | Q(pk__lt=last)
    return queryset.filter(older, **{f"{field}__lte": moment})


def _rounded(count: int) -> int:
    """Two digits that can be meant, and zeros."""
    zeros = max(len(str(count)) - 2, 0)
    return round(count, -zeros)
