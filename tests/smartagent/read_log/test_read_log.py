"""With LOG_READS, who reads records of other people is in the activity log, once for each page in ten minutes."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone

from notifications.models import Notification
from rules.models import ActivityEntry
from rules.text.entry import entry_in_words
from smartagent.accounts.tokens import issue_token
from smartagent.kernel.reads import RECORDS_READ, Reads
from smartagent.models import ReadWindow
from smartagent.read_log.windows import close_windows, log_read
from tests.rules.rule_cast import entry_of, rule_of


@pytest.fixture
def logged(settings, alice, bob):
    """Two entries and a notification of Bob's, one entry of Alice's."""
    settings.LOG_READS = True
    rule, now = rule_of(bob), timezone.now()
    entry_of(rule, now)
    entry_of(rule, now)
    entry_of(rule_of(alice, rule_name="Alice's"), now)
    Notification.objects.create(user=bob, type="alert", title="T", message="M")


def reads():
    return list(ActivityEntry.objects.filter(event_type=RECORDS_READ).order_by("created_at", "pk"))


def body(answer):
    return b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()


def test_nothing_is_logged_unless_the_setting_asks_for_it(alice, bob, audra, client_of):
    entry_of(rule_of(bob), timezone.now())
    client_of(audra).get("/activity/")
    assert reads() == []


def test_one_entry_for_each_page_and_its_filters(logged, alice, bob, audra, client_of):
    page = client_of(audra)
    for _ in range(3):
        page.get("/activity/?search=bob@example.com&status=success", REMOTE_ADDR="203.0.113.7")
    (entry,) = reads()
    facts = entry.context
    assert (entry.user, facts["by"], facts["by_name"]) == (None, str(audra.pk), "Audra")
    assert (facts["page"], facts["filters"]) == ("/activity/", {"search": "…", "status": "success"})
    assert (facts["people"], facts["person_name"]) == ([str(bob.pk)], "Bob")
    assert (facts["kinds"], facts["records"], facts["address"]) == ({"activity entries": 2}, 2, "203.0.113.7")
    page.get("/activity/")
    entry = reads()[-1]
    assert (set(entry.context["people"]), entry.context["records"]) == ({str(alice.pk), str(bob.pk)}, 3)
    assert "person" not in entry.context
    assert entry_in_words(entry) == "Audra read 3 records of 2 people at /activity/. Activity entries: 3."

    close_windows()
    assert len(reads()) == 2  # the ten minutes are not over
    ReadWindow.objects.update(started_at=timezone.now() - timedelta(minutes=11))
    close_windows()
    close_windows()
    (again,) = reads()[2:]
    assert (again.context["further"], again.context["records"]) == (2, 4)
    assert entry_in_words(again).startswith(
        "Audra read 4 records of Bob at /activity/ with search=…, status=success, 2 more times until "
    )
    assert not ReadWindow.objects.exists()

    for client in (client_of(alice), client_of(bob)):  # it is for those who see everybody's
        assert "records read" not in body(client.get("/activity/?period=all"))
        assert client.get(f"/api/activity/{again.pk}/").status_code == 404
    assert len(reads()) == 3  # and their own pages are no reads of others
    assert "records read" in body(page.get("/activity/?search=event:records_read"))
    assert len(reads()) == 3  # nor is the log of reads


def test_operations_and_files(logged, bob, audra, ada, client_of):
    token = {"authorization": f"Bearer {issue_token(audra, 'script')[1]}"}
    browser = client_of(audra)
    for address, kinds in (
        ("/api/activity/?event=rule_fired", {"activity entries": 3}),
        ("/api/activity/export/?format=csv", {"activity entries": 3}),
        ("/api/activity/export/?format=ndjson", {"activity entries": 3}),
        (f"/api/notifications/?recipient={bob.pk}", {"notifications": 1}),
    ):
        before = len(reads())
        answer = browser.get(address, headers=token)
        assert (answer.status_code, len(body(answer)) > 10) == (200, True), address
        (entry,) = reads()[before:]
        assert (entry.context["kinds"], entry.context["page"]) == (kinds, address.partition("?")[0])
    assert reads()[0].context["filters"] == {"event": "rule_fired"}

    before = len(reads())
    body(client_of(ada).get(f"/people/{bob.pk}/export/"))
    call_command("person", "export", "bob@example.com", stdout=StringIO())
    page, command = reads()[before:]
    assert page.context["person"] == command.context["person"] == str(bob.pk)
    assert page.context["records"] + 1 == command.context["kinds"]["rows of personal data"] > 3  # the first entry, too
    assert (page.context["by_name"], command.context["page"]) == ("Ada", "manage.py person export")
    assert command.context["by_name"].endswith("(command line)")


def test_what_is_broken_off_is_logged_and_so_is_a_stranger_id(logged, audra, client_of):
    ActivityEntry.objects.create(
        user=None,
        event_type="x",
        action_taken="none",
        context={"person": "no id\N{SNOWMAN}"},
        created_at=timezone.now(),
    )
    answer = client_of(audra).get("/api/activity/export/?format=ndjson")
    content = answer._iterator
    next(content)
    content.close()
    (entry,) = reads()
    assert (entry.context["people_count"], len(entry.context["people"])) == (3, 2)
    assert json.dumps(entry.context)


@pytest.mark.django_db(transaction=True)
def test_requests_at_the_same_time_write_one_entry(settings, bob, audra):
    settings.LOG_READS = True
    found = Reads()
    found.add("notifications", {str(bob.pk): 1})

    def ask(number):
        request = RequestFactory().get("/notifications/", {"page": number})
        request.user = audra
        log_read(request, found)
        connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(ask, range(8)))
    assert len(reads()) == 1
    assert list(ReadWindow.objects.values_list("further", "records")) == [(7, 7)]
