"""The list of optimizations, and the URLs of their pages."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import action, display

from optimizer.filters import OptimizationFilter
from optimizer.models import OptimizationEvent
from optimizer.pages.bulk_actions import ask_and_do, progress_page
from optimizer.pages.decisions import decide_one
from optimizer.pages.links import LIST_URL_NAME, page_of
from optimizer.pages.optimization import dry_run_part, find_event, live_part, optimization_page
from optimizer.pages.request import new_page
from optimizer.permissions import DECIDE
from optimizer.text.proposal import strategy_name
from optimizer.text.recommendations import recommended
from rules.text.entry import number
from smartagent.kernel.scope import has_everyone, visible_keys
from smartagent.shell.filtered_list import FilteredChangeList, RecordAdmin
from smartagent.templatetags.shown import SEVERITY_TONES, when

VERDICT_TONES = {"improved": "success", "unchanged": "", "worse": "danger", "too_little": "warning"}


class OptimizationChangeList(FilteredChangeList):
    """Its rows lead to the pages of the proposals, and know whether the rule is one that whoever looks may see."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        seen = visible_keys(request.user, *(event.rule for event in self.result_list))
        for event in self.result_list:
            event.sees_rule = event.rule_id in seen

    def url_for_result(self, result: OptimizationEvent) -> str:
        return page_of(result.pk)


@admin.register(OptimizationEvent)
class OptimizationAdmin(RecordAdmin):
    slug = "optimizations"
    filterset_class = OptimizationFilter
    filter_defaults = {"status": "proposed", "origin": "smart_agent"}
    keyset = "created_at"
    empty_title = "No optimizations yet"
    empty_text = (
        "A rule whose action is “Optimize” or “Adjust” proposes an optimization, which appears "
        "here with its operations."
    )
    everything_qs = "?status=&origin="
    list_display = ("strategy_shown", "status_label", "steps", "verdict_label", "user", "rule_link", "reading", "at")
    list_display_links = ("strategy_shown",)
    list_select_related = ("rule", "user")
    sortable_by = ("at",)
    search_fields = ("strategy", "source_event_type", "rule__rule_name")
    search_help_text = "Strategy, source or rule"
    actions = ("approve", "apply_now", "dismiss", "roll_back")  # type: ignore[assignment]
    actions_list = ("propose_now",)
    pages = {
        "new/": (new_page, "new"), "progress/": (progress_page, "progress"),
        "<uuid:key>/": (optimization_page, "page"), "<uuid:key>/live/": (live_part, "live"),
        "<uuid:key>/dry-run/": (dry_run_part, "dry_run"), "<uuid:key>/do/<str:verb>/": (decide_one, "do"),
    }  # fmt: skip

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FilteredChangeList]:
        return OptimizationChangeList

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return tuple(name for name in self.list_display if name != "user" or has_everyone(request.user, "view"))

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return optimization_page(request, self, find_event(self, request, object_id).pk)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whether the person may answer proposals, at least their own."""
        return bool(request.user.has_perm(DECIDE))

    @action(description="Propose now", url_path="propose-now", permissions=["decide"])
    def propose_now(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse(f"{LIST_URL_NAME}_new"))

    # -- columns ---------------------------------------------------------------------------------

    @display(description="strategy", ordering="strategy")
    def strategy_shown(self, event: OptimizationEvent) -> str:
        return strategy_name(event.strategy) if event.strategy else event.get_optimization_action_display()

    @display(description="status", ordering="status", label=SEVERITY_TONES)
    def status_label(self, event: OptimizationEvent) -> tuple[str, str]:
        return (event.status, event.get_status_display())

    @display(description="result", ordering="verdict", label=VERDICT_TONES)
    def verdict_label(self, event: OptimizationEvent) -> tuple[str, str] | str:
        return (event.verdict, event.get_verdict_display()) if event.verdict else ""

    @display(description="recommended")
    def steps(self, event: OptimizationEvent) -> str:
        """The first step, and how many follow it."""
        found = recommended(event.recommended_actions)
        if not found:
            return "–"
        more = format_html(' <span class="sa-second">and {} more</span>', len(found) - 1) if found[1:] else ""
        return format_html('<span class="sa-text">{}{}</span>', found[0], more)

    @display(description="rule")
    def rule_link(self, event: OptimizationEvent) -> str:
        if event.rule_id is None:
            return "–"
        if not event.sees_rule:  # type: ignore[attr-defined]
            return str(event.rule)
        address = reverse("admin:rules_automationrule_page", args=[event.rule_id])
        return format_html('<a href="{}" class="sa-link">{}</a>', address, event.rule)

    @display(description="reading")
    def reading(self, event: OptimizationEvent) -> str:
        before = event.before if isinstance(event.before, dict) else {}
        value = before.get("value", event.efficiency_index)
        return number(value) if isinstance(value, (int, float)) or value else "–"

    @display(description="time", ordering="created_at")
    def at(self, event: OptimizationEvent) -> str:
        return when(event.created_at)

    # -- what can be done to many ----------------------------------------------------------------

    @admin.action(description="Approve…", permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return ask_and_do("approve", self, request, queryset)

    @admin.action(description="Apply now…", permissions=["decide"])
    def apply_now(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return ask_and_do("apply", self, request, queryset)

    @admin.action(description="Dismiss…", permissions=["decide"])
    def dismiss(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return ask_and_do("dismiss", self, request, queryset)

    @admin.action(description="Roll back…", permissions=["decide"])
    def roll_back(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return ask_and_do("roll_back", self, request, queryset)
