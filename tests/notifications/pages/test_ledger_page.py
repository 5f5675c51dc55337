"""The ledger: search, filters, each delivery with its attempts, and what failed sent again."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from notifications.delivery.latency_chart import latency_chart
from notifications.delivery.statistics import figures_of
from notifications.models import Channel, Delivery, DeliveryAttempt
from tests.notifications.api.test_delivery_api import written
from tests.notifications.outside import START, channel_of, tell
from tests.notifications.pages.test_channel_pages import messages_after, words

pytestmark = pytest.mark.django_db
LIST = "admin:notifications_delivery_changelist"
DAY = timedelta(days=1)


def page(name, *args):
    return reverse(f"admin:notifications_delivery_{name}", args=args)


def titles(client, query=""):
    return [row.title for row in client.get(reverse(LIST) + query).context["cl"].result_list]


@pytest.fixture
def channel(alice):
    return channel_of(alice, name="ops", url="https://a.example/hook")


def test_searched_and_filtered(alice, client_of, channel):
    written(alice, channel, title="disk", cause="Answered 500.")
    written(alice, channel, title="memory", status="delivered", at=START + timedelta(hours=1))
    client = client_of(alice)
    assert titles(client) == ["memory", "disk"]
    assert titles(client, "?q=disk") == titles(client, "?q=500") == titles(client, "?status=dead") == ["disk"]
    assert titles(client, "?q=ops") == titles(client, f"?channel={channel.pk}") == ["memory", "disk"]
    assert titles(client, "?after=2026-03-02T10:30Z") == ["memory"]
    assert "is not one of" in words(client.get(reverse(LIST) + "?status=lost"))


def test_status_and_reason_are_named_as_on_the_page_of_one(alice, client_of, channel):
    written(alice, channel, title="disk", reason="first")
    written(alice, channel, title="memory", reason="still_firing", status="skipped")
    shown = words(client_of(alice).get(reverse(LIST)))
    for part in ("First", "Still firing", "failed", "not sent"):
        assert f" {part} " in shown
    assert " dead " not in shown


def test_the_export_is_what_the_list_shows(alice, bob, client_of, channel):
    written(alice, channel, title="=disk", cause="Answered 500.")
    written(alice, channel, title="memory", status="delivered")
    written(bob, None, title="bob's")
    client = client_of(alice)
    answer = client.get(page("export") + "?status=dead&q=disk")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [row["title"] for row in rows] == ["'=disk"]
    assert f'href="{page("export")}?status=dead"' in client.get(reverse(LIST) + "?status=dead").content.decode()
    wrong = client.get(page("export") + "?status=lost")
    assert (wrong.status_code, wrong.url) == (302, reverse(LIST) + "?status=lost")


def test_one_shows_its_attempts_its_cause_and_what_it_says(alice, client_of, channel):
    (delivery,) = tell(alice, START)
    Delivery.objects.update(status="dead", cause="Answered 500.")
    for minute in (0, 1):
        DeliveryAttempt.objects.create(
            delivery=delivery, number=minute + 1, outcome="failed", code=500, milliseconds=12.3, excerpt="<b>oh</b>",
            error="Answered 500.", started_at=START + timedelta(minutes=minute),
        )  # fmt: skip
    shown = client_of(alice).get(page("change", delivery.pk))
    for part in ("Answered 500.", "Attempt 1", "Attempt 2", "12 ms", "CPU is 95: above 90.", "Send again", "ops"):
        assert part in words(shown)
    assert "&lt;b&gt;oh&lt;/b&gt;" in shown.content.decode()


def test_one_shows_where_else_its_message_went_and_why_not(alice, client_of, channel):
    channel_of(alice, "email", name="mail", to="a@example.com", position=1)
    first, second = sorted(tell(alice, START), key=lambda each: each.kind, reverse=True)
    Delivery.objects.filter(pk=second.pk).update(status="skipped", cause="Quiet hours until 07:00.")
    shown = words(client_of(alice).get(page("change", first.pk)))
    for part in ("mail", "Not sent", "Quiet hours until 07:00."):
        assert part in shown


def test_a_bundle_and_what_is_in_it_lead_to_each_other(alice, client_of, channel):
    whole = written(alice, channel, title="2 messages", reason="digest", status="delivered")
    part = written(alice, channel, title="disk", status="bundled", bundle=whole)
    client = client_of(alice)
    assert page("change", part.pk) in client.get(page("change", whole.pk)).content.decode()
    assert page("change", whole.pk) in client.get(page("change", part.pk)).content.decode()


def test_one_is_sent_again(alice, client_of, channel):
    delivery = written(alice, channel)
    client = client_of(alice)
    assert messages_after(client, client.post(page("resend", delivery.pk))) == ["Sent again."]
    assert Delivery.objects.get().status == "due"
    (refused,) = messages_after(client, client.post(page("resend", delivery.pk)))
    assert refused.startswith("The notification is being sent or was delivered")
    assert client.get(page("resend", delivery.pk)).status_code == 405


def test_many_are_sent_again(alice, client_of, channel):
    chosen = [written(alice, channel), written(alice, channel), written(alice, channel, status="delivered")]
    left = written(alice, channel)
    client = client_of(alice)
    answer = client.post(reverse(LIST), {"action": "resend", "_selected_action": [str(one.pk) for one in chosen]})
    assert messages_after(client, answer) == ["2 deliveries queued again. 1 were already delivered or are being sent."]
    assert set(Delivery.objects.filter(status="due")) == set(chosen[:2])
    left.refresh_from_db()
    assert left.status == "dead"


def test_all_that_failed_since_a_time_asked_first(alice, bob, client_of, channel):
    other = channel_of(alice, name="other", url="https://b.example/")
    written(alice, channel, title="one")
    written(alice, other, title="two")
    written(alice, channel, title="too old", at=START - DAY)
    written(bob, channel_of(bob, url="https://c.example/"), title="bob's")
    client, since = client_of(alice), {"since": "2026-03-02T09:00"}
    requested = client.get(page("resend_all"), since)
    assert "2 notifications failed since 2 Mar 2026, 09:00." in words(requested)
    assert not Delivery.objects.filter(status="due").exists()
    answer = client.post(page("resend_all"), since | {"channel": str(other.pk)})
    assert messages_after(client, answer) == ["1 delivery queued again."]
    assert messages_after(client, client.post(page("resend_all"), since)) == ["1 delivery queued again."]
    assert set(Delivery.objects.filter(status="due").values_list("title", flat=True)) == {"one", "two"}
    assert "No failed deliveries since then" in words(client.get(page("resend_all"), since))


@pytest.mark.parametrize("since", ["yesterday", "", "2026-13-40T10:00"])
def test_a_time_that_is_none(alice, client_of, channel, since):
    written(alice, channel)
    answer = client_of(alice).post(page("resend_all"), {"since": since})
    assert answer.context["form"].errors["since"]
    assert Delivery.objects.get().status == "dead"


def test_bob_gets_404_and_an_auditor_sends_nothing_again(alice, bob, audra, client_of, channel):
    delivery = written(alice, channel)
    assert client_of(bob).get(page("change", delivery.pk)).status_code == 404
    assert client_of(bob).post(page("resend", delivery.pk)).status_code == 404
    assert titles(client_of(bob)) == []
    client = client_of(audra)
    assert titles(client) == ["CPU"]
    assert "Send again" not in words(client.get(page("change", delivery.pk)))
    assert "Send again" not in words(client.get(reverse(LIST)))
    assert client.post(page("resend", delivery.pk)).status_code == 403
    assert client.post(page("resend_all"), {"since": "2026-01-01"}).status_code == 403
    client.post(reverse(LIST), {"action": "resend", "_selected_action": [str(delivery.pk)]})
    assert Delivery.objects.get().status == "dead"


# -- charts --------------------------------------------------------------------------------------


def took(user, channel, seconds, **fields):
    written(user, channel, status="delivered", settled_at=START + timedelta(seconds=seconds), **fields)


def test_percentiles_and_failures_of_each_channel(alice, channel):
    other = channel_of(alice, name="mail", url="https://b.example/")
    for seconds in range(1, 101):
        took(alice, channel, seconds)
    written(alice, other, settled_at=START)
    written(alice, channel, title="too old", at=START - 8 * DAY, settled_at=START)
    chart = latency_chart(Delivery.objects.all(), START)
    assert chart["rows"] == [
        {"name": "ops", "sent": 100, "median": 50.5, "slow": 95.05, "failed": 0.0},
        {"name": "mail", "sent": 1, "median": None, "slow": None, "failed": 100.0},
    ]
    assert json.loads(chart["data"])["labels"] == ["ops", "mail"]
    assert json.loads(chart["failures"])["datasets"][0]["data"] == [0.0, 100.0]
    figures = figures_of(Delivery.objects.all(), START)
    assert (figures.delivered, figures.failed, figures.failure_rate, figures.median) == (100, 1, 1.0, 50.5)


def test_what_was_held_or_is_sent_again_was_not_slow(alice, channel):
    took(alice, channel, 8 * 3600 + 3)
    Delivery.objects.update(expires_at=START + timedelta(hours=32))  # held for eight hours
    assert latency_chart(Delivery.objects.all(), START)["rows"][0]["median"] == 3


def test_channels_of_one_name_are_told_apart(alice, bob, channel):
    took(alice, channel, 1)
    took(bob, channel_of(bob, name="ops", url="https://b.example/"), 2)
    names = [row["name"] for row in latency_chart(Delivery.objects.all(), START)["rows"]]
    assert sorted(names) == ["ops (Alice)", "ops (Bob)"]


def test_without_any_there_is_no_chart(alice, client_of):
    assert latency_chart(Delivery.objects.all(), START) is None
    assert figures_of(Delivery.objects.all(), START).failure_rate is None
    assert "No deliveries yet" in words(client_of(alice).get(reverse(LIST)))


def test_one_sees_only_the_figures_of_ones_own(alice, bob, client_of, channel):
    now = timezone.now()
    written(alice, channel, at=now, status="delivered", settled_at=now)
    assert client_of(bob).get(reverse(LIST)).context["latency"] is None
    assert "p50" in words(client_of(alice).get(reverse(LIST)))
    assert Channel.objects.count() == 1
