"""Model fields that the legacy tables need."""

from copy import deepcopy
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.fields.json import KeyTransform

from smartagent.kernel.coerce import NOT_A_NUMBER, read_number
from smartagent.kernel.stored_json import Unreadable, read_stored


class NumberInput(forms.DecimalField):
    """Reads a number as every other part does, however large its exponent."""

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        try:
            return read_number(value)
        except ValueError as error:
            own = str(error) if str(error) != NOT_A_NUMBER else self.error_messages["invalid"]
            raise ValidationError(own, code="invalid") from error


class NumericField(models.DecimalField):  # type: ignore[type-arg]
    """PostgreSQL's `numeric` of any precision, as legacy tables have it; forms allow 30 digits, 10 after the point."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 30, "decimal_places": 10} | kwargs)

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "numeric"

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        """What another program has stored is written as it was, also where it is no number."""
        if isinstance(value, Decimal) and not value.is_finite():
            return value
        return super().get_db_prep_value(value, connection, prepared)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": NumberInput} | kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return (
            name,
            path,
            args,
            {k: v for k, v in kwargs.items() if k not in ("max_digits", "decimal_places")},
        )


class ForeignFacts(dict[str, Any]):
    """What was no object in the column, as one. Unless it is changed, it is written as it was."""

    def __init__(self, read: dict[str, Any], stored: Any) -> None:
        super().__init__(read)
        self.read, self.stored = dict(read), stored

    def as_stored(self) -> Any:
        """The value for the column."""
        return self.stored if self == self.read else dict(self)

    def __reduce__(self) -> Any:
        return dict, (dict(self),)

    def __deepcopy__(self, memo: Any) -> "ForeignFacts":
        return ForeignFacts(deepcopy(dict(self), memo), self.stored)


class FactsField(models.JSONField):
    """A JSON object, whatever is in the column: the old application may keep it as text, or something else in it.

    Nothing reads as {}, text that holds a JSON object as that, another value as {"value": it}, and text that is no JSON
    or cannot be used as {"text": it}; each is written back as it was, unless it is changed. To the migrations it is a
    JSONField.
    """

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        found = read_stored(value) if isinstance(value, str) else value
        if isinstance(expression, KeyTransform) or isinstance(found, dict):
            return found
        if found is None:
            return ForeignFacts({}, value if value is None else Unreadable(value)) if self.null else {}
        if isinstance(found, Unreadable):
            return ForeignFacts({"text": str(found)}, found)
        return ForeignFacts(_object_in(found) or {"value": found}, found)

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        own = value.as_stored() if isinstance(value, ForeignFacts) else value
        if own is None and isinstance(value, ForeignFacts):
            return None  # NULL as it was, not the null of JSON
        if isinstance(own, Unreadable):
            return str(own)  # of no type yet: a text column takes it as well as one of JSON
        return super().get_db_prep_value(own, connection, prepared)

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs


def _object_in(text: Any) -> dict[str, Any] | None:
    """The object that a text holds as JSON; None where it holds none."""
    found = read_stored(text) if isinstance(text, str) else None
    return found if isinstance(found, dict) else None
