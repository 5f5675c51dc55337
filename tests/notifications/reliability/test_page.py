"""The page Reliability, its twin in the API, and changes of the goal."""

from datetime import timedelta

import pytest
from django.utils import timezone

from notifications.models import Delivery, ReliabilityGoal
from rules.configuration.undo import undo
from rules.models import ActivityEntry
from rules.text.entry import entry_in_words
from tests.notifications.outside import channel_of

MINUTE = timedelta(minutes=1)


@pytest.fixture
def failed(alice):
    channel = channel_of(alice, "webhook", "<b>pager</b>", url="https://a.example/x")
    now = timezone.now()
    rows = {
        "user": alice, "channel": channel, "channel_name": channel.name, "kind": "webhook", "title": "CPU is <high>",
        "created_at": now - MINUTE, "expires_at": now + timedelta(days=1), "settled_at": now,
    }  # fmt: skip
    Delivery.objects.create(**rows, status="delivered")
    Delivery.objects.create(**rows | {"title": "A test"}, status="dead", reason="test")
    return Delivery.objects.create(**rows, status="dead", cause="a.example answered 503.")


def test_an_empty_page(client_of, olga):
    shown = client_of(olga).get("/reliability/").content.decode()
    assert "Goal: 99.5 % of all deliveries arrive within 60 seconds." in shown
    assert shown.count("No deliveries") == 4
    assert "No delivery failed in the last 30 days." in shown
    assert 'name="percent"' not in shown


def test_figures_and_failures(client_of, ada, failed):
    shown = client_of(ada).get("/reliability/?period=7d").content.decode()
    assert "50 % " in shown
    assert shown.count("Budget: exceeded by 1 delivery") == 3
    assert "&lt;b&gt;pager&lt;/b&gt;" in shown
    assert f'href="/deliveries/{failed.pk}/change/">CPU is &lt;high&gt;</a>' in shown
    assert "a.example answered 503." in shown
    assert "A test" not in shown
    assert '<a href="?period=7d" class="sa-link" aria-current="true">' in shown
    assert client_of(ada).get("/reliability/?period=x").status_code == 200
    found = client_of(ada).get("/api/reliability/").json()
    assert found["total"]["24h"]["failed"] == 1
    assert found["budget_left"]["30d"] == -9900
    assert found["channels"][0]["owner"] == "Alice"
    assert [each["delivery"] for each in found["failures"]] == [str(failed.pk)]


def test_the_goal_is_changed_logged_and_undone(client_of, ada):
    client = client_of(ada)
    seen = client.get("/reliability/").context["form"]["seen_version"].value()
    assert client.post("/reliability/", {"percent": "99.9", "seconds": "30", "seen_version": seen}).status_code == 302
    assert str(ReliabilityGoal.current()) == "99.9 % delivered within 30 s"
    [entry] = ActivityEntry.objects.filter(event_type="reliability_goal_changed")
    assert entry_in_words(entry) == (
        "Ada changed the reliability goal: 99.5 % delivered within 60 s → 99.9 % delivered within 30 s."
    )
    assert client.patch("/api/reliability/goal/", {"seconds": 30}, "application/json").json()["percent"] == 99.9
    assert ActivityEntry.objects.filter(event_type="reliability_goal_changed").count() == 1  # nothing changed
    undo(entry, ada, timezone.now())
    assert str(ReliabilityGoal.current()) == "99.5 % delivered within 60 s"


@pytest.mark.parametrize(
    ("percent", "seconds"), [("100.1", "60"), ("0", "60"), ("99.5", "0"), ("99.5", "86401"), ("x", ""), ("\x00", "1")]
)
def test_goals_that_cannot_be(client_of, ada, percent, seconds):
    shown = client_of(ada).post("/reliability/", {"percent": percent, "seconds": seconds})
    assert shown.status_code == 200
    assert shown.context["form"].errors
    assert ReliabilityGoal.objects.count() == 0


def test_goals_that_the_api_refuses(client_of, ada):
    for body in ({"percent": 101}, {"percent": "99"}, {"seconds": 1.5}, {"seconds": True}, {"percent": 10**400}):
        answer = client_of(ada).patch("/api/reliability/goal/", body, "application/json")
        assert (answer.status_code, list(answer.json())) == (400, list(body))
