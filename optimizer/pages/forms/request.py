"""The form by which a person asks for a proposal."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from optimizer.proposals.requests import KIND_PHRASES, ManualRequest, is_metric
from rules.engine.conditions import Operator
from rules.ingest.samples import MAX_METRIC_NAME, check_target
from rules.pages.forms.silence_fields import PersonField
from smartagent.kernel.coerce import read_number
from smartagent.kernel.scope import has_everyone
from smartagent.models import User

LIMIT_HELP = "Both empty: condition of a rule on this metric."


def _text(**attributes: str) -> UnfoldAdminTextInputWidget:
    return UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"} | attributes)


class AskingForm(forms.Form):
    metric = forms.CharField(
        max_length=MAX_METRIC_NAME, widget=_text(list="known-metrics", placeholder="fusion_score"),
        help_text="Metric to improve.",
    )  # fmt: skip
    person = PersonField("known-people", help_text="Person whose metric it is. Empty: you.")
    target = forms.CharField(
        required=False, max_length=200, widget=_text(list="known-integrations", placeholder="all"),
        help_text="Type of an integration, or target of pushed samples.",
    )  # fmt: skip
    operator = forms.ChoiceField(
        required=False, label="Bad when the value is", choices=[("", "as in the rule"), *Operator.choices],
        widget=UnfoldAdminSelectWidget, help_text=LIMIT_HELP,
    )  # fmt: skip
    threshold = forms.CharField(required=False, widget=_text(inputmode="decimal", placeholder="70"), label="Threshold")
    kind = forms.ChoiceField(
        label="Applied", choices=[(kind, label) for kind, label in KIND_PHRASES.items()], widget=UnfoldAdminSelectWidget
    )

    def __init__(self, data: Any = None, *, asker: User, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self.asker = asker
        if has_everyone(asker, "change"):
            self.fields["person"].among = User.objects.filter(is_active=True)  # type: ignore[attr-defined]
        else:
            del self.fields["person"]

    def clean_metric(self) -> str:
        metric = str(self.cleaned_data["metric"])
        if not is_metric(metric):
            raise forms.ValidationError("Unknown metric. Choose a metric from the list.")
        return metric

    def clean_target(self) -> str:
        try:
            return check_target(self.cleaned_data["target"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def clean_threshold(self) -> float | None:
        text = self.cleaned_data["threshold"].strip()
        try:
            return float(read_number(text)) if text else None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "threshold" in cleaned and bool(cleaned.get("operator")) != (cleaned["threshold"] is not None):
            self.add_error("threshold", "Enter both operator and threshold, or neither.")
        return cleaned

    @property
    def wanted(self) -> ManualRequest:
        """What is asked for."""
        given = self.cleaned_data
        return ManualRequest(
            person=given.get("person") or self.asker, metric=given["metric"], target=given["target"],
            operator=given["operator"], threshold=given["threshold"], kind=given["kind"],
        )  # fmt: skip
