"""The form of a bulk edit: empty fields stay unchanged."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from rules.authoring.fields import FIELD_LABELS, INVALID_MESSAGES
from rules.lifecycle.bulk_edit import EDITABLE, Edit
from rules.models import AutomationRule
from rules.models.rule import Severity
from rules.pages.forms.rule_fields import ChecksFormField, RuleLabelsField
from smartagent.kernel.coerce import read_threshold

PERCENT_PATTERN = re.compile(r"([+-]\d{1,6}(?:\.\d{1,4})?)\s*%")
TAKE_AWAY = "-"
NO_CHANGE = ("", "no change")
STATUSES = [("active", "active"), ("paused", "paused")]
NO_DATA_POLICY_CHOICES = AutomationRule.NoDataPolicy.choices


class NumberOrNothing(forms.CharField):
    """A number; `-` clears an optional one; `+10%` where a percentage is allowed."""

    def __init__(self, *, away: bool = False, percent: bool = False, **kwargs: Any) -> None:
        super().__init__(required=False, widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}), **kwargs)
        self.away, self.percent = away, percent

    def clean(self, value: Any) -> Any:
        text = str(super().clean(value) or "")
        if not text or (self.away and text == TAKE_AWAY):
            return text
        if self.percent and (found := PERCENT_PATTERN.fullmatch(text)):
            return found
        try:
            return read_threshold(text)
        except ValueError as error:
            raise ValidationError(str(error)) from error


class Duration(ChecksFormField):
    """A duration, or None where the field is empty."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(value) if value not in (None, "") else None


def _choice(choices: Any, label: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=[NO_CHANGE, *choices], required=False, label=label, widget=UnfoldAdminSelectWidget
    )  # fmt: skip


class BulkEditForm(forms.Form):
    status = _choice(STATUSES, FIELD_LABELS["status"])
    severity = _choice(Severity.choices, FIELD_LABELS["severity"])
    threshold_value = NumberOrNothing(
        percent=True, label=FIELD_LABELS["threshold_value"], help_text="A number, or a relative change: +10% or -5%."
    )
    critical_threshold = NumberOrNothing(
        away=True, label=FIELD_LABELS["critical_threshold"], help_text="“-” removes it."
    )
    recovery_threshold = NumberOrNothing(
        away=True, label=FIELD_LABELS["recovery_threshold"], help_text="“-” removes it."
    )
    pending_for = Duration(
        label=FIELD_LABELS["pending_for"],
        placeholder="",
        help_text="For example 15m or 3 checks. 0: no pending period.",
    )
    keep_firing_for = Duration(
        label=FIELD_LABELS["keep_firing_for"], placeholder="", help_text="For example 2 checks. 0: resolve immediately."
    )
    repeat_every = Duration(
        label=FIELD_LABELS["repeat_every"], placeholder="", help_text="For example 4h. 0: at every evaluation."
    )
    no_data_policy = _choice(NO_DATA_POLICY_CHOICES, FIELD_LABELS["no_data_policy"])
    error_policy = _choice(NO_DATA_POLICY_CHOICES, FIELD_LABELS["error_policy"])
    runbook_url = forms.CharField(
        required=False, label=FIELD_LABELS["runbook_url"], help_text="URL of a runbook. “-” removes it.",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "inputmode": "url"}),
    )  # fmt: skip
    put = RuleLabelsField(label="Add labels", help_text="For example team=db, one per line. Other labels are kept.")
    taken = forms.CharField(
        required=False, label="Remove labels", help_text="Label names, separated by commas.",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )  # fmt: skip

    def clean_runbook_url(self) -> str:
        address: str = self.cleaned_data["runbook_url"]
        if address and address != TAKE_AWAY:
            URLValidator(["http", "https"], message=INVALID_MESSAGES["runbook_url"])(address)
        return address

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not self.edit.fields:
            raise ValidationError("No changes given. Fill in at least one field.")
        return cleaned

    @property
    def edit(self) -> Edit:
        """The submitted values as an Edit."""
        typed = {name: self.cleaned_data.get(name) for name in EDITABLE}
        percent = typed["threshold_value"]
        values = {name: _value(value) for name, value in typed.items() if _is_filled_in(value)}
        taken = tuple(name for part in self.cleaned_data.get("taken", "").split(",") if (name := part.strip()))
        return Edit(
            values=values, percent=Decimal(percent[1]) if isinstance(percent, re.Match) else None,
            put=self.cleaned_data.get("put") or {}, taken=taken,
        )  # fmt: skip


def _is_filled_in(value: Any) -> bool:
    return isinstance(value, timedelta | Decimal) or (isinstance(value, str) and bool(value))


def _value(value: Any) -> Any:
    return None if value == TAKE_AWAY else value
