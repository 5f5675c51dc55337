"""What was proposed or applied for an entry, and whether it helped."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.urls import reverse

from optimizer.models import OptimizationEvent
from optimizer.text.proposal import effect_in_words, strategy_name
from rules.explain.consequence import Consequence, ConsequenceSource
from rules.models import ActivityEntry
from rules.text.context import facts_of
from smartagent.kernel.coerce import as_uuid

TONES = {"improved": "success", "worse": "danger"}


class Optimized(ConsequenceSource):
    """The optimizations that an entry proposed, or is about."""

    kind = "optimizations"
    label = "Optimizations"

    def of_entries(self, entries: Sequence[ActivityEntry], viewer: Any) -> Mapping[UUID, list[Consequence]]:
        by_event = _named(entries)
        seen = OptimizationEvent.objects.visible_to(viewer).filter(pk__in=by_event).select_related("user")
        found: dict[UUID, list[Consequence]] = defaultdict(list)
        for event in seen.order_by("created_at"):
            for entry in by_event[event.pk]:
                found[entry].append(_line(event))
        return found


def _named(entries: Sequence[ActivityEntry]) -> dict[UUID, list[UUID]]:
    """The optimizations that `entries` name, with those entries."""
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for entry in entries:
        facts = facts_of(entry)
        outcome = facts.get("outcome")
        named = (outcome.get("optimization") if isinstance(outcome, dict) else None) or facts.get("optimization")
        if key := as_uuid(str(named or "")):
            found[key].append(entry.pk)
    return found


def _line(event: OptimizationEvent) -> Consequence:
    effect = effect_in_words(event)
    words = f"{strategy_name(event.strategy)}: {event.get_status_display().lower()}{f'. {effect}' if effect else ''}"
    page = reverse("admin:optimizer_optimizationevent_page", args=[event.pk])
    return Consequence(words, page, TONES.get(event.verdict, ""), event.created_at)
