"""What somebody else's rule has told, muted or done is shown without a link to what one may not see."""

from datetime import timedelta

import pytest
from django.utils import timezone

from notifications.models import Delivery, Mute, Notification
from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, MetricSample
from tests.notifications.outside import channel_of
from tests.rules.rule_cast import rule_of, saved_by
from tests.smartagent.following import Page

pytestmark = pytest.mark.django_db(transaction=True)
CPU = {"metric_type": "cpu", "condition_operator": ">", "threshold_value": 90}
LISTS = (
    "/",
    "/notifications/",
    "/deliveries/",
    "/activity/",
    "/preferences/",
    "/optimizations/",
    "/firing/",
    "/rules/",
)
ELSEWHERE = ("/static/", "/logout/", "/api/")


@pytest.fixture
def _notified_by_others(alice, bob, olga):
    """Alice is told by a rule of Olga, mutes it, and has a rule that tells Bob alone; one rule now belongs to Bob."""
    now = timezone.now()
    rule_of_olga = rule_of(olga, rule_name="Of Olga", action_config={"recipients": ["alice@example.com"]}, **CPU)
    saved_by(rule_of_olga, olga)
    tells = rule_of(alice, rule_name="Of Alice", action_config={"recipients": ["bob@example.com"]}, **CPU)
    saved_by(tells, olga)
    given_away = rule_of(alice, rule_name="Given away", **CPU)
    rule_of(olga, rule_name="Everyone", applies_to="everyone", action_type="optimize", **CPU)
    channel_of(alice, "email", to="alice@example.com")
    MetricSample.objects.create(user=None, metric="cpu", value=97, observed_at=now)
    dispatch(now, "schedule")
    Mute.objects.create(user=alice, rule=rule_of_olga)
    dead = {"title": "Of Olga", "status": "dead", "kind": "email", "expires_at": now + timedelta(hours=1)}
    Delivery.objects.create(
        user=alice, rule=rule_of_olga, channel=channel_of(olga, "email", "hers", to="a@b.c"), **dead
    )
    given_away.user = bob
    given_away.save()
    assert Notification.objects.filter(user=alice, rule=rule_of_olga).exists()


def links_of(client, start):
    """The pages of this installation that a page leads to."""
    page = Page(start, client.get(start, follow=True).content.decode())
    return [address for address in dict.fromkeys(page.addresses()) if not address.startswith(ELSEWHERE)]


@pytest.mark.usefixtures("_notified_by_others")
def test_no_page_leads_a_member_to_what_they_may_not_see(client_of, alice):
    client, wrong, statuses = client_of(alice), [], {}  # each page is asked for once
    todo = [(address, "a list") for address in LISTS]
    while todo:
        address, source = todo.pop()
        for link in links_of(client, address):
            new = link not in statuses
            status = statuses.setdefault(link, client.get(link, follow=True).status_code if new else 0)
            if status >= 400:
                wrong.append(f"{address} leads to {link}: {status}")
            elif source == "a list" and new and address != link and "?" not in link:
                todo.append((link, address))
    assert not wrong, "\n".join(wrong)
    assert any(link.startswith("/deliveries/") and len(link) > 30 for link in statuses)


@pytest.mark.usefixtures("_notified_by_others")
def test_the_bell_leads_to_no_entry_of_a_rule_of_somebody_else(client_of, alice):
    client = client_of(alice)
    html = client.get("/notifications/panel/").content.decode()
    links = Page("/notifications/", html).addresses()
    assert "Of Olga" in html
    assert {client.get(link).status_code for link in links if "/activity/" in link} <= {200}
    own = ActivityEntry.objects.filter(user=alice, rule__rule_name="Of Alice").first()
    assert client.get(f"/activity/{own.pk}/change/").status_code == 200
