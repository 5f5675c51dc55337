"""The lists of data sources and metric queries, and the routes of their pages."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display

from rules.data_sources.changes import StillWatched, delete_query, delete_source, refusal_to_delete
from rules.data_sources.status import SOURCE_STATE_LABELS, SOURCE_TONES, source_state
from rules.filters.data_sources import DataSourceFilter, MetricQueryFilter
from rules.models import DataSource, MetricQuery
from rules.pages.data_sources.query import ask_query, edit_query, new_query, page_of_query, query_page
from rules.pages.data_sources.source import edit_source, new_source, page_of_source, source_page, test_source
from smartagent.shell.filtered_list import FilteredAdmin, FilteredChangeList
from smartagent.templatetags.shown import when


class SourceChangeList(FilteredChangeList):
    """A list whose rows link to the pages of the sources and queries."""

    def url_for_result(self, result: DataSource | MetricQuery) -> str:
        return page_of_source(result) if isinstance(result, DataSource) else page_of_query(result)


class SourcesAdmin(FilteredAdmin):
    """What the lists of sources and of queries have in common."""

    actions = None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FilteredChangeList]:
        return SourceChangeList

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        found = self.find(request, object_id)
        return HttpResponseRedirect(page_of_source(found) if isinstance(found, DataSource) else page_of_query(found))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.provisioned_by)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.provisioned_by)

    def get_deleted_objects(self, objs: Sequence[Any], request: HttpRequest) -> Any:
        """What is deleted with it; or that rules watch it, so that it is not."""
        deleted, counts, _, protected = super().get_deleted_objects(objs, request)
        refusals = [text for each in objs if (text := refusal_to_delete(each))]
        return deleted, counts, set(), [*protected, *refusals]

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete = delete_source if isinstance(obj, DataSource) else delete_query
        delete(obj, request.user, timezone.now())

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)  # type: ignore[no-any-return]
        except StillWatched as error:  # a rule came to watch it in between
            messages.error(request, str(error))
            return self.change_view(request, object_id)


@admin.register(DataSource)
class DataSourceAdmin(SourcesAdmin):
    slug = "data-sources"
    filterset_class = DataSourceFilter
    empty_title = "No data source yet"
    empty_text = (
        "A data source is a Prometheus, Thanos, Mimir or VictoriaMetrics server. Rules watch queries of it as metrics."
    )
    list_display = ("shown_name", "state_label", "shown_address", "queries_count", "median", "answered")
    list_display_links = ("shown_name",)
    sortable_by = ("shown_name", "queries_count", "answered")
    search_fields = ("name", "address")
    search_help_text = "Name or address"
    pages = {
        "add/": (new_source, "add"), "<uuid:pk>/": (source_page, "page"), "<uuid:pk>/edit/": (edit_source, "edit"),
        "<uuid:pk>/test/": (test_source, "test"),
    }  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(query_count=Count("queries"))

    @display(description="name", ordering="name")
    def shown_name(self, source: DataSource) -> str:
        return format_html('<span class="sa-text">{}</span>', source.name)

    @display(description="address")
    def shown_address(self, source: DataSource) -> str:
        return format_html('<span class="sa-text">{}</span>', source.address)

    @display(description="state", label=SOURCE_TONES)
    def state_label(self, source: DataSource) -> str:
        return SOURCE_STATE_LABELS[source_state(source)]

    @display(description="queries", ordering="query_count")
    def queries_count(self, source: DataSource) -> str:
        return f"{source.query_count:,}"  # type: ignore[attr-defined]

    @display(description="median latency")
    def median(self, source: DataSource) -> str:
        return f"{source.recent[-1]['median']:,.0f} ms" if source.recent else "–"

    @display(description="last answer", ordering="last_success_at")
    def answered(self, source: DataSource) -> str:
        return when(source.last_success_at) if source.last_success_at else "–"


@admin.register(MetricQuery)
class MetricQueryAdmin(SourcesAdmin):
    slug = "metric-queries"
    filterset_class = MetricQueryFilter
    empty_title = "No metric query yet"
    empty_text = "A metric query is PromQL that a data source computes at each evaluation. Rules watch it as a metric."
    list_display = ("shown_name", "shown_source", "shown_expression", "unit", "description")
    list_display_links = ("shown_name",)
    list_select_related = ("source",)
    sortable_by = ("shown_name", "shown_source")
    search_fields = ("name", "expression", "description")
    search_help_text = "Metric, query or description"
    pages = {
        "add/": (new_query, "add"), "<uuid:pk>/": (query_page, "page"), "<uuid:pk>/edit/": (edit_query, "edit"),
        "<uuid:pk>/try/": (ask_query, "try"),
    }  # fmt: skip

    @display(description="metric", ordering="name")
    def shown_name(self, query: MetricQuery) -> str:
        return format_html('<span class="sa-text">{}</span>', query.name)

    @display(description="data source", ordering="source__name")
    def shown_source(self, query: MetricQuery) -> str:
        return query.source.name

    @display(description="query")
    def shown_expression(self, query: MetricQuery) -> str:
        text = " ".join(query.expression.split())
        return format_html('<code class="sa-text">{}</code>', text if len(text) <= 120 else f"{text[:120]}…")
