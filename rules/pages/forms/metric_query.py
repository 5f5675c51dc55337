"""The form of a metric query."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from rules.data_sources.validation import query_errors
from rules.models import DataSource, MetricQuery
from smartagent.shell.second_save import SecondSaveMixin


class MetricQueryForm(SecondSaveMixin, forms.ModelForm):  # type: ignore[type-arg]
    """Creates or edits a metric query."""

    class Meta:
        model = MetricQuery
        fields = ("name", "source", "expression", "unit", "description")
        widgets = {
            "name": UnfoldAdminTextInputWidget(attrs={"placeholder": "http_errors", "autocomplete": "off"}),
            "source": UnfoldAdminSelectWidget(),
            "expression": UnfoldAdminTextareaWidget(
                attrs={"rows": 5, "spellcheck": "false", "class": "font-mono",
                       "placeholder": 'sum by (job) (rate(http_requests_total{code=~"5.."}[5m]))'}
            ),
            "unit": UnfoldAdminTextInputWidget(attrs={"placeholder": "per second"}),
            "description": UnfoldAdminTextInputWidget(),
        }  # fmt: skip

    def __init__(self, data: Any = None, *, query: MetricQuery, initial: Any = None) -> None:
        super().__init__(data, instance=query, initial=initial)
        self.fields["source"].queryset = DataSource.objects.order_by("name")  # type: ignore[attr-defined]

    def clean_expression(self) -> str:
        return str(self.cleaned_data["expression"]).replace("\r\n", "\n").strip()

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        for name, texts in query_errors(self.instance).items():
            if name not in self.errors:
                self.add_error(name, texts)

    def may_try(self) -> bool:
        """Whether the query can be asked, whatever its other fields hold."""
        return not {"source", "expression"} & self.errors.keys()
