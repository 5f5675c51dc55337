"""What somebody else's rule has told, muted or done is shown without a link to what one may not see."""

from datetime import timedelta
from functools import cache, partial

import pytest
from django.utils import timezone

from notifications.models import Delivery, Mute, Notification
from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, MetricSample
from smartagent.bench.hostile.page import Page
from tests.notifications.outside import channel_of
from tests.rules.rule_cast import rule_of, saved_by
from tests.smartagent.shell.test_crawl import DOCUMENTATION, ID

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
    MetricSample.objects.push(user=None, metric="cpu", value=97, observed_at=now)
    dispatch(now, "schedule")
    Mute.objects.create(user=alice, rule=rule_of_olga)
    dead = {"title": "Of Olga", "status": "dead", "kind": "email", "expires_at": now + timedelta(hours=1)}
    Delivery.objects.create(
        user=alice, rule=rule_of_olga, channel=channel_of(olga, "email", "hers", to="a@b.c"), **dead
    )
    given_away.user = bob
    given_away.save()
    assert Notification.objects.filter(user=alice, rule=rule_of_olga).exists()


def links_of(answer, start):
    """The pages of this installation that a page leads to, but for the documentation; one link for each set of filters.

    An export leads nowhere.
    """
    if answer.streaming:
        return []
    links = {kind_of(link): link for link in reversed(Page(start, answer.content.decode()).addresses())}
    return [link for link in links.values() if not link.startswith(ELSEWHERE) and not DOCUMENTATION.match(link)]


def kind_of(link):
    """The path, the ids in the query, and the names of its other parameters."""
    path, _, query = link.partition("?")
    return path, *(part if ID.search(part) else part.partition("=")[0] for part in query.split("&"))


@pytest.mark.usefixtures("_notified_by_others")
def test_no_page_leads_a_member_to_what_they_may_not_see(client_of, alice):
    get = cache(partial(client_of(alice).get, follow=True))
    links = {link for address in LISTS for link in links_of(get(address), address)}
    pages = {*LISTS, *(link for link in links if "?" not in link)}
    wrong = [
        f"{address} leads to {link}: {get(link).status_code}"
        for address in pages
        for link in links_of(get(address), address)
        if get(link).status_code >= 400
    ]
    assert not wrong, "\n".join(wrong)
    assert any(link.startswith("/deliveries/") and len(link) > 30 for link in links)


@pytest.mark.usefixtures("_notified_by_others")
def test_the_bell_leads_to_no_entry_of_a_rule_of_somebody_else(client_of, alice):
    client = client_of(alice)
    html = client.get("/notifications/panel/").content.decode()
    links = Page("/notifications/", html).addresses()
    assert "Of Olga" in html
    assert {client.get(link).status_code for link in links if "/activity/" in link} <= {200}
    own = ActivityEntry.objects.filter(user=alice, rule__rule_name="Of Alice").first()
    assert client.get(f"/activity/{own.pk}/change/").status_code == 200
