"""The page on the verification of the log, its REST twin, the doctor's checks, and where anchors are written."""

import json

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from rules import tasks
from rules.audit.anchor_places import AnchorNotWritten
from rules.audit.checks import check_audit_key
from rules.audit.sealing import seal
from rules.models import ActivityEntry
from rules.text.entry import entry_in_words
from smartagent.doctor.audit import check_audit
from tests.rules.rule_cast import entry_of, rule_of

PAGE, API = "/log-verification/", "/api/audit/"


def test_the_page_shows_what_a_verification_found(client_of, alice, audra):
    now, client = timezone.now(), client_of(audra)
    assert client_of(alice).get(PAGE).status_code == client_of(alice).post(PAGE).status_code == 403
    assert "Nothing is sealed yet." in client.get(PAGE).content.decode()
    entry = entry_of(rule_of(alice), now)
    seal(now)
    assert "was not verified yet" in client.get(PAGE).content.decode()
    for _ in range(2):
        answer = client.post(PAGE, follow=True).content.decode()
    assert "A verification is requested already" in answer
    [task] = OrmQ.objects.all()
    assert tasks.verify_entries(*task.task["args"]) == "ok"
    page = client.get(PAGE).content.decode()
    assert "The activity log is as it was written." in page
    assert ActivityEntry.objects.get(event_type="audit_verified").context["by_name"] == "Audra"
    state = client.get(API).json()
    assert (state["ok"], state["findings"], state["links"]) == (True, [], 2)
    assert list(check_audit(now)) == []

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE agent_activity_log SET status = 'failed' WHERE id = %s", [entry.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert tasks.verify_entries() == "1 problem found"
    page = client.get(PAGE).content.decode()
    assert "The activity log is not as it was written." in page
    assert str(entry.pk) in page
    broken = ActivityEntry.objects.get(event_type="audit_broken")
    assert "1 problem found: An entry of" in entry_in_words(broken, "")
    assert client.get(API).json()["findings"][0]["kind"] == "changed"
    [finding] = check_audit(now)
    assert (finding.severity, finding.subject) == ("error", "activity log")


def test_anchors_are_written_to_all_places(alice, tmp_path, settings, httpserver, now):
    assert tasks.anchor_entries() == "Nothing is sealed yet."
    entry_of(rule_of(alice), now)
    seal(now)
    assert tasks.anchor_entries().startswith("No place for anchors is set")
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]
    httpserver.expect_request("/anchors", method="POST").respond_with_data("ok")
    file = tmp_path / "anchors"
    settings.AUDIT_ANCHOR_FILE, settings.AUDIT_ANCHOR_URL = str(file), httpserver.url_for("/anchors")
    settings.AUDIT_ANCHOR_EMAIL = "safe@example.com"
    for _ in range(2):
        assert "Link 2 written to the file of AUDIT_ANCHOR_FILE, the webhook" in tasks.anchor_entries()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [each["number"] for each in lines] == [2, 2]
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(httpserver.log[0][0].data) == lines[0]
    assert lines[0]["signature"] in mail.outbox[0].body
    settings.AUDIT_ANCHOR_FILE = str(tmp_path)
    with pytest.raises(AnchorNotWritten, match="Is a directory"):
        tasks.anchor_entries()


def test_a_key_that_can_be_guessed_is_warned_of(settings):
    assert check_audit_key() == []
    settings.AUDIT_KEY = "a" * 50
    assert [each.id for each in check_audit_key()] == ["smartagent.W003"]
    settings.AUDIT_KEY = settings.SECRET_KEY
    assert [each.id for each in check_audit_key()] == ["smartagent.W004"]
