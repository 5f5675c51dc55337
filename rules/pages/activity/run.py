"""The page of one run: what was evaluated, the results, and what was skipped and why."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse

from rules.models import ActivityEntry, DispatchRun
from rules.models.querysets import ActivityQuerySet
from rules.text.activity import named_entries
from rules.text.event_names import event_label, event_tone
from rules.text.run import run_sentences
from smartagent.shell.owned_admin import OwnedAdmin

MAX_RUN_ENTRIES = 50
CAUSES = 10


@dataclass(frozen=True, slots=True)
class Tally:
    """How often one thing happened in a run."""

    name: str
    word: str
    tone: str
    count: int

    @property
    def shown(self) -> str:
        """The count as people write it."""
        return f"{self.count:,}"


def run_page(request: HttpRequest, model_admin: OwnedAdmin, run_id: str) -> HttpResponse:
    """Show the run; 404 where the person may not see it."""
    run: DispatchRun = model_admin.find(request, run_id, "requested_by")
    seen = model_admin.get_queryset(request)
    entries = ActivityEntry.objects.visible_to(request.user).filter(run=run.pk)
    context = {
        "title": f"Run: {model_admin.describe(run)}", "run": run,
        "trigger": model_admin.trigger_shown(run), "took": model_admin.took(run), "lag": model_admin.lag(run),
        "stages": model_admin.stage_times(run), "sentences": run_sentences(run), "tallies": _tallies(entries),
        "causes": _causes(entries), "entries": _some(entries), "most": MAX_RUN_ENTRIES,
        "previous": _neighbour(seen, run, later=False), "next": _neighbour(seen, run, later=True),
    }  # fmt: skip
    return model_admin.show(request, "rules/run.html", context)


def _tallies(entries: ActivityQuerySet) -> list[Tally]:
    counted = entries.order_by().values_list("event_type").annotate(count=Count("pk")).order_by("-count", "event_type")
    return [Tally(event, event_label(event), event_tone(event), count) for event, count in counted]


def _causes(entries: ActivityQuerySet) -> list[tuple[str, str, str, int]]:
    """Failures and skipped actions: status, action, error and count, most frequent first."""
    held = entries.filter(status__in=["skipped", "failed"], error_message__isnull=False).order_by()
    counted = held.values_list("status", "action_taken", "error_message").annotate(count=Count("pk"))
    return list(counted.order_by("-count", "error_message")[:CAUSES])


def _some(entries: ActivityQuerySet) -> list[ActivityEntry]:
    return named_entries(list(entries.select_related("rule").order_by("-created_at", "-id")[:MAX_RUN_ENTRIES]))


def _neighbour(seen: Any, run: DispatchRun, *, later: bool) -> DispatchRun | None:
    others = seen.filter(started_at__gt=run.started_at) if later else seen.filter(started_at__lt=run.started_at)
    found: DispatchRun | None = others.order_by(*(("started_at", "id") if later else ("-started_at", "-id"))).first()
    return found
