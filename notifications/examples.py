"""A letter to show what a channel would send: the newest real one, else an example."""

from uuid import uuid4

from django.conf import settings
from django.utils import timezone

from notifications.letters import Letter
from notifications.outgoing import Channel, Delivery
from notifications.writing import Unwritable, letter_of


def example(channel: Channel) -> Letter:
    """What a message of a rule looks like, with nothing in it that is not so, where there is a real one."""
    told = Delivery.objects.filter(user=channel.user_id, notification__isnull=False, rule__isnull=False)
    newest = told.select_related("notification", "user", "rule", "channel").order_by("-created_at").first()
    if newest is not None:
        try:
            return letter_of(newest)
        except Unwritable:
            pass
    return Letter(
        id=str(uuid4()), reason="first", type="alert", severity="high", title="Example: fusion score too low",
        text="The fusion score of Alice is 63: below 70.", url=f"{settings.SITE_URL}/activity/",
        created_at=timezone.now(), recipient=str(channel.user), recipient_email=channel.user.email,
        rule_name="Example: fusion score too low",
        facts={"metric": "fusion_score", "value": 63, "operator": "<", "threshold": 70},
    )  # fmt: skip
