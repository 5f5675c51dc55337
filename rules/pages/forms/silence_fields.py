"""Fields of the form of a silence: a rule or a person by name, labels as `team=db`, local times."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from unfold.widgets import UnfoldAdminTextInputWidget

from rules.models import AutomationRule
from rules.silences.matchers import labels_in_words, read_pairs
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.times import counted_with, read_time
from smartagent.models import User

DATETIME_LOCAL_FORMAT = "%Y-%m-%dT%H:%M"


class NamedField(forms.CharField):
    """One object, by name or id; `among` are the allowed ones."""

    what = "thing"
    among: QuerySet[Any]

    def __init__(self, datalist: str, **kwargs: Any) -> None:
        widget = UnfoldAdminTextInputWidget(attrs={"list": datalist, "autocomplete": "off"})
        super().__init__(**{"required": False, "widget": widget} | kwargs)

    def named(self, text: str) -> Q:
        raise NotImplementedError

    def name_of(self, row: Any) -> str:
        return str(row)

    def prepare_value(self, value: Any) -> Any:
        key = value if isinstance(value, UUID) else as_uuid(str(value or ""))
        row = self.among.filter(pk=key).first() if key else None
        if row is None:
            return value
        same = self.among.filter(self.named(self.name_of(row)))[:2]
        return self.name_of(row) if len(same) == 1 else str(row.pk)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        if key := as_uuid(text):
            found = list(self.among.filter(pk=key))
        else:
            found = list(self.among.filter(self.named(text))[:2])
        if not found:
            raise ValidationError(f"There is no {self.what} “{text[:60]}”. It does not exist, or you cannot use it.")
        if len(found) > 1:
            raise ValidationError(f"There is more than one {self.what} “{text[:60]}”. Enter the ID instead.")
        return found[0]


class SilencedRuleField(NamedField):
    what = "rule"
    among = AutomationRule.objects.none()

    def named(self, text: str) -> Q:
        return Q(rule_name__iexact=text)


class PersonField(NamedField):
    what = "person"
    among = User.objects.none()

    def named(self, text: str) -> Q:
        return Q(email__iexact=text) | Q(full_name__iexact=text)

    def name_of(self, row: Any) -> str:
        return str(row.email)


class LabelMatchersField(forms.CharField):
    """Labels as `team=db, tier=1`; a value with a comma stands in quotes."""

    def prepare_value(self, value: Any) -> Any:
        return labels_in_words(value) if isinstance(value, dict) else value

    def clean(self, value: Any) -> dict[str, str]:
        try:
            return read_pairs(super().clean(value))
        except ValueError as error:
            raise ValidationError(str(error)) from error


class LocalTimeField(forms.DateTimeField):
    """A wall-clock time; another field has the time zone."""

    default_error_messages = {"invalid": "Invalid time. Example: 2026-03-02T22:00."}

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"})
        super().__init__(**{"required": False, "widget": widget} | kwargs)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:{DATETIME_LOCAL_FORMAT}}" if isinstance(value, datetime) else value

    def to_python(self, value: Any) -> datetime | None:
        if not value:
            return None
        try:
            return counted_with(read_time(str(value), UTC)).replace(tzinfo=None)
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None
