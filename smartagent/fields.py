"""Model fields that the legacy tables need."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class NumericField(models.DecimalField):  # type: ignore[type-arg]
    """PostgreSQL's `numeric` of any precision, as legacy tables have it; forms allow 30 digits, 10 after the point."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 30, "decimal_places": 10} | kwargs)

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "numeric"

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return (
            name,
            path,
            args,
            {k: v for k, v in kwargs.items() if k not in ("max_digits", "decimal_places")},
        )
