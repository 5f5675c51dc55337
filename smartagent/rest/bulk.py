"""Changes of many objects in one request, with an outcome for each."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from smartagent.rest.fields import IdField
from smartagent.rest.serializers import StrictSerializer

MAX_BULK_IDS = 1000
CHANGED, UNCHANGED, UNKNOWN = "changed", "unchanged", "unknown"
UNKNOWN_REASON = "It does not exist, or you cannot change it."


class ItemOutcomeSerializer(serializers.Serializer[Any]):
    """What became of one object."""

    id = serializers.UUIDField()
    outcome = serializers.ChoiceField([CHANGED, UNCHANGED, UNKNOWN])
    reason = serializers.CharField(allow_blank=True, help_text="Why it is not changed; empty where it is.")


class IdsField(serializers.ListField):
    """The ids of the objects to change."""

    def __init__(self, **kwargs: Any) -> None:
        defaults: dict[str, Any] = {"child": IdField(), "min_length": 1, "max_length": MAX_BULK_IDS}
        super().__init__(**defaults | kwargs)


class ManySerializer(StrictSerializer):
    """A change that needs no more than the ids of its objects."""

    ids = IdsField()


class OutcomesSerializer(serializers.Serializer[Any]):
    """What became of many objects."""

    changed = serializers.IntegerField(min_value=0, help_text="Number of changed objects.")
    results = ItemOutcomeSerializer(many=True, help_text="An outcome for each id.")


def ids_in(request: Request) -> list[Any]:
    """The ids of a request with a `ManySerializer`."""
    requested = ManySerializer(data=request.data)
    requested.is_valid(raise_exception=True)
    return list(requested.validated_data["ids"])


def answered(outcomes: list[dict[str, Any]]) -> Response:
    """The response with the outcomes of many objects."""
    return Response(OutcomesSerializer({"changed": changed_count(outcomes), "results": outcomes}).data)


def outcomes_of(
    ids: Sequence[Any], rows: QuerySet[Any], columns: Collection[str], change: Callable[[Any], int],
    unchanged: str = "",
) -> list[dict[str, Any]]:  # fmt: skip
    """Apply `change` to those of `rows` that have the `ids`; return an outcome for each of these, in their order.

    An object counts as changed where one of `columns` differs afterwards; with none, wherever it is. `unchanged` is the
    reason why one is not.
    """
    chosen = rows.filter(pk__in=ids)
    with transaction.atomic():
        before = _values(chosen.model, list(chosen.order_by().values_list("pk", flat=True)), columns, lock=True)
        change(chosen)
        after = _values(chosen.model, list(before), columns, lock=False)
    return [_outcome(key, before, after, bool(columns), unchanged) for key in dict.fromkeys(ids)]


def _values(model: Any, keys: list[Any], columns: Collection[str], *, lock: bool) -> dict[Any, Any]:
    rows = model._base_manager.filter(pk__in=keys).order_by("pk")
    rows = rows.select_for_update() if lock else rows
    return {key: values for key, *values in rows.values_list("pk", *columns)}


def _outcome(
    key: Any, before: dict[Any, Any], after: dict[Any, Any], compared: bool, unchanged: str
) -> dict[str, Any]:  # fmt: skip
    if key not in before:
        return {"id": key, "outcome": UNKNOWN, "reason": UNKNOWN_REASON}
    if compared and before[key] == after.get(key):
        return {"id": key, "outcome": UNCHANGED, "reason": unchanged}
    return {"id": key, "outcome": CHANGED, "reason": ""}


def changed_count(outcomes: list[dict[str, Any]]) -> int:
    """The number of changed objects."""
    return sum(each["outcome"] == CHANGED for each in outcomes)
