"""The activity log: decisions, actions and results, to search, filter and look into."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase

from rules.filters import ActivityFilter
from rules.models import ActivityEntry
from rules.pages.activity.addresses import EXACT, TIME_PARAMETERS
from rules.pages.activity.change_list import ActivityChangeList, ActivitySummary
from rules.pages.activity.columns import PARAMETER, remember
from rules.pages.activity.entry import entry_page, entry_panel, judge_entry
from rules.pages.activity.live import newer
from rules.pages.activity.report import report_page
from rules.pages.activity.saved_views import default_address, delete_view, save_view
from rules.pages.activity.search_box import suggest
from rules.pages.activity.summary import default_period, exact_histogram, summary
from rules.search.query import SearchError, parse
from rules.text.activity import named_entries
from rules.text.context import facts_of
from rules.text.event_names import event_label
from smartagent.shell.filtered_list import FilteredChangeList, RecordAdmin

WITHOUT_ROWS = ("rules_activityentry_summary", "rules_activityentry_histogram")


@admin.register(ActivityEntry)
class ActivityAdmin(RecordAdmin):
    slug = "activity"
    counted = "entries"
    filterset_class = ActivityFilter
    page_parameters = RecordAdmin.page_parameters | {PARAMETER, EXACT, "density", "entry", "group", "format"}
    keyset = "created_at"
    empty_title = "No activity yet"
    empty_text = "Entries appear when a rule fires, resolves, or has no data or an error."
    change_list_template = "rules/activity.html"
    list_filter_sheet = True
    list_select_related = ("rule",)
    sortable_by = ("created_at",)
    list_display = ("created_at",)
    pages = {
        "suggestions/": (suggest, "suggestions"),
        "newer/": (newer, "newer"),
        "report/": (report_page, "report"),
        "summary/": (summary, "summary"),
        "histogram/": (exact_histogram, "histogram"),
        "views/": (save_view, "save_view"),
        "views/<uuid:view_id>/delete/": (delete_view, "delete_view"),
        "<uuid:entry_id>/panel/": (entry_panel, "panel"),
        "<uuid:entry_id>/feedback/<str:verb>/": (judge_entry, "feedback"),
    }

    def filterset(self, request: HttpRequest) -> Any:
        """The FilterSet of what `request` asks for; where it names no time, of the default period."""
        data = QueryDict(mutable=True)
        data.update(request.GET)
        if not (TIME_PARAMETERS.keys() & data.keys() or data.get("run") or _names_a_time(data.get("search") or "")):
            data["within"] = default_period()
        return self.filterset_class(data, self.model.objects.none(), request=request)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FilteredChangeList]:
        route = request.resolver_match.url_name if request.resolver_match else None
        return ActivitySummary if route in WITHOUT_ROWS else ActivityChangeList

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        if len(columns := request.GET.getlist(PARAMETER)) > 1:  # as a form of check boxes sends them
            query = request.GET.copy()
            query[PARAMETER] = ",".join(columns)
            return HttpResponseRedirect(f"?{query.urlencode()}")
        if not request.GET and (begin := default_address(request.user)):
            return HttpResponseRedirect(begin)
        response: HttpResponseBase = super().changelist_view(request, extra_context)
        remember(request, response)
        return response

    def prepare(self, rows: list[ActivityEntry]) -> None:
        named_entries(rows)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return entry_page(request, self, object_id)

    def describe(self, record: ActivityEntry) -> str:
        label = event_label(record.event_type)
        return f"{label[:1].upper()}{label[1:]}: {self.rule_name(record)}"

    def rule_name(self, entry: ActivityEntry) -> str:
        """The name of the rule, now or as it was; not every entry is about one."""
        return str(entry.rule or facts_of(entry).get("rule_name") or "none")


def _names_a_time(search: str) -> bool:
    try:
        return any(term.field in TIME_PARAMETERS for term in parse(search))
    except SearchError:
        return False
