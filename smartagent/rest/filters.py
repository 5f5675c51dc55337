"""Filters and ordering by query parameters; unknown parameters are errors."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

PAGING = ("cursor", "page_size", "count")


class Filters(DjangoFilterBackend):  # type: ignore[misc]
    """Filters by the view's FilterSet, which pages use as well. An unknown parameter is an error."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        names = list(self._names(queryset, view))
        refuse_unknown(request, [*names, *PAGING, "ordering", *view.known_parameters()])
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            raise ValidationError({name: list(messages) for name, messages in filterset.errors.items()})
        return filterset.qs  # type: ignore[no-any-return]

    def _names(self, queryset: QuerySet[Any], view: Any) -> list[str]:
        filterset = self.get_filterset_class(view, queryset)
        return list(filterset.base_filters) if filterset else []


class Ordering(BaseFilterBackend):
    """Orders by `?ordering=`: one of the view's `ordering_fields`, with `-` descending."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        requested = request.query_params.get("ordering")
        if requested is None:
            return queryset
        if requested not in orders(view):
            choices = ", ".join(view.ordering_fields) or "none"
            raise ValidationError(
                {
                    "ordering": [
                        f"“{requested[:40]}” is not a valid ordering. "
                        f"Use one of: {choices}; with - before it, descending."
                    ]
                }
            )
        return queryset.order_by(requested)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Return the OpenAPI description of the parameter."""
        schema = {"type": "string", "enum": orders(view)}
        text = "Ordering; prefix - for descending."
        return [{"name": "ordering", "in": "query", "schema": schema, "description": text}]


def orders(view: Any) -> list[str]:
    """Return the valid values of `ordering` for `view`."""
    return [f"{sign}{name}" for name in view.ordering_fields for sign in ("", "-")]


def refuse_unknown(request: Request, known: list[str]) -> None:
    """Raise ValidationError if a query parameter is not among `known`, is repeated, or is empty."""
    errors = {}
    for name, values in request.query_params.lists():
        if name not in known:
            errors[name[:100]] = [f"Unknown parameter. Valid parameters: {', '.join(known) or 'none'}."]
        elif len(values) > 1:
            errors[name] = ["Give this parameter once."]
        elif not values[0]:
            errors[name] = ["Empty value. Give a value, or omit the parameter."]
    if errors:
        raise ValidationError(errors)
