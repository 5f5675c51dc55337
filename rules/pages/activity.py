"""The activity log: what was decided, what was done, and what came of it."""

import json
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.decorators import display

from rules.filters import ActivityFilter, as_uuid
from rules.health.feedback_buttons import answer, buttons
from rules.health.judging import VERBS, judge, may_judge, said_by
from rules.models import ActivityEntry
from rules.noticing import EVENT
from rules.states import Event
from rules.words import entry_in_words, outcome_in_words
from smartagent.filtered_list import RecordAdmin
from smartagent.templatetags.shown import TONES, when

EVENTS = dict(Event.choices) | {EVENT: "schema incomplete", "silence_ended": "silence ended"} | {
    "instance_acknowledged": "acknowledged", "instance_snoozed": "snoozed", "instance_commented": "comment",
    "instance_assigned": "assigned", "instance_unassigned": "unassigned", "instance_resolved": "resolved by hand",
    "instance_reopened": "reopened", "rule_test": "test",
}  # fmt: skip
EVENT_TONES = {
    "fired": "danger", "fired again": "danger", "tried again": "warning", "resolved": "success", "no data": "warning",
    "could not be read": "danger", "readable again": "success", "schema incomplete": "danger",
}  # fmt: skip


def named_entries(entries: list[ActivityEntry]) -> list[ActivityEntry]:
    """The entries with the sentence and the outcome of each; the people they concern are looked up at once."""
    ids = {entry.pk: _person(entry) for entry in entries}
    people = get_user_model().objects.in_bulk({person for person in ids.values() if person})
    for entry in entries:
        person = people.get(ids[entry.pk])
        entry.sentence = entry_in_words(entry, str(person) if person else "")  # type: ignore[attr-defined]
        entry.came_of_it = outcome_in_words(entry)  # type: ignore[attr-defined]
        entry.event_label = EVENTS.get(entry.event_type, entry.event_type)  # type: ignore[attr-defined]
        entry.event_tone = EVENT_TONES.get(entry.event_label, "")  # type: ignore[attr-defined]
    return entries


def _person(entry: ActivityEntry) -> UUID | None:
    named = entry.context.get("person") if isinstance(entry.context, dict) else None
    return as_uuid(str(named)) if named else None


