from datetime import datetime
from typing import Any

import django_filters
from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_filters.fields import ChoiceField, IsoDateTimeField

from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.scope import people_visible_to
from smartagent.kernel.times import in_utc
from smartagent.rest.periods import PERIOD_LABELS, period

TIME_HELP = "A date or a time, for example 2026-03-02 or 2026-03-02T10:00, with Z or +01:00 for another zone."


class OneOfField(ChoiceField):  # type: ignore[misc]
    """A choice whose error message lists the valid values."""

    def validate(self, value: Any) -> None:
        if value and not self.valid_value(value):
            known = ", ".join(str(kind) for kind, _ in self.choices if kind)
            params = {"value": str(value)[:40], "known": known}
            raise ValidationError("“%(value)s” is not one of: %(known)s.", code="invalid_choice", params=params)


class OneOf(django_filters.ChoiceFilter):  # type: ignore[misc]
    """Filters by one value of a list."""

    field_class = OneOfField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"empty_label": "any"} | kwargs)


class TimeFilterField(IsoDateTimeField):  # type: ignore[misc]
    """A time, converted to UTC: PostgreSQL rejects offsets of 16 hours or more, which ISO 8601 allows."""

    def to_python(self, value: Any) -> datetime | None:
        try:
            time = super().to_python(value)
            return in_utc(time) if time else None
        except (OverflowError, ValueError):
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


class TimeFilter(django_filters.IsoDateTimeFilter):  # type: ignore[misc]
    """Filters by a time; one without a zone is in the zone of the person."""

    field_class = TimeFilterField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        fixed = {"widget": widget, "error_messages": {"invalid": f"Invalid time. {TIME_HELP}"}}
        super().__init__(*args, **fixed | kwargs)


def people_named(asker: Any, text: str) -> QuerySet[Any]:
    """Return the people that `text` matches, part of name or e-mail or the id, whom `asker` (None: all) may see."""
    people = people_visible_to(asker) if asker else get_user_model().objects.all()
    person = as_uuid(text)
    return people.filter(Q(pk=person) if person else Q(email__icontains=text) | Q(full_name__icontains=text))


class PersonFilter(django_filters.CharFilter):  # type: ignore[misc]
    """Filters by a person, among those whom the caller may see: part of the name or e-mail, or the id.

    `person` is whom a reading, an alert or an optimization is about, `owner` the owner of a rule or another object.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"help_text": "Name, e-mail or ID."} | kwargs)

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return self.about(queryset, self.people(value)) if value else queryset

    def people(self, value: str) -> QuerySet[Any]:
        """Return the people that `value` matches, of those whom the caller may see."""
        return people_named(asker_of(self), value)

    def about(self, queryset: QuerySet[Any], people: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows that belong to one of `people`."""
        return queryset.filter(**{f"{self.field_name}__in": people})


class TimesFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Filters by a time of the model; `times` is the name of its field."""

    times = "created_at"

    within = OneOf(label="within", choices=PERIOD_LABELS, method="filter_within")
    after = TimeFilter(label="from", method="filter_after")
    before = TimeFilter(label="until", method="filter_before")

    @classmethod
    def get_filters(cls) -> Any:
        """Return the filters, those by time last."""
        found = super().get_filters()
        times = {name: found.pop(name) for name in ("within", "after", "before") if name in found}
        return found | times

    def filter_within(self, queryset: QuerySet[Any], _: str, value: str) -> QuerySet[Any]:
        start, end = period(value, timezone.now())
        queryset = queryset.filter(**{f"{self.times}__gte": start})
        return queryset.filter(**{f"{self.times}__lt": end}) if end else queryset

    def filter_after(self, queryset: QuerySet[Any], _: str, value: datetime) -> QuerySet[Any]:
        return queryset.filter(**{f"{self.times}__gte": value})

    def filter_before(self, queryset: QuerySet[Any], _: str, value: datetime) -> QuerySet[Any]:
        return queryset.filter(**{f"{self.times}__lt": value})


def asker_of(requested: Any) -> Any:
    """Return the person of the request; None without a request."""
    request = getattr(requested.parent, "request", None)
    return request.user if request is not None else None
