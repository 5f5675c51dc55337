"""Gmail refuses its token from Tuesday night to Wednesday morning: alert, escalation, a repair that fails, one that
works."""

from datetime import datetime, time, timedelta
from random import Random

from rules.instances.handling import acknowledge, assign, comment_on
from rules.models import AuditEvent, Integration, RuleState
from rules.models.querysets import StateQuerySet
from smartagent.demo.incidents.stage import HOUR, MINUTE, Stage, alerts, every, make_rule, respond, retry
from smartagent.demo.platform.connection import look
from smartagent.demo.replay import Happening
from smartagent.models import User

NAME, SERVICE = "Ines Duarte", "gmail"
REPAIR, EVERYWHERE = "Gmail is disconnected", "An integration is down"
TUESDAY = 1
LATEST_END = timedelta(hours=10)  # from its begin to when all is over


def begin_of(end: datetime) -> datetime:
    """21:50 of the last Tuesday whose night is over."""
    day = (end - LATEST_END).date()
    evening = datetime.combine(day, time(21, 50), end.tzinfo) - timedelta(days=(day.weekday() - TUESDAY) % 7)
    return evening if evening <= end - LATEST_END else evening - timedelta(days=7)


def happenings(stage: Stage, dice: Random) -> list[Happening]:
    """Return what happens; the rule and the integration are there from the beginning of the month."""
    ines, (amara, bjorn), begin = stage.person(NAME), stage.operators, begin_of(stage.end)
    gmail, service = stage.connected(NAME, SERVICE), stage.service(SERVICE)
    make_rule(ines, REPAIR, "integration_health < 70", "optimize", stage.start, target_integration=SERVICE,
              severity="high", repeat_every=4 * HOUR, action_config={"optimization_type": "manual"})  # fmt: skip
    if not stage.has_room_for(begin):
        return []
    down, repaired = alerts(EVERYWHERE, ines), begin + timedelta(hours=8, minutes=35)
    first = begin + 85 * MINUTE
    return [
        Happening(begin, lambda: service.broke("token")),
        Happening(begin, lambda: service.broke("health")),
        *every(30 * MINUTE, begin + 5 * MINUTE, repaired, lambda at: _synchronise(gmail, at)),
        Happening(begin + 70 * MINUTE, lambda: acknowledge(
            _open_alerts(ines), bjorn, begin + 70 * MINUTE, begin + 14 * HOUR,
            "The Gmail token of Ines Duarte expired on Tuesday night. Renewing it.")),
        Happening(begin + 71 * MINUTE, lambda: assign(down, bjorn, begin + 71 * MINUTE, bjorn)),
        Happening(first, lambda: respond("apply", REPAIR, ines, bjorn, first)),
        *every(5 * MINUTE, first + 5 * MINUTE, first + 20 * MINUTE, lambda at: retry(REPAIR, ines, at)),
        Happening(first + HOUR, lambda: comment_on(
            down, bjorn, first + HOUR, "Renewed, but Gmail itself answers 503. Their status page says until 06:00.")),
        Happening(begin + 4 * HOUR, lambda: acknowledge(
            _open_alerts(ines), bjorn, begin + 4 * HOUR, begin + 36 * HOUR, "All of it is Gmail.")),
        Happening(begin + 8 * HOUR, service.healed),
        Happening(repaired, lambda: respond("apply", REPAIR, ines, amara, repaired)),
        Happening(repaired + 5 * MINUTE, lambda: comment_on(
            down, amara, repaired + 5 * MINUTE, "Gmail answers again, and the mail of the night is there.")),
    ]  # fmt: skip


def _open_alerts(person: User) -> StateQuerySet:
    """What fires for the person and nobody has acknowledged; a rule that optimizes goes on, to propose again."""
    firing = RuleState.objects.filter(user=person, condition="firing", handling="open")
    found: StateQuerySet = firing.exclude(rule__action_type="optimize")
    return found


def _synchronise(integration: Integration, at: datetime) -> None:
    """Synchronise; what goes wrong is an audit event, as the platform of the old application writes them."""
    current = Integration.objects.get(pk=integration.pk)
    if wrong := look(current, at):
        AuditEvent.objects.create(
            user_id=current.user_id, event_type="integration_sync_failed", severity="error", message=wrong,
            created_at=at,
        )  # fmt: skip
