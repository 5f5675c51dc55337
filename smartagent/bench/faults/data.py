"""What a load needs in the database: rules, some of which act at every evaluation, and people with webhooks."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import Group
from django.contrib.sessions.backends.base import SessionBase
from django.db import connection
from django.test import Client

from notifications.channels.credentials import keep
from notifications.channels.webhook import Webhook, new_key
from notifications.models import Channel
from notifications.routing.roles import OPERATORS
from rules.models import AutomationRule
from smartagent.accounts.tokens import issue_token
from smartagent.bench.people import RULES_PER_PERSON, make_rules
from smartagent.models import User

ADMIN = "bench-admin@example.com"
# Their conditions hold, and they act at every evaluation. Flapping is looked for in what comes and goes: they do not.
ACT_ALWAYS = """UPDATE automation_rules SET threshold_value = 10, repeat_every = interval '0'
                 WHERE user_id = ANY(%s) AND metric_type LIKE 'pushed%%'"""
PUSHED_PER_PERSON = 5


@dataclass(frozen=True, kw_only=True)
class LoadData:
    """`token` pushes samples, `sessions` are those of people on pages, `firing` the rules that act at each evaluation,
    `rule` one of them, `channels` those of each receiver."""

    token: str
    sessions: list[str]
    firing: int
    rule: UUID
    channels: list[list[UUID]]


def make_data(rules: int, firing: int, people_on_pages: int, receivers: list[str], now: datetime) -> LoadData:
    """Fill an empty database; the webhooks of the people whose rules fire go to each of the receivers in turn."""
    make_rules(max(rules, firing * RULES_PER_PERSON // PUSHED_PER_PERSON), now)
    owners = list(User.objects.order_by("email").values_list("pk", flat=True)[: -(-firing // PUSHED_PER_PERSON)])
    with connection.cursor() as cursor:
        cursor.execute(ACT_ALWAYS, [owners])
    channels: list[list[UUID]] = [[] for _ in receivers]
    for number, owner in enumerate(owners):
        channel = Channel(user_id=owner, name="bench", kind=Webhook.kind)
        keep(channel, {"url": f"{receivers[number % len(receivers)]}/hook/{number}", "key": new_key()})
        channel.save()
        channels[number % len(receivers)].append(channel.pk)
    admin = User.objects.create_superuser(ADMIN, None)
    people = [admin, *User.objects.filter(pk__in=owners)[: people_on_pages - 1]]
    operators = Group.objects.get(name=OPERATORS)
    for person in people:
        person.groups.add(operators)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    acting = AutomationRule.objects.filter(user_id__in=owners, threshold_value=10)
    return LoadData(
        token=issue_token(admin, "bench")[1], sessions=[session_of(person) for person in people],
        firing=acting.count(), rule=acting.values_list("pk", flat=True)[0], channels=channels,
    )  # fmt: skip


def session_of(person: User) -> str:
    """The cookie of a browser that this person has signed in with."""
    client = Client()
    client.force_login(person, "django.contrib.auth.backends.ModelBackend")
    session: SessionBase = client.session
    return str(session.session_key)
