"""The actions behind links in messages: acknowledge or snooze the alert of the message."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from notifications.inbox.feedback import entry_of
from notifications.links.signing import is_group
from notifications.models import Notification
from notifications.routing.subscribers import zone_named
from rules.engine.open_alerts import OPEN_ALERT
from rules.instances.handling import acknowledge, snooze, until_of
from rules.models import ActivityEntry, RuleState
from rules.models.querysets import StateQuerySet
from smartagent.kernel.formats import clock
from smartagent.models import User

ALERT_DELETED = "The alert of this notification was deleted."
OVER = "The alert is no longer firing; no action needed."
NO_PERMISSION = "You no longer have permission. Ask an administrator."
LINK_COMMENT = "By a link in a notification."
SNOOZES = {"1h": "Snooze for 1 hour", "4h": "Snooze for 4 hours", "morning": "Snooze until the next working morning"}


class NothingToDo(Exception):
    """The action is not possible (any more); the message says why. `status` is that of the page."""

    def __init__(self, detail: str, status: int = 200) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The confirmation shown to whoever follows a link."""

    notification: Notification
    who: User
    states: StateQuerySet
    count: int

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the person."""
        return zone_named(self.who.time_zone)


def question(notification: Notification | None, now: datetime) -> Question:
    """The confirmation to show for this notification; NothingToDo where there is nothing to confirm."""
    if notification is None or notification.user is None:
        raise NothingToDo(ALERT_DELETED, 410)
    if not notification.user.has_perm("rules.change_rulestate"):  # nor has anybody who may not sign in
        raise NothingToDo(NO_PERMISSION, 403)
    states = instances_for(notification)
    if not states.exists():
        raise NothingToDo(ALERT_DELETED, 410)
    firing = states.filter(OPEN_ALERT)
    still_open = firing.filter(handling=RuleState.Handling.OPEN)
    if count := still_open.count():
        return Question(notification=notification, who=notification.user, states=still_open, count=count)
    handled = firing.select_related("handled_by").first()
    raise NothingToDo(_handled(handled, zone_named(notification.user.time_zone)) if handled else OVER)


def instances_for(notification: Notification) -> StateQuerySet:
    """The instances that a notification is about: those of its episode, or all of its group."""
    every: StateQuerySet = RuleState.objects.all()
    facts = notification.metadata or {}
    if is_group(facts):
        return every.filter(rule=notification.rule_id, last_notified_at__gte=_since(facts) or notification.created_at)
    key = entry_of(notification)
    entry = ActivityEntry.objects.filter(pk=key, state__isnull=False).first() if key else None
    if entry is None:
        return every.none()
    episode = entry.context.get("episode")
    if isinstance(episode, int) and every.filter(pk=entry.state_id, episode__gt=episode).exists():
        raise NothingToDo("This alert has resolved. The current alert has its own notification.")
    return every.filter(pk=entry.state_id)


def _since(facts: Mapping[str, Any]) -> datetime | None:
    """When an escalation that covers several instances first notified."""
    try:
        return datetime.fromisoformat(str(facts["since"]))
    except (KeyError, ValueError):
        return None


def answer(requested: Question, choice: str, now: datetime) -> str:
    """Do it and return the result in words; NothingToDo where it is not possible any more."""
    if choice == "acknowledge":
        if not acknowledge(requested.states, requested.who, now, comment=LINK_COMMENT):
            raise NothingToDo(OVER)
        return f"{requested.who} acknowledged {_it(requested.count)}: repeats are stopped for a day."
    if choice not in SNOOZES:
        raise NothingToDo("Choose one of the buttons on the page.", 400)
    until = until_of(choice, now, requested.zone)
    if not snooze(requested.states, requested.who, now, until, LINK_COMMENT):
        raise NothingToDo(OVER)
    return (
        f"{requested.who} snoozed {_it(requested.count)} until {clock(until, requested.zone)}. If it "
        "still fires afterwards, you are notified again."
    )


def _it(count: int) -> str:
    return "the alert" if count == 1 else f"{count:,} instances"


def _handled(state: RuleState, zone: ZoneInfo) -> str:
    until = f" until {clock(state.handled_until, zone)}" if state.handled_until else ""
    return f"{state.handled_by or 'Another person'} already {state.handling} the alert{until}."
