"""The rows of an export, read by a server-side cursor: what is stored, and the context of the entry in two parts.

The context of the dispatcher's own entries comes without what differs from one entry to the next and no sentence names;
what is left, its shape, is the same for many entries, and is read once.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import Case, F, Func, Q, TextField, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from rules.models.querysets import ActivityQuerySet

FIRST_ROWS, ROWS_PER_FETCH = 200, 500
FETCH_NEXT = 'FETCH FORWARD {} FROM "{}"'
# A reader who takes nothing for so long is given up: until then the transaction keeps dead rows from being removed.
MAX_IDLE = "SET LOCAL idle_in_transaction_session_timeout = '5min'"
VARYING = (
    "value", "person", "episode", "observed_at", "since", "last_acted", "outcome", "rule_version", "from", "to",
    "handling",
)  # fmt: skip
OF_DISPATCHER = Q(run__isnull=False, event_type__startswith="rule_")


class ExportRow(NamedTuple):
    """An entry as text. `facts` is the context as JSON, its shape where `is_shape`."""

    id: str
    created_at: str
    event: str
    action: str
    status: str
    error: str | None
    rule: str | None
    owner: str | None
    instance: str | None
    run: str | None
    value: str | None
    person: str | None
    episode: str | None
    facts: str | None
    is_shape: bool


def fetched(entries: ActivityQuerySet) -> Iterator[list[ExportRow]]:
    """The rows of `entries` in batches, the first one small, in one transaction that ends with the iteration."""
    try:
        sql, params = selected(entries).query.sql_with_params()
    except EmptyResultSet:
        return
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        with connection.cursor() as settings:
            settings.execute(MAX_IDLE)
        cursor.execute(sql, params)
        yield from _ahead(cursor.cursor.name)


def _ahead(name: str) -> Iterator[list[ExportRow]]:
    """The batches of the cursor of that name. Each is asked for before the one ahead of it is used, so that the server
    works on it meanwhile."""
    raw: Any = connection.connection
    with raw.pipeline():
        ahead = raw.execute(FETCH_NEXT.format(FIRST_ROWS, name))
        while True:
            following = raw.execute(FETCH_NEXT.format(ROWS_PER_FETCH, name))
            rows = ahead.fetchall()  # plain tuples, in the order of ExportRow
            if not rows:
                return
            yield rows
            ahead = following


def check(entries: ActivityQuerySet) -> None:
    """Let the database plan the query, so that what is wrong with it is known before the answer begins."""
    try:
        selected(entries).explain()
    except EmptyResultSet:
        return


def selected(entries: ActivityQuerySet) -> Any:
    """The columns of ExportRow, in the order of the list: by its field, then by id."""
    order = str(entries.query.order_by[0]) if entries.query.order_by else "-created_at"
    names = ", ".join(f"'{name}'" for name in VARYING)
    shape = Func(F("context"), template=f"(%(expressions)s - ARRAY[{names}])::text", output_field=TextField())
    whole = Func(F("context"), template="(%(expressions)s)::text", output_field=TextField())
    return entries.order_by(order, "-id" if order.startswith("-") else "id").values_list(
        Cast("id", TextField()), Cast("created_at", TextField()), "event_type", "action_taken", "status",
        "error_message", Cast("rule", TextField()), Cast("user", TextField()), Cast("state", TextField()),
        Cast("run", TextField()), KT("context__value"), KT("context__person"), KT("context__episode"),
        Case(When(OF_DISPATCHER, then=shape), default=whole, output_field=TextField()),
        Case(When(OF_DISPATCHER, then=Value(True)), default=Value(False)),
    )  # fmt: skip
