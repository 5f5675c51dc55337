"""What grows, how large it is and becomes, and when it is deleted: for the page and the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django_q.models import Schedule

from smartagent.kernel.member_role import as_owner
from smartagent.retention.kinds import KINDS, RowKind
from smartagent.retention.measurement import Growth, TableSize, growth_of, table_sizes

YEAR = 365  # days
MIN_PROJECTED_ROWS = 1000  # of fewer rows the size is that of empty pages


@dataclass(frozen=True, slots=True)
class KindRow:
    """A kind of rows; sizes in bytes."""

    kind: RowKind
    growth: Growth
    size: int
    next_deletion: datetime | None

    @property
    def projected_size(self) -> int | None:
        """Its size at the rate of the last 24 hours, once as much is deleted as comes; in a year where all is kept.
        None where nothing came, or too little is known."""
        rows = self.growth.rows or 0
        if not self.growth.per_day or rows < MIN_PROJECTED_ROWS or self.kind.kept:
            return None
        a_day = self.size / rows * self.growth.per_day
        return round(a_day * self.kind.keep_days if self.kind.keep_days else self.size + a_day * YEAR)

    @property
    def projected_in_a_year(self) -> bool:
        return not self.kind.keep_days


@dataclass(frozen=True, slots=True)
class RetentionOverview:
    """All kinds in their order, and the other tables, the largest first."""

    kinds: tuple[KindRow, ...]
    others: tuple[tuple[str, TableSize], ...]
    export_folder: str

    @property
    def size(self) -> int:
        return sum(each.size for each in self.kinds) + self.other_size

    @property
    def other_size(self) -> int:
        return sum(size.size for _, size in self.others)


def retention_overview(now: datetime) -> RetentionOverview:
    """Look at all tables."""
    with as_owner():
        sizes = table_sizes()
        growth = growth_of(KINDS, sizes, now)
        tasks = dict(Schedule.objects.exclude(next_run=None).order_by("-next_run").values_list("func", "next_run"))
    kinds = tuple(_row(kind, growth[kind.name], sizes, tasks) for kind in KINDS if kind.name in growth)
    known = {table for kind in KINDS for table in kind.tables}
    others = sorted(((name, size) for name, size in sizes.items() if name not in known), key=lambda each: -each[1].size)
    return RetentionOverview(kinds, tuple(others), settings.EXPORT_BEFORE_DELETION_FOLDER)


def _row(kind: RowKind, growth: Growth, sizes: Mapping[str, TableSize], tasks: Mapping[str, Any]) -> KindRow:
    size = sum(sizes[table].size for table in kind.tables if table in sizes)
    return KindRow(kind, growth, size, _next_deletion(kind, growth, tasks.get(kind.task)))


def _next_deletion(kind: RowKind, growth: Growth, next_run: datetime | None) -> datetime | None:
    """The first run of the task at which a row is old enough; None where there is none, or nothing is deleted."""
    if next_run is None or growth.due is None or not (kind.keep_days or kind.kept):
        return None
    return max(next_run, growth.due + timedelta(days=kind.keep_days))
