"""The activity log: decisions, actions and results."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from rules.filters import ActivityFilter
from rules.models import ActivityEntry
from rules.pages.activity.entry import entry_page, judge_entry
from rules.text.activity import named_entries
from rules.text.context import facts_of
from rules.text.entry import action_of, result_of
from rules.text.event_names import TONE_LABELS, event_label, event_tone
from smartagent.kernel.scope import visible_keys
from smartagent.shell.filtered_list import FilteredChangeList, RecordAdmin
from smartagent.templatetags.shown import SEVERITY_TONES, when


class ActivityChangeList(FilteredChangeList):
    """Its rows have whether the viewer may see the rule."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        seen = visible_keys(request.user, *(entry.rule for entry in self.result_list))
        for entry in self.result_list:
            entry.sees_rule = entry.rule_id in seen


@admin.register(ActivityEntry)
class ActivityAdmin(RecordAdmin):
    slug = "activity"
    counted = "entries"
    filterset_class = ActivityFilter
    keyset = "created_at"
    empty_title = "No activity yet"
    empty_text = "Entries appear when a rule fires, resolves, or has no data or an error."
    list_display = ("at", "event", "what", "rule_link", "outcome", "severity", "cause")
    list_display_links = ("at",)
    list_select_related = ("rule",)
    sortable_by = ("at",)
    search_fields = ("rule__rule_name",)
    search_help_text = "Rule name"
    pages = {"<uuid:entry_id>/feedback/<str:verb>/": (judge_entry, "feedback")}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FilteredChangeList]:
        return ActivityChangeList

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

    @display(description="time", ordering="created_at")
    def at(self, entry: ActivityEntry) -> str:
        return when(entry.created_at)

    @display(description="event", label=TONE_LABELS | {"default": "default"})
    def event(self, entry: ActivityEntry) -> tuple[str, str]:
        return event_tone(entry.event_type) or "default", event_label(entry.event_type)

    @display(description="description")
    def what(self, entry: ActivityEntry) -> str:
        return format_html('<span class="sa-text">{}</span>', entry.sentence)  # type: ignore[attr-defined]

    @display(description="rule")
    def rule_link(self, entry: ActivityEntry) -> str:
        if entry.rule is None or not entry.sees_rule:  # type: ignore[attr-defined]
            return self.rule_name(entry)
        return format_html('<a href="{}" class="sa-link">{}</a>', page_of(entry.rule_id), entry.rule)

    @display(description="result", label={"success": "success", "failed": "danger", "pending": "info"})
    def outcome(self, entry: ActivityEntry) -> tuple[str, str] | str:
        action = action_of(entry)
        if not action and entry.status == ActivityEntry.Status.SUCCESS:
            return ""
        return (entry.status, result_of(entry))

    @display(description="severity", label=SEVERITY_TONES)
    def severity(self, entry: ActivityEntry) -> str:
        return str(facts_of(entry).get("severity") or "")

    @display(description="error")
    def cause(self, entry: ActivityEntry) -> str:
        on_purpose = entry.status == ActivityEntry.Status.SKIPPED
        return format_html(
            '<span class="sa-text{}">{}</span>', "" if on_purpose else " sa-cause", entry.error_message or ""
        )


def page_of(rule_id: UUID | None) -> str:
    """The address of the rule with that id."""
    return reverse("admin:rules_automationrule_page", args=[rule_id])
