"""The health of all integrations: how many are in which status, and the worst of them as tiles."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, F, Value, When
from django.urls import reverse

from rules.models import Integration
from rules.pages.links import page_of_integration

TILES_SHOWN = 24
WORST_STATUSES = ("error", "inactive", "syncing", "active")


@dataclass(frozen=True, slots=True)
class Tile:
    """An integration and its page."""

    integration: Integration
    link: str


@dataclass(frozen=True, slots=True)
class IntegrationGrid:
    """`statuses` are status, count and the list of it, the worst first; `tiles` the worst, of which `more` are left."""

    statuses: list[tuple[str, int, str]]
    tiles: list[Tile]
    more: int


def integration_grid(user: Any) -> IntegrationGrid:
    """The integrations that `user` may see, in two queries."""
    seen = Integration.objects.visible_to(user)
    counts = dict(seen.order_by().values_list("status").annotate(n=Count("pk")))
    rank = Case(*(When(status=status, then=Value(place)) for place, status in enumerate(WORST_STATUSES)), default=9)
    worst = seen.select_related("user").defer("config", "credentials_encrypted")
    rows = worst.order_by(rank, F("last_sync_at").asc(nulls_first=True), "id")[:TILES_SHOWN]
    place = reverse("admin:rules_integration_changelist")
    statuses = [(status, counts[status], f"{place}?status={status}") for status in WORST_STATUSES if status in counts]
    tiles = [Tile(each, page_of_integration(each)) for each in rows]
    return IntegrationGrid(statuses, tiles, sum(counts.values()) - len(tiles))
