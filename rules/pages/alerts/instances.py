"""The list of instances, by default those that fire."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator
from unfold.decorators import display

from rules.engine.states import InstanceState
from rules.filters import StateFilter
from rules.instances import handling
from rules.instances.integration_errors import integrations_in_error
from rules.instances.quick_actions import changeable, verbs_for
from rules.instances.reading_now import ReadingNow, readings_of
from rules.models import RuleState
from rules.models.querysets import WORST_FIRST
from rules.pages.alerts.acknowledge import acknowledge_rule
from rules.pages.alerts.bulk_handling import handle_together, say_done
from rules.pages.alerts.instance import handle_instance, instance_page
from rules.pages.alerts.quick import handle_quickly
from rules.pages.links import page_of_instance, page_of_integration
from rules.text.alert import aggregation_in_short, value_and_limit
from rules.text.reading import aggregation_of
from smartagent.shell.filtered_list import FilteredChangeList, RecordAdmin
from smartagent.shell.person_links import shown_person
from smartagent.templatetags.shown import SEVERITY_TONES, age, when

MAX_ERROR_SHOWN = 40
HANDLING_TONES = {"open": "warning", "acknowledged": "info", "snoozed": "info"}
Handle = Callable[[Any, Any, Any], int]


def _snooze(length: timedelta) -> Handle:
    return lambda some, by, now: handling.snooze(some, by, now, now + length)


class InstanceChangeList(FilteredChangeList):
    """Its rows link to the pages of the instances; firing ones are sorted by severity."""

    def get_ordering(self, request: HttpRequest, queryset: Any) -> list[Any]:
        return list(WORST_FIRST if self._is_worst_first() else super().get_ordering(request, queryset))

    def get_ordering_field_columns(self) -> dict[int, str]:
        return {} if self._is_worst_first() else super().get_ordering_field_columns()

    def _is_worst_first(self) -> bool:
        """Where nobody has asked for another order, nor for others than those that fire."""
        fires = self.panel.filterset.data.get("condition") == InstanceState.FIRING
        return fires and ORDER_VAR not in self.params

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        for state in self.result_list:
            state.person_shown = shown_person(request.user, state.user)
            state.assignee_shown = shown_person(request.user, state.assignee)
        errors = integrations_in_error(self.result_list, request.user)
        may_change = changeable(request.user, (state.pk for state in self.result_list))
        for state, reading in zip(self.result_list, readings_of(self.result_list, timezone.now()), strict=True):
            state.reading_now = reading
            state.failing = errors.get(state.pk)
            state.verbs = verbs_for([state], request.user) if state.pk in may_change else []

    def url_for_result(self, result: RuleState) -> str:
        return page_of_instance(result.pk)


@admin.register(RuleState)
class InstanceAdmin(RecordAdmin):
    slug = "firing"
    list_title = "Firing"
    change_list_template = "rules/alerts.html"
    filterset_class = StateFilter
    keyset = "since"
    filter_defaults = {"condition": "firing"}
    empty_title = "No firing alerts"
    empty_text = "No rule's condition is met, or no rule is active."
    everything_qs = "?condition="
    list_display = ("rule", "whose", "condition_label", "severity", "reading", "now", "started",
                    "handling_label", "quick")  # fmt: skip
    list_select_related = ("rule", "user", "assignee")
    actions = ("acknowledge", "snooze_for_an_hour", "snooze_for_four_hours", "resolve", "reopen",
               "handle_together")  # type: ignore[assignment]  # fmt: skip
    search_fields = ("rule__rule_name", "target")
    search_help_text = "Rule name or integration"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FilteredChangeList]:
        return InstanceChangeList

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Without the state where it was filtered by."""
        filtered = self.filterset(request).data.get("condition")
        return tuple(name for name in self.list_display if name != "condition_label" or not filtered)

    def has_handle_permission(self, request: HttpRequest) -> bool:
        """Whether the person may handle instances, at least those of their own rules."""
        return bool(request.user.has_perm("rules.change_rulestate"))

    @admin.action(description="Acknowledge for 24 hours", permissions=["handle"])
    def acknowledge(self, request: HttpRequest, queryset: Any) -> None:
        self._handle(request, queryset, "Acknowledged", handling.acknowledge)

    @admin.action(description="Snooze for 1 hour", permissions=["handle"])
    def snooze_for_an_hour(self, request: HttpRequest, queryset: Any) -> None:
        self._handle(request, queryset, "Snoozed", _snooze(timedelta(hours=1)))

    @admin.action(description="Snooze for 4 hours", permissions=["handle"])
    def snooze_for_four_hours(self, request: HttpRequest, queryset: Any) -> None:
        self._handle(request, queryset, "Snoozed", _snooze(timedelta(hours=4)))

    @admin.action(description="Resolve", permissions=["handle"])
    def resolve(self, request: HttpRequest, queryset: Any) -> None:
        self._handle(request, queryset, "Resolved", handling.resolve)

    @admin.action(description="Reopen", permissions=["handle"])
    def reopen(self, request: HttpRequest, queryset: Any) -> None:
        self._handle(request, queryset, "Reopened", handling.reopen)

    def _handle(self, request: HttpRequest, queryset: Any, done: str, handle: Handle) -> None:
        count = handle(queryset.changeable_by(request.user), request.user, timezone.now())
        say_done(request, done, count, queryset)

    @admin.action(description="Bulk actions…", permissions=["handle"])
    def handle_together(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """With a comment, until a time, or by somebody."""
        return handle_together(self, request, queryset)

    pages = {
        "<uuid:state_id>/": (instance_page, "page"), "<uuid:state_id>/handle/": (handle_instance, "handle"),
        "<uuid:state_id>/quick/<str:verb>/": (handle_quickly, "quick"),
        "of-rule/<uuid:rule_id>/acknowledge/": (acknowledge_rule, "acknowledge_rule"),
    }  # fmt: skip

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page of an instance is one of ours."""
        state: Model | None = self.get_object(request, object_id)
        if state is None:
            page: HttpResponse = super().change_view(request, object_id, *args, **kwargs)
            return page
        return HttpResponseRedirect(page_of_instance(state.pk))

    @display(description="person", ordering="user")
    def whose(self, state: RuleState) -> str:
        person, failing = state.person_shown, state.failing  # type: ignore[attr-defined]
        named = format_html("{}, {}", person, state.target) if state.target else person
        if failing is None:
            return named
        link, error = page_of_integration(failing), failing.error_message or "error"
        return format_html(
            '{}<br><a href="{}" class="sa-link sa-alarm">{}: {}</a>', named, link, failing, _short(error)
        )

    @display(description="state", ordering="condition", label=SEVERITY_TONES)
    def condition_label(self, state: RuleState) -> tuple[str, str]:
        return (state.condition, state.get_condition_display())

    @display(description="fired at", ordering="value")
    def reading(self, state: RuleState) -> str:
        says_it = aggregation_of(state.rule).says_absence(state.value)
        how = "" if says_it else aggregation_in_short(state.rule)
        shown = format_html('<span class="sa-second sa-aggregation">{}</span>', how) if how else ""
        return format_html("<span><b>{}</b> {}{}</span>{}", *value_and_limit(state), _stands(state), shown)

    @display(description="now")
    def now(self, state: RuleState) -> str:
        """The newest reading with its day, and its age."""
        reading: ReadingNow | None = state.reading_now  # type: ignore[attr-defined]
        if reading is None:
            return "–"
        return render_to_string("rules/_now.html", {"now": reading, "aggregated": aggregation_of(state.rule)})

    @display(description="actions")
    def quick(self, state: RuleState) -> str:
        """The buttons of a row: they submit the list's own form to another address."""
        return render_to_string("rules/_quick_row.html", {"state": state, "verbs": state.verbs})  # type: ignore[attr-defined]

    @display(description="severity", ordering="rule__severity", label=SEVERITY_TONES)
    def severity(self, state: RuleState) -> str:
        return state.severity

    @display(description="since", ordering="since")
    def started(self, state: RuleState) -> str:
        return format_html('{}<br><span class="sa-second">{}</span>', when(state.since), age(state.since))

    @display(description="status", ordering="handling")
    def handling_label(self, state: RuleState) -> str:
        """The status, and the assignee beneath."""
        who = format_html("<br>{}", state.assignee_shown) if state.assignee else ""  # type: ignore[attr-defined]
        label = {"text": state.handling, "type": HANDLING_TONES.get(state.handling, "")}
        return format_html("{}{}", render_to_string("unfold/helpers/label.html", label), who)


def _short(error: str) -> str:
    """An error in one line of a list."""
    return Truncator(" ".join(error.split())).chars(MAX_ERROR_SHOWN)


def _stands(state: RuleState) -> str:
    """The state where it is not simply firing; the error where its source cannot be read."""
    if state.condition == InstanceState.FIRING:
        return ""
    words = state.reason if state.condition == InstanceState.ERROR else state.get_condition_display()
    return format_html('<br><span class="sa-second">{}</span>', words)
