"""Episodes: an alert from the firing until it resolved, with what people did and what followed, as one row each."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, QuerySet

from rules.explain.consequence import Consequence, consequences_of
from rules.models import ActivityEntry
from rules.models.activity_facts import EPISODE
from rules.text.activity import named_entries
from rules.text.context import time_of
from smartagent.postgres.queries import sql_of

MAX_MATCHED = 5_000  # entries that are looked through for the episodes of a list
MAX_STEPS = 100  # entries of one episode
LOOKED_AROUND = "interval '7 days'"  # of what was found, where the other entries of an episode are looked for
STARTS = ("rule_fired", "rule_flapping", "rule_unsilenced")
ENDS = ("rule_resolved", "instance_resolved")
# The entries of each of some episodes, by the index of an instance's entries.
STEPS_SQL = f"""
SELECT e.id FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[], %s::timestamptz[]) AS w (state, episode, first, last)
 CROSS JOIN LATERAL (SELECT a.id FROM agent_activity_log a
                      WHERE a.state_id = w.state
                        AND a.created_at BETWEEN w.first - {LOOKED_AROUND} AND w.last + {LOOKED_AROUND}
                        AND a.context->>'episode' = w.episode
                      ORDER BY a.created_at DESC LIMIT %s) AS e
"""


@dataclass(frozen=True, slots=True)
class EpisodeKey:
    """Which episode of which instance; `first` and `last` are when its entries that were found were written, as
    the database writes it: of thousands of keys some are shown."""

    state: UUID
    episode: str
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Episode:
    """`steps` are its entries, the oldest first, each with its sentence; `ended` is None while it is open."""

    key: EpisodeKey
    steps: list[Any]
    started: datetime
    ended: datetime | None
    consequences: list[tuple[str, list[Consequence]]]

    @property
    def first(self) -> Any:
        """The entry that began it, or the first that is known."""
        return next((step for step in self.steps if step.event_type in STARTS), self.steps[0])

    @property
    def lines(self) -> list[tuple[dict[str, str], list[Consequence]]]:
        """The consequences, as those of one entry are shown."""
        return [({"label": label}, lines) for label, lines in self.consequences]

    @property
    def lasted(self) -> timedelta | None:
        """From the firing until it resolved."""
        return self.ended - self.started if self.ended else None

    def until(self, event: str) -> timedelta | None:
        """How long it took to the first entry of that event; None where there is none."""
        found = next((step.created_at for step in self.steps if step.event_type == event), None)
        return found - self.started if found else None

    @property
    def acknowledged(self) -> timedelta | None:
        """How long it took until somebody acknowledged it."""
        return self.until("instance_acknowledged")


def episode_keys(entries: QuerySet[Any]) -> list[EpisodeKey]:
    """The episodes of the newest MAX_MATCHED of `entries`, the one with the newest of them first."""
    rows = entries.filter(state__isnull=False).order_by("-created_at", "-id")
    sql, params = sql_of(rows.values_list("state_id", EPISODE, F("created_at"))[:MAX_MATCHED])
    grouped = f"""SELECT state, episode, min(at)::text, max(at)::text FROM ({sql}) AS e (state, episode, at)
                   WHERE episode ~ '^[1-9][0-9]*$' GROUP BY 1, 2 ORDER BY max(at) DESC, 1, 2"""
    with connection.cursor() as cursor:
        cursor.execute(grouped, params)
        return [EpisodeKey(*row) for row in cursor.fetchall()]


def episodes_of(keys: Sequence[EpisodeKey], seen: QuerySet[Any], viewer: Any) -> list[Episode]:
    """The episodes `keys`, of entries among `seen`, in their order; with so many queries, however many there are."""
    steps = named_entries(list(seen.filter(pk__in=_steps(keys)).select_related("rule").order_by("created_at", "id")))
    by_episode: dict[tuple[UUID | None, str], list[ActivityEntry]] = defaultdict(list)
    for step in steps:
        by_episode[step.state_id, str(step.context.get("episode"))].append(step)
    followed = consequences_of(steps, viewer)
    found = [(key, by_episode[key.state, key.episode]) for key in keys]
    return [_episode(key, own, followed) for key, own in found if own]


def _steps(keys: Sequence[EpisodeKey]) -> list[UUID]:
    columns: list[list[Any]] = [
        [key.state for key in keys], [key.episode for key in keys],
        [key.first for key in keys], [key.last for key in keys],
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(STEPS_SQL, [*columns, MAX_STEPS])
        return [key for (key,) in cursor.fetchall()]


def _episode(key: EpisodeKey, steps: list[Any], followed: Any) -> Episode:
    start = next((step for step in steps if step.event_type in STARTS), None)
    end = next((step for step in steps if step.event_type in ENDS), None)
    # Where the firing is further back than was looked, the later entries say since when it fires.
    since = next((time for step in steps if (time := time_of(step.context, "since"))), None)
    started = start.created_at if start else since or steps[0].created_at
    return Episode(key, steps, started, end.created_at if end else None, _all_of(steps, followed))


def _all_of(steps: Iterable[Any], followed: Any) -> list[tuple[str, list[Consequence]]]:
    """What followed from all of them, by source, each line once."""
    lines: dict[str, dict[Consequence, None]] = {}
    for step in steps:
        for source, found in followed.get(step.pk, []):
            lines.setdefault(source.label, {}).update(dict.fromkeys(found))
    return [(label, list(found)) for label, found in lines.items()]
