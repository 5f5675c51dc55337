"""The list of rules, and the addresses of their pages."""

from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.decorators import display

from rules.engine.conditions import Operator
from rules.filters import RuleFilter
from rules.lifecycle.recycle_bin import delete
from rules.models import AutomationRule, RuleState
from rules.pages.health import improvement_page
from rules.pages.links import page_of
from rules.pages.rule.bulk_actions import ACTIVATE, BULK_PAUSE, DELETE, ask_and_do
from rules.pages.rule.bulk_edit import bulk_edit_page
from rules.pages.rule.code import code_page, export_page, release_page
from rules.pages.rule.current_reading import form_reading
from rules.pages.rule.form import RuleFormAdmin, differs
from rules.pages.rule.lifecycle import bin_page, clone_rule, empty_from_bin, publish_rule, restore_version, test_rule
from rules.pages.rule.page import health_box, rule_page, set_status
from rules.pages.rule.templates import templates_page
from rules.pages.rule.trial import form_trial
from rules.pages.rule.versions import versions_page
from rules.pages.rule.why import why_page
from rules.text.entry import metric_name, number
from smartagent.shell.filtered_list import FilteredChangeList
from smartagent.templatetags.shown import SEVERITY_TONES, when

__all__ = ["RuleAdmin", "differs", "page_of"]

SYMBOLS = {value: label.split()[0] for value, label in Operator.choices}


class RuleChangeList(FilteredChangeList):
    """Its rows link to the pages of the rules."""

    def url_for_result(self, result: AutomationRule) -> str:
        return page_of(result)


@admin.register(AutomationRule)
class RuleAdmin(RuleFormAdmin):
    slug = "rules"
    filterset_class = RuleFilter
    empty_title = "No rules yet"
    empty_text = (
        "A rule watches a metric and runs an action when a threshold is crossed. Create one, or use a template."
    )
    list_display = ("rule_name", "condition", "does", "severity_label", "state", "user", "triggered", "trigger_count")
    list_select_related = ("user",)
    search_fields = ("rule_name", "metric_type", "description")
    search_help_text = "Name, metric or description"
    actions = ("pause", "activate", "edit_together", "delete_selected")

    # -- the list --------------------------------------------------------------------------------

    def prepare(self, rows: list[AutomationRule]) -> None:
        firing = RuleState.objects.firing().filter(rule__in=rows).values("rule").annotate(instances=Count("pk"))
        counts = {found["rule"]: found["instances"] for found in firing}
        for rule in rows:
            rule.firing_instances = counts.get(rule.pk, 0)  # type: ignore[attr-defined]

    @display(description="fires when", ordering="metric_type")
    def condition(self, rule: AutomationRule) -> str:
        where = f" on {rule.target_integration}" if rule.target_integration else ""
        whose = " of anyone" if rule.applies_to == AutomationRule.AppliesTo.EVERYONE else ""
        symbol = SYMBOLS.get(rule.condition_operator, rule.condition_operator)
        return f"{metric_name(rule.metric_type)}{whose}{where} {symbol}\u00a0{number(rule.threshold_value)}"

    @display(description="action", ordering="action_type")
    def does(self, rule: AutomationRule) -> str:
        return rule.get_action_type_display()

    @display(description="severity", ordering="severity", label=SEVERITY_TONES)
    def severity_label(self, rule: AutomationRule) -> str:
        return rule.severity

    @display(description="status", ordering="status", label=SEVERITY_TONES)
    def state(self, rule: AutomationRule) -> str:
        return "firing" if getattr(rule, "firing_instances", 0) else rule.status

    @display(description="last triggered", ordering="last_triggered_at")
    def triggered(self, rule: AutomationRule) -> str:
        return when(rule.last_triggered_at)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FilteredChangeList]:
        return RuleChangeList

    @admin.action(description="Pause", permissions=["change"])
    def pause(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return ask_and_do(BULK_PAUSE, self, request, queryset)

    @admin.action(description="Activate", permissions=["change"])
    def activate(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return ask_and_do(ACTIVATE, self, request, queryset)

    @admin.action(description="Bulk edit…", permissions=["change"])
    def edit_together(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return bulk_edit_page(self, request, queryset)

    @admin.action(description="Delete", permissions=["delete"])
    def delete_selected(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return ask_and_do(DELETE, self, request, queryset)

    def delete_model(self, request: HttpRequest, obj: AutomationRule) -> None:
        """Move the rule into the recycle bin."""
        delete(AutomationRule.objects.filter(pk=obj.pk), request.user, timezone.now())

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What is deleted with a rule, in words and numbers; instances need no permission of their own."""
        rules = list(objs)
        instances = RuleState.objects.filter(rule__in=rules).count()
        counts = {"rules": len(rules), "instances": instances}
        return [str(rule) for rule in rules], counts, set(), []

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return versions_page(request, self, object_id)

    # -- the other pages -------------------------------------------------------------------------

    pages = {
        "preview/": (form_reading, "preview"),
        "trial/": (form_trial, "trial"),
        "templates/": (templates_page, "templates"),
        "code/": (code_page, "code"),
        "code/export/": (export_page, "export"),
        "code/release/": (release_page, "release"),
        "<uuid:rule_id>/": (rule_page, "page"),
        "<uuid:rule_id>/health/": (health_box, "health"),
        "<uuid:rule_id>/status/": (set_status, "status"),
        "<uuid:rule_id>/clone/": (clone_rule, "clone"),
        "<uuid:rule_id>/publish/": (publish_rule, "publish"),
        "<uuid:rule_id>/test/": (test_rule, "test"),
        "<uuid:rule_id>/restore/": (restore_version, "restore"),
        "<uuid:rule_id>/why/": (why_page, "why"),
        "bin/": (bin_page, "bin"),
        "bin/do/": (empty_from_bin, "bin_do"),
        "<uuid:rule_id>/improvement/": (improvement_page, "improvement"),
    }
