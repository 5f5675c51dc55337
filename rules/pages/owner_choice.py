"""The owner field: people who may change everyone's objects choose an owner, others own what they create."""

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.scope import has_everyone
from smartagent.shell.filtered_list import FilteredAdmin


class PersonChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A person by id; an invalid id is refused before the form is shown again."""

    def prepare_value(self, value: Any) -> Any:
        return super().prepare_value(value) if not isinstance(value, str) or as_uuid(value) else None

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value and not as_uuid(value):
            raise ValidationError("Choose a person from the list.", code="invalid_choice")
        return super().to_python(value)


class OwnerChoiceAdmin(FilteredAdmin):
    """Shows the owner field only where there is a choice."""

    def get_autocomplete_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return ("user",) if self.admin_site.is_registered(get_user_model()) else ()

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Without the buttons to add or edit a person."""
        if db_field.name == "user":
            kwargs["form_class"] = PersonChoice
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "user" and field is not None:
            for button in ("add", "change", "delete", "view"):
                setattr(field.widget, f"can_{button}_related", False)
        return field

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        given: dict[str, Any] = super().get_changeform_initial_data(request)
        return {"user": request.user.pk} | given

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        shown = tuple(super().get_list_display(request))
        return shown if has_everyone(request.user, "view") else tuple(name for name in shown if name != "user")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change and not has_everyone(request.user, "change"):
            obj.user = request.user
        super().save_model(request, obj, form, change)