@admin.register(ActivityEntry)
class ActivityAdmin(RecordAdmin):
    slug = "activity"
    counted = "entries"
    filterset_class = ActivityFilter
    keyset = "created_at"
    empty_title = "Nothing has happened yet"
    empty_text = "When a rule fires, resolves or cannot be read, it is written here, with what came of it."
    list_display = ("at", "event", "what", "rule_link", "outcome", "severity", "cause")
    list_display_links = ("at",)
    list_select_related = ("rule",)
    sortable_by = ("at",)
    search_fields = ("rule__rule_name",)
    search_help_text = "Name of the rule"
    fields = ("at", "sentence", "judged", "event", "came_of_it", "cause", "rule_link", "owner", "run_link", "acted",
              "facts")  # fmt: skip
    readonly_fields = fields

    def prepare(self, rows: list[ActivityEntry]) -> None:
        named_entries(rows)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        entry = super().get_object(request, object_id, from_field)
        if entry is None:
            return None
        entry.said = said_by(request.user, [entry.pk])
        return named_entries([entry])[0]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Without the buttons where there is nothing to judge, or the person may not."""
        left_out = "" if getattr(obj, "said", None) and may_judge(request.user) else "judged"
        return [name for name in self.fields if name != left_out]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.judge_one))
        own = path("<uuid:pk>/feedback/<str:verb>/", view, name="rules_activityentry_feedback")
        return [own, *super().get_urls()]

    def judge_one(self, request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
        """Write down that what an entry told was useful, or noise; or take that back."""
        entry = self.get_object(request, str(pk))
        if entry is None or verb not in VERBS or not entry.said:
            raise Http404("There is no such entry, or nothing to judge about it.")
        if not may_judge(request.user):
            raise PermissionDenied
        judge([pk], request.user, VERBS[verb], timezone.now())
        entry.said = {pk: VERBS[verb]}
        return answer(request, verb, self.judged(entry), reverse("admin:rules_activityentry_change", args=[pk]))

    def describe(self, record: ActivityEntry) -> str:
        return f"{EVENTS.get(record.event_type, record.event_type)}: {self.rule_name(record)}"

    def rule_name(self, entry: ActivityEntry) -> str:
        """The name of the rule, now or as it was; not every entry is about one."""
        return str(entry.rule or (entry.context or {}).get("rule_name") or "none")

    @display(description="when", ordering="created_at")
    def at(self, entry: ActivityEntry) -> str:
        return when(entry.created_at)

    @display(description="event", label=EVENT_TONES)
    def event(self, entry: ActivityEntry) -> str:
        return str(EVENTS.get(entry.event_type, entry.event_type))

    @display(description="what")
    def what(self, entry: ActivityEntry) -> str:
        return format_html('<span class="sa-text">{}</span>', entry.sentence)  # type: ignore[attr-defined]

    @display(description="what")
    def sentence(self, entry: ActivityEntry) -> str:
        return str(entry.sentence)  # type: ignore[attr-defined]

    @display(description="useful?")
    def judged(self, entry: ActivityEntry) -> SafeString:
        said: dict[UUID, bool | None] = entry.said  # type: ignore[attr-defined]
        return buttons("admin:rules_activityentry_feedback", entry.pk, self.describe(entry), said[entry.pk])

    @display(description="rule")
    def rule_link(self, entry: ActivityEntry) -> str:
        if entry.rule is None:
            return self.rule_name(entry)
        return format_html('<a href="{}" class="sa-link">{}</a>', page_of(entry.rule_id), entry.rule)

    @display(description="outcome", label={"done": "success", "failed": "danger", "waits": "info"})
    def outcome(self, entry: ActivityEntry) -> tuple[str, str] | str:
        action = "" if entry.action_taken in ("none", "") else entry.action_taken
        if not action and entry.status == ActivityEntry.Status.SUCCESS:
            return ""
        word = {"pending": "waits", "success": "done"}.get(entry.status, entry.status)
        return (word, f"{action} {word}".strip())

    @display(description="outcome")
    def came_of_it(self, entry: ActivityEntry) -> str:
        return outcome_in_words(entry) or "nothing was to be done"

    @display(description="severity", label=TONES)
    def severity(self, entry: ActivityEntry) -> str:
        return str((entry.context or {}).get("severity") or "")

    @display(description="cause")
    def cause(self, entry: ActivityEntry) -> str:
        on_purpose = entry.status == ActivityEntry.Status.SKIPPED
        return format_html(
            '<span class="sa-text{}">{}</span>', "" if on_purpose else " sa-cause", entry.error_message or ""
        )

    @display(description="owner")
    def owner(self, entry: ActivityEntry) -> str:
        return str(entry.user or "nobody any more")

    @display(description="acted")
    def acted(self, entry: ActivityEntry) -> str:
        return when(entry.executed_at) if entry.executed_at else "not yet"

    @display(description="run")
    def run_link(self, entry: ActivityEntry) -> str:
        if entry.run is None:
            return "none"
        address = reverse("admin:rules_dispatchrun_change", args=[entry.run_id])
        return format_html('<a href="{}" class="sa-link">{}</a>', address, entry.run)

    @display(description="numbers")
    def facts(self, entry: ActivityEntry) -> str:
        return format_html('<pre class="sa-json">{}</pre>', json.dumps(entry.context, indent=2, ensure_ascii=False))


def page_of(rule_id: UUID | None) -> str:
    """The address of the rule with that id."""
    return reverse("admin:rules_automationrule_page", args=[rule_id])
