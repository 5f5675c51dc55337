"""Lists whose query parameters go through the FilterSet that the API uses, and whose pages are counted up to a cap."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.admin import ShowFacets
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.text import capfirst
from unfold.views import ChangeList

from smartagent.kernel.scope import has_everyone, leads_to_person
from smartagent.shell.filter_panel import PAST_VAR, FilterPanel
from smartagent.shell.list_pagination import CappedPaginator, past, place_of
from smartagent.shell.owned_admin import OwnedAdmin
from smartagent.shell.person_links import person_link


class FilteredChangeList(ChangeList):  # type: ignore[misc]
    """A list of the rows that the FilterSet selects, with the active filters, the invalid ones, and capped pages."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.sees_people = has_everyone(request.user, "view")
        super().__init__(request, *args, **kwargs)
        self.title = self.model_admin.title
        if self.sees_people:
            column = person_column(self.model)
            self.list_display: list[Any] = [column if name == "user" else name for name in self.list_display]
            self.sortable_by: list[Any] = [column if name == "user" else name for name in self.sortable_by]

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        given = super().get_filters_params(params)
        known = self.model_admin.filterset_class.base_filters
        return {name: value for name, value in given.items() if name in known}

    def get_filters(self, request: HttpRequest) -> Any:
        specs, has_filters, rest, duplicates, _ = super().get_filters(request)
        self.panel = next(spec for spec in specs if isinstance(spec, FilterPanel))
        return specs, has_filters, rest, duplicates, not all(chip["by_default"] for chip in self.chips)

    def get_ordering_field(self, field_name: Any) -> Any:
        """Refuse an order by columns of hidden people, which would reveal their names and e-mails."""
        found = super().get_ordering_field(field_name)
        path = found if isinstance(found, str) else ""
        return None if leads_to_person(self.model, path) and not self.sees_people else found

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        queryset: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        self.filtered = queryset  # whichever page of it is shown
        self.bad_place = ""
        place, field = self.params.get(PAST_VAR), self.model_admin.keyset
        if not place or not field:
            return queryset
        try:
            return past(queryset, field, place)
        except ValueError:
            self.bad_place = place
            return queryset.none()

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.page_num: int = self.paginator.validate_number(self.page_num)
        self.result_list: Any = list(self.result_list)
        self.model_admin.prepare(self.result_list)

    @property
    def older(self) -> str | None:
        """The address of the rows after the last page, None if there are none."""
        field = self.model_admin.keyset
        last_page = self.page_num == self.paginator.num_pages
        by_field = self.queryset.query.order_by[:1] == (f"-{field}",)
        if not (field and by_field and last_page and self.paginator.is_capped and self.result_list):
            return None
        place = place_of(self.result_list[-1], field)
        return self.get_query_string({PAST_VAR: place}) if place else None

    @property
    def newest(self) -> str:
        """The address of the first page, with the same filters."""
        return str(self.get_query_string({PAST_VAR: None}))

    @property
    def chips(self) -> list[dict[str, Any]]:
        """The active filters: label, address of the list without it, and whether it is a default."""
        filterset, defaults = self.panel.filterset, self.model_admin.filter_defaults
        return [
            {
                "name": name,
                "text": f"{_named(filterset, name)}: {_shown(filterset, name)}",
                "without": self.get_query_string({name: "" if name in defaults else None}),
                "by_default": filterset.data[name] == defaults.get(name),
            }
            for name in filterset.filters
            if filterset.data.get(name) and name not in filterset.form.errors
        ]

    @property
    def complaints(self) -> list[str]:
        """The messages of the invalid filters."""
        form = self.panel.filterset.form
        unknown = super().get_filters_params().keys() - form.fields.keys() - self.model_admin.page_parameters
        known = ", ".join(form.fields)
        return (
            [f"Unknown filter “{name}”. Valid filters: {known}." for name in sorted(unknown)]
            + [f"“{place}” is not a valid page of this list." for place in [self.bad_place] if place]
            + [
                f"{_named(self.panel.filterset, name)}: {message}"
                for name, messages in form.errors.items()
                for message in messages
            ]
        )


class FilteredAdmin(OwnedAdmin):
    """A list with the filters of a FilterSet; `filter_defaults` apply if the address has no other value."""

    filterset_class: ClassVar[Any]
    filter_defaults: ClassVar[Mapping[str, str]] = {}
    page_parameters: ClassVar[frozenset[str]] = frozenset({PAST_VAR})  # of the address, that say how the page looks
    keyset: ClassVar[str | None] = None  # the time by which a long list is ordered, newest first
    empty_title: ClassVar[str] = "No entries yet"
    empty_text: ClassVar[str] = ""

    paginator = CappedPaginator
    list_filter = (FilterPanel,)
    list_filter_submit = True
    change_list_template = "smartagent/changelist.html"
    list_before_template = "smartagent/list_before.html"
    list_max_show_all = 0
    show_facets = ShowFacets.NEVER

    def filterset(self, request: HttpRequest) -> Any:
        """Return the FilterSet bound to the query of `request`."""
        data = QueryDict(mutable=True)
        data.update(request.GET)
        for name, value in self.filter_defaults.items():
            data.setdefault(name, value)
        return self.filterset_class(data, self.model.objects.none(), request=request)

    class Media:
        css = {"all": ("smartagent/rules.css",)}

    def prepare(self, rows: list[Any]) -> None:
        """Load related data of all `rows` of a page at once, for its columns."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FilteredChangeList]:
        return FilteredChangeList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup in self.filterset_class.base_filters


class RecordAdmin(FilteredAdmin):
    """A read-only list, of rows that the system writes."""

    actions = None
    change_form_template = "smartagent/record.html"

    def describe(self, record: Any) -> str:
        """Return the title of a record's page."""
        return str(record)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        if original := context.get("original"):
            context |= {"crumb": self.describe(original), "subtitle": self.describe(original)}
        return super().render_change_form(request, context, *args, **kwargs)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def person_column(model: type[Model]) -> Any:
    """The column `user` of a list, where it has one, as links to the pages of people."""

    def user(record: Any) -> str:
        return person_link(record.user) if record.user else "–"

    column: Any = user
    column.short_description = next((each.verbose_name for each in model._meta.fields if each.name == "user"), "")
    column.admin_order_field = "user"
    return column


def _named(filterset: Any, name: str) -> str:
    """Return the label of a filter, capitalized."""
    label = str(filterset.form.fields[name].label or name)
    return f"{label[:1].upper()}{label[1:]}"


def _shown(filterset: Any, name: str) -> str:
    """Return a filter's value as its form field shows it."""
    value = filterset.data[name]
    choices = dict(getattr(filterset.form.fields[name], "choices", ()))
    return capfirst(str(choices[value])) if value in choices else str(value)
