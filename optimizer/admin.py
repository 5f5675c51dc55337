"""What was proposed to make things better, and what became of it."""

import json
from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.decorators import display

from optimizer.filters import OptimizationFilter
from optimizer.models import OptimizationEvent
from optimizer.strategies import strategies
from rules.words import number
from smartagent.filtered_list import RecordAdmin
from smartagent.templatetags.shown import TONES, when


@admin.register(OptimizationEvent)
class OptimizationAdmin(RecordAdmin):
    slug = "optimizations"
    filterset_class = OptimizationFilter
    filter_defaults = {"status": "proposed"}
    keyset = "created_at"
    empty_title = "No optimizations yet"
    empty_text = "A rule whose action is “Optimize” proposes a remedy here, with the steps that are recommended."
    list_display = ("strategy_shown", "status_label", "steps", "user", "rule_link", "reading", "at")
    list_display_links = ("strategy_shown",)
    list_select_related = ("rule", "user")
    sortable_by = ("at",)
    search_fields = ("strategy", "source_event_type", "rule__rule_name")
    search_help_text = "Strategy, source or rule"
    fields = ("strategy_shown", "status_shown", "all_steps", "kind", "source_event_type", "user", "rule_link",
              "reading", "at", "facts")  # fmt: skip
    readonly_fields = fields

    def describe(self, record: OptimizationEvent) -> str:
        return f"{self.strategy_shown(record)} for {record.user or 'the platform'}"

    @display(description="strategy", ordering="strategy")
    def strategy_shown(self, event: OptimizationEvent) -> str:
        if event.strategy and event.strategy in strategies:
            return strategies[event.strategy].label
        return event.strategy or event.get_optimization_action_display()

    @display(description="status", ordering="status", label=TONES)
    def status_label(self, event: OptimizationEvent) -> tuple[str, str]:
        return (event.status, event.get_status_display())

    @display(description="status")
    def status_shown(self, event: OptimizationEvent) -> str:
        return event.get_status_display()

    @display(description="kind")
    def kind(self, event: OptimizationEvent) -> str:
        return event.get_optimization_action_display()

    @display(description="recommended")
    def steps(self, event: OptimizationEvent) -> str:
        """The first step, and how many follow it."""
        found = recommended(event.recommended_actions)
        if not found:
            return "–"
        more = format_html(' <span class="sa-second">and {} more</span>', len(found) - 1) if found[1:] else ""
        return format_html('<span class="sa-text">{}{}</span>', found[0], more)

    @display(description="recommended")
    def all_steps(self, event: OptimizationEvent) -> str:
        steps = format_html_join("", "<li>{}</li>", ((step,) for step in recommended(event.recommended_actions)))
        return format_html('<ol class="sa-steps">{}</ol>', steps) if steps else "–"

    @display(description="rule")
    def rule_link(self, event: OptimizationEvent) -> str:
        if event.rule_id is None:
            return "–"
        address = reverse("admin:rules_automationrule_page", args=[event.rule_id])
        return format_html('<a href="{}" class="sa-link">{}</a>', address, event.rule)

    @display(description="reading")
    def reading(self, event: OptimizationEvent) -> str:
        before = event.before if isinstance(event.before, dict) else {}
        value = before.get("value", event.efficiency_index)
        return number(value) if isinstance(value, (int, float)) or value else "–"

    @display(description="when", ordering="created_at")
    def at(self, event: OptimizationEvent) -> str:
        return when(event.created_at)

    @display(description="numbers")
    def facts(self, event: OptimizationEvent) -> str:
        facts = {"before": event.before, "after": event.after, "parameters": event.parameter_delta}
        return format_html('<pre class="sa-json">{}</pre>', json.dumps(facts, indent=2, ensure_ascii=False))


def recommended(steps: Any) -> list[str]:
    """The recommended steps as texts, whoever wrote them: a list of texts or objects, an object, or one text."""
    if isinstance(steps, str):
        return [steps]
    if isinstance(steps, dict):
        return [f"{name.replace('_', ' ')}: {value}" for name, value in steps.items()]
    return [_step(step) for step in steps or []]


def _step(step: Any) -> str:
    if not isinstance(step, dict):
        return str(step)
    said = step.get("description") or step.get("action") or step.get("title") or step.get("type")
    return str(said or ", ".join(f"{name} {value}" for name, value in step.items()))
