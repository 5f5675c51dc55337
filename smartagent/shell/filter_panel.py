"""The filter panel of a list: the form of the FilterSet that the API uses too."""

from typing import Any

from django.contrib.admin import ListFilter
from django.contrib.admin.views.main import ERROR_FLAG, PAGE_VAR
from django.db.models import Model, QuerySet
from django.forms import Select
from django.http import HttpRequest
from django.utils.text import capfirst
from unfold.widgets import INPUT_CLASSES, SELECT_CLASSES, UnfoldAdminSelectWidget

from smartagent.rest.filter_fields import OneOfField

PAST_VAR = "past"  # where a list goes on, beyond the reach of its pages


class FilterPanel(ListFilter):
    """The only filter of the list, as the admin sees it: the form of the FilterSet."""

    title = "filters"
    template = "smartagent/filter_panel.html"

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.filterset = model_admin.filterset(request)
        for name in model_admin.filterset_class.base_filters:
            params.pop(name, None)
        # What the form does not have to carry on: its own fields, and the page one was on.
        self.used_parameters = dict.fromkeys([*self.filterset.filters, PAGE_VAR, PAST_VAR, ERROR_FLAG])
        for field in self.filterset.form.fields.values():
            chosen = isinstance(field.widget, Select)
            field.widget.attrs["class"] = " ".join(SELECT_CLASSES if chosen else INPUT_CLASSES)
            if chosen:
                field.widget.template_name = UnfoldAdminSelectWidget.template_name
            if isinstance(field, OneOfField):
                field.widget.choices = [(value, capfirst(str(label))) for value, label in field.choices]

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: Any) -> list[dict[str, Any]]:  # type: ignore[override]
        return []

    def expected_parameters(self) -> list[str | None]:
        return list(self.filterset.filters)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the filtered rows; none if a filter is invalid, which the page shows as an error."""
        if not self.filterset.is_valid():
            return queryset.none()
        return self.filterset.filter_queryset(queryset)  # type: ignore[no-any-return]
