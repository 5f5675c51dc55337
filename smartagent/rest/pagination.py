"""Keyset pagination: a page starts after the last row of the previous one, so that new rows do not shift pages.

Rows are ordered by one field and then the id, so that the order is total. NULL counts as the largest value, as in
PostgreSQL's default order, so that plain indexes serve.
"""

import base64
import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError as Malformed
from django.db.models import Model, Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from smartagent.kernel import times
from smartagent.kernel.texts import keepable
from smartagent.postgres.estimate import estimated

PAGE_SIZE, LARGEST_PAGE = 50, 500
COUNTS, MAX_COUNTED = ["none", "estimated", "exact"], 10_000
CURSOR_SHAPE = re.compile(r"eyJvcmRlciI6[A-Za-z0-9_-]+")  # {"order":


@dataclass(frozen=True, slots=True)
class Cursor:
    """The start of a page: the row with this value and id, the order, and the direction."""

    order: str
    value: str | None
    id: str
    backwards: bool = False

    def encode(self) -> str:
        """Return the cursor as text for a URL."""
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode().rstrip("=")


class Count(NamedTuple):
    """The number of all rows of a list."""

    rows: int
    is_exact: bool


class CursorPagination(BasePagination):
    """`{"next": address or null, "previous": address or null, "results": [...]}`."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.url = request.build_absolute_uri()
        self.order = (*queryset.query.order_by, *queryset.model._meta.ordering)[0]
        self.size = page_size(request.query_params.get("page_size"))
        self.count = count_of(queryset, request.query_params.get("count", "none"))
        self.cursor = decode(request.query_params.get("cursor"), self.order)
        self.backwards = self.cursor is not None and self.cursor.backwards
        rows = list(self._rows(queryset)[: self.size + 1])
        self.more, self.page = len(rows) > self.size, rows[: self.size]
        if self.backwards:
            self.page.reverse()
        return self.page

    def _rows(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        name, descending = self.order.lstrip("-"), self.order.startswith("-") != self.backwards
        sign = "-" if descending else ""
        ordered = queryset.order_by(f"{sign}{name}", f"{sign}{tiebreaker(queryset.model)}")
        return ordered.filter(beside(queryset.model, name, self.cursor, descending)) if self.cursor else ordered

    def get_paginated_response(self, data: Any) -> Response:
        has_next = bool(self.page) and (self.more or self.backwards)
        has_previous = bool(self.page) and (self.more if self.backwards else self.cursor is not None)
        return Response(
            {
                "next": self._link(self.page[-1], backwards=False) if has_next else None,
                "previous": self._link(self.page[0], backwards=True) if has_previous else None,
                "results": data,
            }
            | ({"count": self.count.rows, "count_is_exact": self.count.is_exact} if self.count else {})
        )

    def _link(self, row: Model, *, backwards: bool) -> str:
        field: Any = row._meta.get_field(self.order.lstrip("-"))
        value = getattr(row, field.attname)
        text = None if value is None else field.value_to_string(row)
        cursor = Cursor(self.order, text, str(getattr(row, tiebreaker(type(row)))), backwards)
        return replace_query_param(remove_query_param(self.url, "cursor"), "cursor", cursor.encode())

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": link | {"description": "URL of the next page; null on the last page."},
                "previous": link | {"description": "URL of the previous page; null on the first page."},
                "results": schema,
                "count": {"type": "integer", "minimum": 0, "description": "Number of all rows, where `count` asks."},
                "count_is_exact": {"type": "boolean", "description": "False: the count is estimated."},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE_SIZE}
        return [
            {"name": "cursor", "in": "query", "schema": {"type": "string", "pattern": f"^{CURSOR_SHAPE.pattern}$"},
             "description": "Start of the page; follow `next` and `previous`."},
            {"name": "count", "in": "query", "schema": {"type": "string", "enum": COUNTS, "default": "none"},
             "description": f"Whether all rows are counted. estimated: exactly up to {MAX_COUNTED:,}, beyond that as "
                "the planner of the database estimates."},
            {"name": "page_size", "in": "query", "schema": size, "description": "Page size."},
        ]  # fmt: skip


def beside(model: type[Model], name: str, cursor: Cursor, descending: bool) -> Q:
    """Return the condition of rows after the cursor's row in its direction."""
    field: Any = model._meta.get_field(name)
    last = tiebreaker(model)
    past = "lt" if descending else "gt"
    try:
        key = model._meta.get_field(last).to_python(cursor.id)  # type: ignore[union-attr]
        value = in_utc(field.to_python(cursor.value))
    except (Malformed, ValueError, OverflowError) as error:
        raise malformed_cursor() from error
    tie = Q(**{f"{name}__isnull": True} if value is None else {name: value}, **{f"{last}__{past}": key})
    if value is None:
        return tie | Q(**{f"{name}__isnull": False}) if descending else tie
    # redundant, so that an index on the field is used for the range
    beyond = Q(**{f"{name}__{past}": value}) | tie
    if field.null:
        return beyond if descending else beyond | Q(**{f"{name}__isnull": True})
    return Q(**{f"{name}__{past}e": value}) & beyond


def count_of(rows: QuerySet[Any], how: str) -> Count | None:
    """Count `rows`: `exact`, `estimated` or `none`; ValidationError for another word."""
    if how not in COUNTS:
        raise ValidationError({"count": [f"“{how[:40]}” is not one of: {', '.join(COUNTS)}."]})
    if how == "none":
        return None
    if how == "exact":
        return Count(rows.order_by().count(), True)
    counted = rows.order_by()[: MAX_COUNTED + 1].count()
    if counted <= MAX_COUNTED:
        return Count(counted, True)
    return Count(max(estimated(rows).rows, counted), False)


def tiebreaker(model: type[Model]) -> str:
    """The field by which rows of the same value are ordered: the key, or of a key of several fields the first."""
    fields: Any = model._meta.pk_fields
    return str(fields[0].attname)


def in_utc(value: Any) -> Any:
    """Convert a time to UTC; return other values unchanged."""
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError("a time without a zone")
    return times.in_utc(value)


def page_size(text: str | None) -> int:
    """Parse the requested page size; ValidationError if it is invalid."""
    if text is None:
        return PAGE_SIZE
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:9]) <= LARGEST_PAGE or len(text) > 9:
        raise ValidationError({"page_size": [f"Enter a whole number from 1 to {LARGEST_PAGE}."]})
    return int(text)


def decode(text: str | None, order: str) -> Cursor | None:
    """Parse a cursor of a URL; ValidationError if it is invalid, or belongs to another order."""
    if text is None:
        return None
    if not CURSOR_SHAPE.fullmatch(text):
        raise malformed_cursor()
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        cursor = Cursor(values["order"], values["value"], values["id"], values["backwards"] is True)
        known = isinstance(cursor.id, str) and isinstance(cursor.value, str | None)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise malformed_cursor() from None
    if not known or not keepable((cursor.value or "") + cursor.id):
        raise malformed_cursor()
    if cursor.order != order:
        raise ValidationError({"cursor": ["This cursor belongs to another ordering. Omit the cursor."]})
    return cursor


def malformed_cursor() -> ValidationError:
    """Return the error for an invalid cursor."""
    return ValidationError({"cursor": ["Invalid cursor. Follow `next` and `previous`, or omit the cursor."]})
