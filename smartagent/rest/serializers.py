"""Strict serializers: an unknown field is an error."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from rest_framework import serializers

from smartagent.fields import NumericField
from smartagent.rest.constraints import Constraint, errors_of
from smartagent.rest.fields import (
    ChoiceField,
    DurationField,
    JSONObjectField,
    NumberField,
    OwnerField,
    TextField,
    TimeField,
)


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses unknown fields. Read-only fields are accepted and ignored, so that a response can be sent back."""

    # What holds between its fields. Where a part is changed it is not asked: the other part stands in the database.
    constraints: tuple[Constraint, ...] = ()

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := [str(name) for name in data if name not in self.fields]):
            known = ", ".join(name for name, field in self.fields.items() if not field.read_only) or "none"
            raise serializers.ValidationError(
                {name[:100]: [f"Unknown field. Valid fields: {known}."] for name in unknown[:20]}
            )
        return super().to_internal_value(data)

    def validate(self, attrs: Any) -> Any:
        if not self.partial and (errors := errors_of(self.constraints, attrs)):
            raise serializers.ValidationError(errors)
        return attrs


class StrictModelSerializer(StrictSerializer, serializers.ModelSerializer[Any]):
    """A strict serializer of a model. An update writes only the fields that were sent."""

    serializer_field_mapping = serializers.ModelSerializer.serializer_field_mapping | {
        models.TextField: TextField,
        models.CharField: TextField,
        models.EmailField: TextField,
        models.JSONField: JSONObjectField,
        models.DateTimeField: TimeField,
        models.DurationField: DurationField,
        NumericField: NumberField,
    }
    serializer_choice_field = ChoiceField

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        field, options = super().build_standard_field(field_name, model_field)
        allowed = ALLOWED.get(field)
        return field, {k: v for k, v in options.items() if k in allowed} if allowed else options

    def update(self, instance: Any, validated_data: Any) -> Any:
        """Save the sent fields only, so that counters changed by a concurrent evaluation are kept."""
        for name, value in validated_data.items():
            setattr(instance, name, value)
        touched = [field.name for field in instance._meta.fields if getattr(field, "auto_now", False)]
        instance.save(update_fields=[*validated_data, *touched])
        return instance


FIELD_OPTIONS = {"required", "allow_null", "read_only", "write_only", "help_text", "label", "default", "validators"}
ALLOWED: dict[Any, set[str]] = {
    NumberField: FIELD_OPTIONS - {"validators"},
    DurationField: FIELD_OPTIONS - {"validators"},
}


class OwnedSerializer(StrictModelSerializer):
    """A serializer of an owned object; the default owner is the caller."""

    user = OwnerField(required=False, help_text="Owner: ID, or on write also e-mail. Default: you.")

    def whole(self, attrs: dict[str, Any]) -> Any:
        """Return the object with `attrs`, unsaved."""
        model: Any = self.Meta.model
        fields = model._meta.concrete_fields
        values = {field.attname: getattr(self.instance, field.attname) for field in fields} if self.instance else {}
        owner = {} if self.instance else {"user": self.context["request"].user}
        thing = model(**values)
        for name, value in (owner | attrs).items():
            setattr(thing, name, value)
        return thing

    def create(self, validated_data: Any) -> Any:
        return super().create({"user": self.context["request"].user} | validated_data)
