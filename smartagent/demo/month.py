"""The demo month: people and rules, a month of readings, and the replay of the dispatcher over them."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from notifications.models import Notification
from optimizer.models import OptimizationEvent, OptimizerPolicy
from rules.models import ActivityEntry, AutomationRule, Integration
from smartagent.demo.incidents.on_call import escalate_and_deliver
from smartagent.demo.incidents.programme import SCORED, cast_of, make_programme
from smartagent.demo.incidents.stage import Stage
from smartagent.demo.people import make_integrations, make_people
from smartagent.demo.platform.server import HOST, running
from smartagent.demo.readings import Incidents, write_efficiency, write_events, write_samples, write_scores
from smartagent.demo.replay import evaluation_times, make_happenings, replay
from smartagent.demo.rules import HOUR, make_rules
from smartagent.demo.series import Incident, make_incidents
from smartagent.demo.team import make_team_happenings
from smartagent.models import User
from smartagent.outbound.addresses import allowing

TOKEN_LIFETIME = timedelta(days=60)  # longer than the month, so that only what an incident breaks is broken
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
    with running(lifetime=TOKEN_LIFETIME) as platform, allowing(HOST):
        with transaction.atomic():
            people = make_people(dice)
            keeper = User.objects.filter(is_superuser=True).order_by("date_joined").first()
            integrations = make_integrations([*people, keeper] if keeper else people, dice)
            incidents = _write_readings(people, start, now, dice)
            make_rules(people, keeper or people[0], start)
            OptimizerPolicy.objects.get_or_create(pk=1, defaults={"automatic_per_day": 0})  # some wait for a person
            stage = Stage(
                people={one.full_name: one for one in people}, operators=(people[0], people[1]), platform=platform,
                start=start, end=now,
            )  # fmt: skip
            happenings = make_programme(stage, seed)
        _analyze()
        happenings += make_happenings(integrations, incidents, start, now)
        happenings += make_team_happenings(people[:2], cast_of(people), start, now, dice)
        replay(start, now, happenings, _after_each(stage, watchers))
    _end_with_a_synchronisation(now)
    proposals, rules = OptimizationEvent.objects.proposed().count(), AutomationRule.objects.count()
    return Month(len(people), rules, ActivityEntry.objects.count(), Notification.objects.count(), proposals)


def _write_readings(people: list[User], start: datetime, now: datetime, dice: random.Random) -> Incidents:
    """Write the readings of all; return the incidents of those to whom no named incident happens."""
    cast = cast_of(people)
    others = [person for person in people if person not in cast]
    incidents: Incidents = {person.pk: [] for person in cast}
    incidents |= {person.pk: make_incidents(start, now, dice, maximum=4) for person in others}
    for person in dice.sample(others[3:], 3):  # and what goes on right now
        incidents[person.pk].append(Incident(now - 4 * HOUR, now + 4 * HOUR, 1.0))
    write_scores([person for person in people if person.full_name != SCORED], incidents, start, now, dice)
    for write in (write_efficiency, write_events, write_samples):
        write(people, incidents, start, now, dice)
    return incidents


def _after_each(stage: Stage, watchers: Sequence[Progress]) -> Callable[[datetime], None]:
    """What follows an evaluation: deliveries, and the progress."""
    total, played = sum(1 for _ in evaluation_times(stage.start, stage.end)), iter(range(1, 1_000_000))

    def follow(at: datetime) -> None:
        escalate_and_deliver(stage, at)
        done = next(played)
        for watcher in watchers:
            watcher(done, total)

    return follow


def _end_with_a_synchronisation(now: datetime) -> None:
    Integration.objects.filter(status=Integration.Status.ACTIVE).update(last_sync_at=now)


def _analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
