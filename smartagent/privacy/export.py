"""Everything about one person as one JSON object, row by row, without secrets.

A table is found by its foreign keys to people, so that a new one is exported without being named here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.http import StreamingHttpResponse

from notifications.models import DeliveryAttempt
from rules.models import ActivityEntry, MetricSample
from smartagent.kernel.reads import current_reads
from smartagent.models import IdempotencyKey, User

SECRET = re.compile(r"token|secret|password|credential|api_?key|sealed|digest|session_data|session_key|codes", re.I)
NOT_EXPORTED = "(secret, not exported)"
ROWS_AT_ONCE = 1000
# Answers that are kept for an hour, which may hold a new secret.
LEFT_OUT = (IdempotencyKey,)
# Fields of other packages whose whole content is secret.
SECRET_FIELDS = {("mfa_authenticator", "data")}


def export_person(person: User, now: datetime) -> Iterator[str]:
    """The parts of the JSON text: {"person", "groups", "exported_at", "tables": {table: [row]}}."""
    facts = {
        "exported_at": now, "person": _own_row(person),
        "groups": sorted(person.groups.values_list("name", flat=True)),
    }  # fmt: skip
    reads = current_reads()
    yield _json(facts)[:-1] + ', "tables": {'
    separator = ""
    for table, rows in _tables(person):
        written = False
        with transaction.atomic():  # as long as which a cursor in the database lives
            for row in rows.values().iterator(chunk_size=ROWS_AT_ONCE):
                yield (", " if written else f"{separator}{json.dumps(table)}: [") + _json(_shown(table, row))
                written = True
                if reads:
                    reads.add("rows of personal data", {str(person.pk): 1})
        if written:
            yield "]"
            separator = ", "
    yield "}}\n"


def export_response(person: User, now: datetime) -> StreamingHttpResponse:
    """The export as a file."""
    response = StreamingHttpResponse(export_person(person, now), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="person-{person.pk}.json"'
    response["Cache-Control"] = "no-store"
    return response


def _own_row(person: User) -> dict[str, Any]:
    return _shown(User._meta.db_table, User.objects.filter(pk=person.pk).values().get())


def _tables(person: User) -> Iterator[tuple[str, QuerySet[Any]]]:
    """Each table with the rows that are about the person, or that they wrote."""
    for model, names in sorted(_referring().items(), key=lambda pair: pair[0]._meta.db_table):
        condition = Q()
        for name in names:
            condition |= Q(**{name: person})
        if model is ActivityEntry:
            condition |= Q(context__person=str(person.pk)) | Q(context__by=str(person.pk))
        yield model._meta.db_table, model._base_manager.filter(condition).order_by("pk")
    yield MetricSample._meta.db_table, MetricSample._base_manager.filter(series__user=person)
    yield DeliveryAttempt._meta.db_table, DeliveryAttempt._base_manager.filter(delivery__user=person).order_by("pk")


def _referring() -> dict[type[models.Model], list[str]]:
    """The models with foreign keys to people, and the names of these."""
    found: dict[type[models.Model], list[str]] = {}
    for relation in User._meta.get_fields(include_hidden=True):
        field: Any = getattr(relation, "field", None)
        if not (relation.auto_created and (relation.one_to_many or relation.one_to_one)) or field is None:
            continue
        model = field.model
        if model not in LEFT_OUT and not model._meta.proxy and model is not User:
            found.setdefault(model, []).append(field.name)
    return found


def _shown(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: NOT_EXPORTED if value and ((table, name) in SECRET_FIELDS or _is_secret(name, value)) else _without(value)
        for name, value in row.items()
    }


def _is_secret(name: str, value: Any) -> bool:
    return bool(SECRET.search(name) and isinstance(value, str | bytes | memoryview)) or isinstance(
        value, bytes | memoryview
    )


def _without(value: Any) -> Any:
    """`value` without the secrets in its objects."""
    if isinstance(value, Mapping):
        return {
            name: NOT_EXPORTED if each and SECRET.search(str(name)) and isinstance(each, str) else _without(each)
            for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_without(each) for each in value]
    return value


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
