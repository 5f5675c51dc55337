"""Integrations and their status. Credentials are never shown."""

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.safestring import mark_safe
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from rules.authoring.credential_addresses import changed_addresses, refusal
from rules.filters import IntegrationFilter
from rules.models import Integration
from rules.pages.links import page_of_integration
from rules.pages.owner_choice import OwnerChoiceAdmin
from smartagent.kernel.json_input import InputDecoder
from smartagent.kernel.scope import has_everyone
from smartagent.kernel.sealing import seal
from smartagent.rest.fields import LONGEST_OBJECT
from smartagent.shell.filtered_list import FilteredChangeList
from smartagent.shell.locked_secrets import lock_field, lock_of
from smartagent.shell.second_save import SecondSaveMixin
from smartagent.templatetags.shown import SEVERITY_TONES, when

MAX_FIELD_LENGTHS = {"integration_type": 100, "error_message": 10_000, "config": LONGEST_OBJECT}  # characters
CREDENTIALS_HELP = (
    "A JSON object, encrypted and never shown again. Leave empty to keep stored credentials; {} removes them."
)


class WriteOnlyTextarea(UnfoldAdminTextareaWidget):  # type: ignore[misc]
    """A textarea that never shows its value, even when another field has an error."""

    def format_value(self, value: Any) -> str:
        return ""


ENTRY = WriteOnlyTextarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"})


class IntegrationForm(SecondSaveMixin, forms.ModelForm):  # type: ignore[type-arg]
    """Creates or edits an integration. `maker` is the person; `lock` says why credentials cannot be changed
    now. The admin class sets them."""

    maker: Any = None
    lock = ""
    credentials = forms.JSONField(required=False, label="Credentials", widget=ENTRY, help_text=CREDENTIALS_HELP)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.JSONField):
                field.decoder = InputDecoder
        if self.lock and "credentials" in self.fields:
            lock_field(self.fields["credentials"], self.lock)

    def clean_credentials(self) -> dict[str, Any] | None:
        credentials = self.cleaned_data["credentials"]
        if "credentials" not in self.changed_data:
            return None
        if self.lock:
            raise forms.ValidationError(mark_safe(self.lock))  # noqa: S308  ours, with the address escaped
        if not isinstance(credentials, dict):
            raise forms.ValidationError('Enter credentials as a JSON object, for example {"access_token": "..."}.')
        return credentials

    def clean_config(self) -> dict[str, Any]:
        config = self.cleaned_data["config"] or {}
        if not isinstance(config, dict):
            raise forms.ValidationError('Enter settings as a JSON object, for example {"channel": "#alerts"}.')
        return config

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in MAX_FIELD_LENGTHS.keys() & self.changed_data:
            self._bound(name, cleaned.get(name))
        adding = self.instance._state.adding
        owner = cleaned.get("user") or (self.maker if adding else self.instance.user)
        twins = Integration.objects.filter(user=owner, integration_type=cleaned.get("integration_type", ""))
        if "user" not in self.errors and twins.exclude(pk=self.instance.pk).exists():
            self.add_error("integration_type", "This person already has an integration of this type.")
        self._check_addresses(cleaned)
        return cleaned

    def _bound(self, name: str, value: Any) -> None:
        size = len(value if isinstance(value, str) else json.dumps(value or ""))
        if size > MAX_FIELD_LENGTHS[name]:
            self.add_error(name, f"At most {MAX_FIELD_LENGTHS[name]:,} characters; this value has {size:,}.")

    def _check_addresses(self, cleaned: dict[str, Any]) -> None:
        """The instance still is as it was: the form writes to it when all is checked."""
        entered = cleaned.get("credentials") is not None or "credentials" in self.errors
        changed = changed_addresses(self.instance.config, cleaned.get("config", self.instance.config))
        if self.instance.credentials_encrypted and changed and not entered:
            self.add_error("config", refusal(changed))

    def save(self, commit: bool = True) -> Any:
        credentials = self.cleaned_data.get("credentials")
        if credentials is not None:
            self.instance.credentials_encrypted = seal(credentials) if credentials else None
        return super().save(commit)


class IntegrationChangeList(FilteredChangeList):
    """Its rows lead to the pages of the integrations; the form is behind a button there."""

    def url_for_result(self, result: Integration) -> str:
        return page_of_integration(result)


@admin.register(Integration)
class IntegrationAdmin(OwnerChoiceAdmin):
    slug = "integrations"
    filterset_class = IntegrationFilter
    empty_title = "No integrations yet"
    empty_text = "An integration is a connected system such as gmail or slack. Rules can watch its health."
    list_display = ("integration_type", "status_label", "user", "synchronised", "problem")
    list_select_related = ("user",)
    search_fields = ("integration_type", "error_message")
    search_help_text = "Type or error"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FilteredChangeList]:
        return IntegrationChangeList

    def response_post_save_change(self, request: HttpRequest, obj: Integration) -> HttpResponseRedirect:
        return HttpResponseRedirect(page_of_integration(obj))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        owner = ["user"] if has_everyone(request.user, "change") else []
        writable = obj is None or self.has_change_permission(request, obj)
        secret = ["credentials"] if writable else []
        return [
            (None, {"fields": [*owner, "integration_type", "status", "config", *secret]}),
            ("Last sync", {"fields": ["last_sync_at", "error_message"]}),
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = type("IntegrationForm", (IntegrationForm,), {"maker": request.user, "lock": lock_of(request)})
        return super().get_form(request, obj, change, **kwargs | {"form": form})

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "integration_type":
            kwargs["widget"] = UnfoldAdminTextInputWidget(attrs={"placeholder": "gmail", "autocomplete": "off"})
        if db_field.name == "error_message":
            kwargs["widget"] = UnfoldAdminTextareaWidget(attrs={"rows": 3})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @display(description="status", ordering="status", label=SEVERITY_TONES)
    def status_label(self, integration: Integration) -> str:
        return integration.status

    @display(description="last sync", ordering="last_sync_at")
    def synchronised(self, integration: Integration) -> str:
        return when(integration.last_sync_at)

    @display(description="error", ordering="error_message")
    def problem(self, integration: Integration) -> str:
        return integration.error_message or "–"
