"""Whom a message to recipients would reach, and by which channels, by the router's own code. Sends nothing."""

from datetime import datetime

from notifications.models import Channel
from notifications.routing.recipients import ResolvedRecipients
from notifications.routing.router import Decision, Subscriber, route
from notifications.routing.subscribers import load_subscribers
from rules.actions import ReachedPerson
from rules.models import AutomationRule
from smartagent.models import User

IN_INBOX = "inbox"


def reached(recipients: ResolvedRecipients, rule: AutomationRule, now: datetime) -> list[ReachedPerson]:
    """Those whom a message of `rule` to `recipients` would reach at `now`; its owner where it would be nobody."""
    by_channels = bool(recipients.channels) and rule.user_id not in recipients.people
    keys = [*recipients.people, *([rule.user_id] if by_channels or recipients.is_nobody else [])]
    people, subscribers = User.objects.in_bulk(keys), load_subscribers(keys)
    ways = {key: _ways(who, rule, now) for key, who in subscribers.items()}
    if by_channels:  # then the owner gets it by these alone
        ways[rule.user_id] = []
    named = Channel.objects.filter(pk__in=recipients.channels).order_by("name").values_list("name", flat=True)
    ways[rule.user_id] = [*(f"“{name}”" for name in named), *ways.get(rule.user_id, [])]
    return [ReachedPerson(people[key], ", ".join([IN_INBOX, *ways.get(key, [])])) for key in keys if key in people]


def _ways(who: Subscriber, rule: AutomationRule, now: datetime) -> list[str]:
    """The channels of their own by which it goes to `who`."""
    return [words for decision in route(rule.severity, rule.pk, who, now) if (words := _in_words(decision))]


def _in_words(decision: Decision) -> str:
    """`“Pager”`, or with the reason why it is later; empty where nothing is sent."""
    if decision.way is None or decision.status not in ("due", "held"):
        return ""
    return f"“{decision.way.name}”" + (f" later ({decision.cause.rstrip('.')})" if decision.cause else "")
