"""Whom a series is about: the person whom a label names by e-mail address or ID."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from uuid import UUID

from django.db.models.functions import Lower

from rules.data_sources.answers import QuerySeries
from smartagent.models import User


class UnknownPerson(Exception):
    """The label names nobody here; the series is left out."""


def people_named(names: Iterable[str]) -> dict[str, UUID]:
    """The people whom `names` are of, by name in lower case."""
    wanted = {name.strip().lower() for name in names} - {""}
    if not wanted:
        return {}
    emails = User.objects.alias(lower=Lower("email")).filter(lower__in=[name for name in wanted if "@" in name])
    found = {email.lower(): key for email, key in emails.values_list("email", "pk")}
    ids = {name: key for name in wanted if (key := _id_in(name))}
    known = set(User.objects.filter(pk__in=set(ids.values())).values_list("pk", flat=True)) if ids else set()
    return found | {name: key for name, key in ids.items() if key in known}


def owner_of(series: QuerySeries, label: str, people: Mapping[str, UUID]) -> tuple[UUID | None, dict[str, str]]:
    """The person of a series, None where it is platform-wide, and its other labels; UnknownPerson."""
    name = series.labels.get(label, "").strip().lower() if label else ""
    if not name:
        return None, series.labels
    if name not in people:
        raise UnknownPerson(UnknownPerson.__doc__)
    return people[name], {each: value for each, value in series.labels.items() if each != label}


def _id_in(name: str) -> UUID | None:
    with suppress(ValueError):
        return UUID(name)
    return None
