"""Late entries are looked at and accepted, by an entry of the log and a signed link; what breaks the chain is not."""

from contextlib import suppress
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from rules.audit.acceptance import NotAccepted, accept
from rules.audit.sealing import seal
from rules.audit.verification import Verifier
from rules.models import ActivityEntry, AuditLink
from rules.text.entry import entry_in_words
from tests.entries import change_entries, delete_entries
from tests.rules.rule_cast import entry_of, rule_of

DAY = timedelta(days=1)
BY = {"by_name": "Ada"}


@pytest.fixture
def late(alice):
    """Two entries of yesterday that appeared today, after the log was sealed; their link."""
    now, rule = timezone.now(), rule_of(alice)
    entry_of(rule, now)
    seal(now)
    for _ in range(2):
        entry_of(rule, now - DAY, executed_at=None)
    seal(now)
    return AuditLink.objects.get(kind="late")


def run(*words):
    output = StringIO()
    with suppress(SystemExit):
        call_command("audit", *words, stdout=output)
    return output.getvalue()


def test_by_command(late):
    assert f"(link {late.number}, entry " in run("verify")
    for words, problem in (
        (["--reason", "x"], "Name the links, or use --all."),
        (["1", "--all", "--reason", "x"], "Name the links, or use --all."),
        (["99", "--reason", "x"], "There is no link 99."),
        ([str(late.number - 1), "--reason", "x"], "has no entries that were first seen long after their time"),
        ([str(late.number), "--reason", "  "], "Write a reason of at most 500 characters"),
    ):
        with pytest.raises(CommandError, match=problem) as refused:
            run("accept", *words)
        assert refused.value.returncode == 2
    assert not ActivityEntry.objects.filter(event_type="audit_accepted").exists()

    assert run("accept", "--all", "--reason", "Imported from the former log") == "Accepted: 2 entries in 1 link.\n"
    text = run("verify")
    assert "2 first seen long after their time, and accepted" in text
    assert "No problems found." in text
    [entry] = ActivityEntry.objects.filter(event_type="audit_accepted")
    assert entry_in_words(entry).endswith(
        f"accepted 2 entries that were first seen long after their time (link {late.number}): "
        "Imported from the former log"
    )
    seal(timezone.now())
    assert (Verifier().run().ok, Verifier().run().accepted) == (True, 2), "the acceptance is in the chain"
    with pytest.raises(CommandError, match="accepted already"):
        run("accept", str(late.number), "--reason", "x")
    with pytest.raises(CommandError, match="nothing to accept"):
        run("accept", "--all", "--reason", "x")


def test_an_accepted_entry_that_is_changed_or_deleted_is_found(late):
    now = timezone.now()
    accept([late.number], "Known", BY, now)
    entries = ActivityEntry.objects.filter(created_at__lt=now - DAY / 2)
    change_entries(entries.filter(pk=entries.first().pk), action_taken="x")
    assert [each.kind for each in Verifier().run().findings] == ["changed"]
    delete_entries(entries)
    assert {each.kind for each in Verifier().run().findings} == {"missing"}


def test_what_is_not_as_it_was_sealed_is_not_accepted(late):
    now, entry = timezone.now(), ActivityEntry.objects.order_by("created_at").first()
    change_entries(ActivityEntry.objects.filter(pk=entry.pk), action_taken="x")
    with pytest.raises(NotAccepted, match=r"not as it was sealed\. An entry of .* was changed"):
        accept([late.number], "Known", BY, now)
    delete_entries(ActivityEntry.objects.filter(pk=entry.pk))
    with pytest.raises(NotAccepted, match="was deleted"):
        accept([late.number], "Known", BY, now)
    assert not AuditLink.objects.filter(kind="acceptance").exists()


def test_an_acceptance_without_the_key_is_none(late, settings):
    """Whoever can write the database adds an entry and a link; the link has a wrong signature, and accepts nothing."""
    key = settings.AUDIT_KEY
    settings.AUDIT_KEY = "another key, of 50 characters, which nobody can guess"
    accept_with = AuditLink.objects.get(pk=late.pk)
    with pytest.raises(NotAccepted, match="not as it was sealed"):
        accept([accept_with.number], "Forged", BY, timezone.now())
    settings.AUDIT_KEY_FALLBACKS = [key]
    accept([late.number], "Forged", BY, timezone.now())
    settings.AUDIT_KEY, settings.AUDIT_KEY_FALLBACKS = key, []
    found = Verifier().run()
    assert ([each.kind for each in found.findings], found.accepted) == (["inserted", "link"], 0)


def test_by_page(late, ada, audra, client_of):
    page = f"/log-verification/accept/{late.number}/"
    assert client_of(audra).get(page).status_code == 403
    browser = client_of(ada)
    shown = browser.get(page).content.decode()
    assert "2 entries" in shown
    assert shown.count("/activity/") >= 2
    assert "Write a reason" in browser.post(page, {"post": "yes", "reason": " "}).content.decode()
    assert "Null characters" in browser.post(page, {"post": "yes", "reason": "a\x00b"}).content.decode()
    answer = browser.post(page, {"post": "yes", "reason": "Our own import"}, follow=True).content.decode()
    assert "2 entries accepted." in answer
    assert ActivityEntry.objects.get(event_type="audit_accepted").context["by"] == str(ada.pk)
    refused = browser.get(page).content.decode()
    assert "accepted already" in refused
    assert 'name="reason"' not in refused
    assert Verifier().run().ok
