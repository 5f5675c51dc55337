"""The instances of rules, by default those that fire."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from unfold.decorators import display

from rules.filters import StateFilter
from rules.models import RuleState
from rules.pages.activity import page_of
from rules.words import limit, metric_name, number
from smartagent.filtered_list import FilteredChangeList, RecordAdmin
from smartagent.templatetags.shown import TONES, when


class InstanceChangeList(FilteredChangeList):
    """Its rows lead to the rules."""

    def url_for_result(self, result: RuleState) -> str:
        return page_of(result.rule_id)


@admin.register(RuleState)
class InstanceAdmin(RecordAdmin):
    slug = "firing"
    list_title = "Firing"
    filterset_class = StateFilter
    keyset = "since"
    filter_defaults = {"condition": "firing"}
    empty_title = "Nothing fires"
    empty_text = "Every reading is on the right side of its threshold, or no rule is active."
    everything_qs = "?condition="
    list_display = ("rule", "user", "target_shown", "condition_label", "reading", "severity", "started", "acted",
                    "handling_label")  # fmt: skip
    list_select_related = ("rule", "user")
    search_fields = ("rule__rule_name", "target")
    search_help_text = "Name of the rule, or integration"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FilteredChangeList]:
        return InstanceChangeList

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """An instance has no page of its own: its rule has."""
        state: Model | None = self.get_object(request, object_id)
        if state is None:
            page: HttpResponse = super().change_view(request, object_id, *args, **kwargs)
            return page
        return HttpResponseRedirect(page_of(state.rule_id))  # type: ignore[attr-defined]

    @display(description="integration", ordering="target")
    def target_shown(self, state: RuleState) -> str:
        return state.target or "–"

    @display(description="state", ordering="condition", label=TONES)
    def condition_label(self, state: RuleState) -> tuple[str, str]:
        return (state.condition, state.get_condition_display())

    @display(description="reading", ordering="value")
    def reading(self, state: RuleState) -> str:
        rule = state.rule
        against = limit(rule.condition_operator, rule.threshold_value)
        value = "no reading" if state.value is None else number(state.value)
        return format_html("<b>{}</b> {}, fires {}", value, metric_name(rule.metric_type), against)

    @display(description="severity", ordering="rule__severity", label=TONES)
    def severity(self, state: RuleState) -> str:
        return state.rule.severity

    @display(description="since", ordering="since")
    def started(self, state: RuleState) -> str:
        return when(state.since)

    @display(description="last acted", ordering="last_notified_at")
    def acted(self, state: RuleState) -> str:
        return when(state.last_notified_at)

    @display(description="handling", ordering="handling", label={"open": "warning", "acknowledged": "info"})
    def handling_label(self, state: RuleState) -> str:
        return state.handling
