"""The ledger by REST: filtered, with each attempt, as CSV, and sent again."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client

from notifications.models import Channel, Delivery, DeliveryAttempt
from tests.api import Program
from tests.notifications.outside import START, channel_of
from tests.rules.rule_cast import rule_of

pytestmark = pytest.mark.django_db


def written(user, channel=None, *, at=START, **fields):
    """A delivery in the ledger."""
    return Delivery.objects.create(
        user=user, channel=channel, channel_name=channel.name if channel else "", kind=channel.kind if channel else "",
        created_at=at, expires_at=at + timedelta(days=1), **{"title": "CPU", "status": "dead"} | fields
    )  # fmt: skip


@pytest.fixture
def channel(alice):
    return channel_of(alice, url="https://a.example/hook")


def test_filtered_as_on_the_page(alice, channel):
    rule = rule_of(alice, rule_name="Busy")
    written(alice, channel, title="failed", cause="Answered 500.", rule=rule, severity="critical")
    written(alice, channel, title="arrived", status="delivered", at=START + timedelta(hours=1))
    written(alice, None, title="waiting", status="waiting", reason="resolved", at=START + timedelta(hours=2))

    def titles(query):
        return [found["title"] for found in Program(alice).get(f"deliveries/{query}")["results"]]

    assert titles("") == ["waiting", "arrived", "failed"]
    assert titles("?status=dead") == ["failed"]
    assert titles("?status=unsettled") == ["waiting"]
    assert titles(f"?channel={channel.pk}") == ["arrived", "failed"]
    assert titles("?kind=webhook&severity=critical") == ["failed"]
    assert titles("?reason=resolved") == ["waiting"]
    assert titles("?rule=bus") == ["failed"]
    assert titles("?after=2026-03-02T10:30:00Z&before=2026-03-02T11:30:00Z") == ["arrived"]
    assert "is not one of" in Program(alice).get("deliveries/?status=lost", status=400)["status"][0]


def test_one_with_its_attempts_the_first_one_first(alice, channel):
    delivery = written(alice, channel, attempt_count=1)
    for minutes, number in ((0, 1), (1, 2), (9, 1)):  # it was sent again, so it counts anew
        DeliveryAttempt.objects.create(
            delivery=delivery, number=number, outcome="failed", code=500, error="Answered 500.",
            started_at=START + timedelta(minutes=minutes),
        )  # fmt: skip
    found = Program(alice).get(f"deliveries/{delivery.pk}/")
    assert [(each["number"], each["code"]) for each in found["attempts"]] == [(1, 500), (2, 500), (1, 500)]
    assert "attempts" not in Program(alice).get("deliveries/")["results"][0]


def test_one_is_sent_again(alice, channel, clock):
    delivery = written(alice, channel, attempt_count=7, cause="Answered 500.", settled_at=START)
    again = Program(alice).post(f"deliveries/{delivery.pk}/resend/")
    assert (again["id"], again["status"], again["attempt_count"], again["cause"]) == (str(delivery.pk), "due", 0, "")
    answer = Program(alice).post(f"deliveries/{delivery.pk}/resend/", status=409)
    assert answer["detail"][0].startswith("The notification is being sent or was delivered")


@pytest.mark.parametrize("status", ["delivered", "bundled", "held", "waiting", "sending"])
def test_what_has_not_failed_is_not_sent_again(alice, channel, status):
    delivery = written(alice, channel, status=status)
    Program(alice).post(f"deliveries/{delivery.pk}/resend/", status=409)
    Program(alice).post("deliveries/resend/", {"since": "2026-01-01T00:00:00Z"})
    delivery.refresh_from_db()
    assert delivery.status == status


def test_all_that_failed_since_a_time(alice, bob, channel, clock):
    other = channel_of(alice, name="other", url="https://b.example/")
    written(alice, channel, at=START - timedelta(hours=1), title="too old")
    written(alice, channel, title="one")
    written(alice, other, title="two")
    written(alice, channel, title="skipped", status="skipped")
    written(bob, channel_of(bob, url="https://c.example/"), title="bob's")
    program, since = Program(alice), {"since": START.isoformat()}

    def due():
        return set(Delivery.objects.filter(status="due").values_list("title", flat=True))

    assert program.post("deliveries/resend/", since | {"channel": str(other.pk)})["resent"] == 1
    assert due() == {"two"}
    assert program.post("deliveries/resend/", since)["resent"] == 1
    assert due() == {"one", "two"}
    assert program.post("deliveries/resend/", since | {"status": "skipped"})["resent"] == 1
    assert due() == {"one", "two", "skipped"}
    Channel.objects.update(enabled=False)
    assert program.post("deliveries/resend/", {"since": "2026-01-01T00:00:00Z"})["resent"] == 0


@pytest.mark.parametrize(
    ("body", "where"),
    [({}, "since"), ({"since": "yesterday"}, "since"), ({"since": "2026-03-02T10:00:00"}, "since"),
     ({"since": "2026-03-02T10:00:00Z", "status": "delivered"}, "status"),
     ({"since": "2026-03-02T10:00:00Z", "channel": "x"}, "channel"),
     ({"since": "2026-03-02T10:00:00Z", "until": "x"}, "until")],
)  # fmt: skip
def test_what_cannot_be_asked_for(alice, body, where):
    assert list(Program(alice).post("deliveries/resend/", body, status=400)) == [where]


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def rows(user, query="", client=None):
    client = client or signed_in(user)
    answer = client.get(f"/api/deliveries/export/{query}")
    assert answer.headers["Content-Type"].startswith("text/csv"), answer.content
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def test_as_csv_with_the_same_filters(alice, bob, channel):
    rule = rule_of(alice, rule_name="Busy")
    written(alice, channel, title='a, "b"\nc', cause="Answered 500.", rule=rule, attempt_count=7)
    written(alice, channel, status="delivered")
    written(bob, None)
    (row,) = rows(alice, "?status=dead")
    shown = ("title", "to", "channel", "status", "attempt_count", "rule", "created_at")
    assert tuple(row[name] for name in shown) == (
        'a, "b"\nc', "alice@example.com", "webhook", "dead", "7", "Busy", "2026-03-02T10:00:00+00:00")  # fmt: skip
    assert len(rows(alice)) == 2
    assert "status" in Program(alice).get("deliveries/export/?status=lost", status=400)


@pytest.mark.parametrize("title", ["=1+1", "+49", "-1", "@SUM(A1)", "\tx", "\r=x", "\uff1d1+1"])
def test_no_cell_is_a_formula(alice, channel, title):
    written(alice, channel, title=title)
    (row,) = rows(alice)
    assert row["title"] == f"'{title}".replace("\r", "\n")


def test_no_cell_hides_or_turns_around_what_it_says(alice, channel):
    written(alice, channel, title="paid\u202egnp.exe\x1b")
    (row,) = rows(alice)
    assert row["title"] == "paid\ufffdgnp.exe\ufffd"


def test_an_export_is_sent_while_it_is_read(alice, channel, django_assert_num_queries):
    at, end = START, START + timedelta(days=1)
    Delivery.objects.bulk_create(
        Delivery(user=alice, channel=channel, title=f"{n}", status="dead", created_at=at, expires_at=end)
        for n in range(4500)
    )
    client = signed_in(alice)
    with django_assert_num_queries(7):  # session, person, two for permissions, the list in a transaction
        assert len(rows(alice, client=client)) == 4500


def test_bob_gets_404_for_alices_and_an_auditor_changes_nothing(alice, bob, audra, channel):
    delivery = written(alice, channel)
    Program(bob).get(f"deliveries/{delivery.pk}/", status=404)
    Program(bob).post(f"deliveries/{delivery.pk}/resend/", status=404)
    assert Program(bob).post("deliveries/resend/", {"since": "2026-01-01T00:00:00Z"})["resent"] == 0
    assert rows(bob) == []
    assert len(Program(audra).get("deliveries/")["results"]) == len(rows(audra)) == 1
    Program(audra).post(f"deliveries/{delivery.pk}/resend/", status=403)
    Program(audra).post("deliveries/resend/", {"since": "2026-01-01T00:00:00Z"}, status=403)
    delivery.refresh_from_db()
    assert delivery.status == "dead"


def test_the_number_of_queries_does_not_grow(alice, channel, django_assert_num_queries):
    program = Program(alice)
    program.get("deliveries/")  # the first request of a process asks what the database has
    for count in (1, 9):
        for _ in range(count):
            written(alice, channel)
        with django_assert_num_queries(6):  # session, person, two for permissions, the list, names
            program.get("deliveries/")
