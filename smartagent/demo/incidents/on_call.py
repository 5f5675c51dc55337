"""On call: an escalation policy, the pager of an operator, and the delivery of what is due during the replay."""

from datetime import datetime, timedelta

from notifications.delivery.channel_setup import save
from notifications.delivery.pipeline import attempt_all, prepare, record, render, take
from notifications.models import Channel, Delivery, Escalation, EscalationPolicy, Preference
from notifications.routing.router import OFF
from smartagent.demo.incidents.stage import MINUTE, Stage
from smartagent.demo.platform.service import Service
from smartagent.models import User

POLICY, PAGER, CHANNEL = "On call", "pager", "On-call pager"
PAGER_CONNECTED = timedelta(days=8)  # before the end: the last incidents are delivered, and the replay stays short
MAX_DELIVERIES, MAX_ROUNDS = 50, 3


def make_policy(owner: User, at: datetime) -> EscalationPolicy:
    """Create the policy: after a quarter of an hour all operators, after another half hour the first of them."""
    steps = [
        {"after": 15 * 60, "to": ["group:operators"]},
        {"after": 30 * 60, "to": [owner.email]},
    ]
    found: EscalationPolicy = EscalationPolicy.objects.create(user=owner, name=POLICY, steps=steps, created_at=at)
    return found


def connect_pager(owner: User, service: Service, address: str, now: datetime) -> Channel:
    """Create or update the owner's channel by which the platform's pager is called."""
    known = Channel.objects.filter(user=owner, name=CHANNEL).first()
    channel = known or Channel(user=owner, name=CHANNEL, kind="webhook", created_at=now)
    if known is None:
        Preference.objects.create(user=owner, matrix={str(channel.pk): {"low": OFF, "medium": OFF}})
    save(channel, {"url": f"{address}/{service.name}/hook", "key": service.signing_key}, now)
    return channel


def escalate_and_deliver(stage: Stage, at: datetime) -> None:
    """Do what a delivery worker does, at a time of the replay."""
    if at < stage.end - PAGER_CONNECTED:
        return
    if Escalation.objects.running().filter(due_at__lte=at).exists():
        prepare(at)
    for _ in range(MAX_ROUNDS):  # what fails is tried again within a minute
        if not Delivery.objects.filter(status="due", due_at__lte=at).exists():
            return
        calls, results = render(take(at, MAX_DELIVERIES))
        record([*results, *attempt_all(calls)], at)
        at += MINUTE
