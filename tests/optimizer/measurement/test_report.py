"""The weekly report: what is counted, who gets it and how, once; as page, mail and command."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import Schedule

from notifications.channels.mime import html_of, text_of
from notifications.delivery.rendering import message_of
from notifications.models import Channel, Delivery, Notification
from optimizer.measurement.weekly_report import report_of
from optimizer.measurement.weekly_report_mail import send_weekly
from optimizer.models import OptimizationEvent
from smartagent.setup.schedules import Repeated, synchronise

END = datetime(2026, 3, 9, 7, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def event(user, **fields):
    return OptimizationEvent.objects.create(
        **{
            "user": user, "source_event_type": "smart_agent_fusion_score", "optimization_action": "manual",
            "strategy": "fusion_enhancement", "created_at": END - 2 * DAY,
        } | fields
    )  # fmt: skip


@pytest.fixture
def week(alice):
    """Four proposed; one of them and an older one applied; the older one helped, one was rolled back."""
    event(alice)
    event(alice, strategy="general", status="failed", ended_at=END - DAY)
    event(alice, applied_at=END - DAY, status="applied")
    event(alice, applied_at=END - 3 * DAY, status="rolled_back", ended_at=END - DAY, created_at=END - 3 * DAY)
    event(alice, created_at=END - 9 * DAY, applied_at=END - 8 * DAY, measure_at=END - 6 * DAY, verdict="improved",
          status="applied")  # fmt: skip
    event(alice, created_at=END - 30 * DAY, applied_at=END - 29 * DAY, measure_at=END - 28 * DAY, verdict="worse")


def test_each_thing_counts_in_the_week_in_which_it_happened(week):
    report = report_of(END)
    assert report.total == {
        "proposed": 4, "applied": 2, "improved": 1, "unchanged": 0, "worse": 0, "rolled_back": 1, "failed": 1,
    }  # fmt: skip
    assert report.words == "This week: 4 proposed, 2 applied, 1 improved, 1 rolled back, 1 failed."
    assert [line.label for line in report.lines] == ["Fusion enhancement", "General"]
    widths = {row["name"]: row["width"] for row in report.bars[0]["rows"]}
    assert widths == {"proposed": 100, "applied": 67, "improved": 33, "rolled back": 33}
    assert [verdict for _, verdict, _ in report.examples] == ["Improved"]


def test_a_week_in_which_nothing_happened(db):
    assert report_of(END).words == "No optimizations were proposed or applied this week."


def test_operators_and_administrators_get_it_once(week, alice, bob, olga, audra, ada):
    assert send_weekly(END) == 2
    assert set(Notification.objects.values_list("user", flat=True)) == {olga.pk, ada.pk}
    assert send_weekly(END + timedelta(minutes=1)) == 0
    assert send_weekly(END + 7 * DAY) == 2


def test_it_goes_by_the_channels_as_they_are_wanted(week, olga, ada):
    Channel.objects.create(user=olga, kind="email", name="mail", config={"to": "olga@example.com"})
    gone = Channel.objects.create(user=ada, kind="email", name="mail", config={"to": "a@example.com"}, enabled=False)
    send_weekly(END)
    delivery = Delivery.objects.get(user=olga)
    assert (delivery.status, delivery.severity, delivery.kind) == ("held", "low", "email")
    assert not Delivery.objects.filter(channel=gone).exists()  # she has unsubscribed
    message = message_of(delivery)
    html, plain = html_of(message), text_of(message)
    assert 'width="67%"' in html
    assert 'bgcolor="#0f766e"' in html
    assert "Fusion enhancement: 3 proposed, 2 applied, 1 improved, 1 rolled back." in plain
    assert "/optimizer-report/" in plain
    assert "Unsubscribe" in plain


def test_the_command_sends_it_now(week, settings):
    output = StringIO()
    call_command("optimizer_report", to="boss@example.com", stdout=output)
    (sent,) = mail.outbox
    assert (sent.to, sent.subject.startswith("Optimizations from ")) == (["boss@example.com"], True)
    assert "This week:" in sent.body or "No optimizations were proposed" in sent.body
    assert sent.alternatives[0].mimetype == "text/html"
    assert "was sent to boss@example.com" in output.getvalue()
    with pytest.raises(CommandError, match="is not an e-mail address"):
        call_command("optimizer_report", to="boss")


def test_without_an_address_the_command_sends_it_to_all(week, olga):
    output = StringIO()
    call_command("optimizer_report", stdout=output)
    assert "being sent to 1 person" in output.getvalue()
    assert Notification.objects.get().user == olga


def test_the_page_shows_it_and_the_mail(client_of, alice, olga, audra):
    event(alice, created_at=timezone.now() - DAY)
    for reader in (olga, audra):
        page = client_of(reader).get("/optimizer-report/").content.decode()
        assert "1 proposed" in page
        assert 'sandbox src="/optimizer-report/mail/"' in page
        mail = client_of(reader).get("/optimizer-report/mail/")
        assert mail.content.startswith(b"<!DOCTYPE html>")
        assert {"sandbox", "frame-ancestors 'self'"} <= set(mail["Content-Security-Policy"].split("; "))
        assert mail["X-Frame-Options"] == "SAMEORIGIN"
    assert client_of(alice).get("/optimizer-report/").status_code == 403


def test_it_is_sent_on_mondays(db):
    weekly = Repeated(name="report", func="f", minutes=0)
    assert weekly.first_run(datetime(2026, 3, 4, 12, 0, tzinfo=UTC)) == END
    assert weekly.first_run(datetime(2026, 3, 9, 6, 59, tzinfo=UTC)) == END
    assert weekly.first_run(END) == END + 7 * DAY
    Schedule.objects.all().delete()
    synchronise()
    row = Schedule.objects.get(func="optimizer.tasks.report")
    assert (row.schedule_type, row.next_run.weekday(), row.next_run.hour) == (Schedule.WEEKLY, 0, 7)
