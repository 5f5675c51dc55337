"""The demo month: people and rules, a month of readings, and the replay of the dispatcher over them."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from notifications.models import Notification
from optimizer.models import OptimizationEvent, OptimizerPolicy
from rules.models import ActivityEntry, Integration
from smartagent.demo.people import make_integrations, make_people
from smartagent.demo.readings import write_efficiency, write_events, write_samples, write_scores
from smartagent.demo.replay import evaluation_times, make_happenings, replay
from smartagent.demo.rules import HOUR, make_rules
from smartagent.demo.series import Incident, make_incidents
from smartagent.demo.team import make_team_happenings
from smartagent.models import User

MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Month:
    """Numbers of created rows."""

    people: int
    rules: int
    entries: int
    notifications: int
    proposals: int


Progress = Callable[[int, int], None]


def make_month(now: datetime, seed: int, watchers: Sequence[Progress] = ()) -> Month:
    """Create the month that ends at `now`; call `watchers` with (finished, all) evaluations after each."""
    dice, start = random.Random(seed), now - MONTH  # noqa: S311 it only paints a picture
    with transaction.atomic():
        people = make_people(dice)
        keeper = User.objects.filter(is_superuser=True).order_by("date_joined").first()
        integrations = make_integrations([*people, keeper] if keeper else people, dice)
        incidents = {person.pk: make_incidents(start, now, dice, maximum=4) for person in people}
        for person in dice.sample(people[3:], 3):  # and what goes on right now
            incidents[person.pk].append(Incident(now - 4 * HOUR, now + 4 * HOUR, 1.0))
        for write in (write_scores, write_efficiency, write_events, write_samples):
            write(people, incidents, start, now, dice)
        rules = make_rules(people, keeper or people[0], start)
        OptimizerPolicy.objects.get_or_create(pk=1, defaults={"automatic_per_day": 0})  # so that some wait for a person
    _analyze()
    total, played = sum(1 for _ in evaluation_times(start, now)), iter(range(1, 1_000_000))
    happenings = make_happenings(integrations, incidents, start, now)
    happenings += make_team_happenings(people[:2], start, now, dice)

    def tell(_: datetime) -> None:
        done = next(played)
        for watcher in watchers:
            watcher(done, total)

    replay(start, now, happenings, tell)
    working = Integration.objects.filter(pk__in=[one.pk for one in integrations], status="active")
    working.update(last_sync_at=now)
    proposals = OptimizationEvent.objects.proposed().count()
    return Month(len(people), len(rules), ActivityEntry.objects.count(), Notification.objects.count(), proposals)


def _analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
