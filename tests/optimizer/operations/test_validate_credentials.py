"""validate_credentials says whether the access token works and when it runs out, and changes nothing."""

from datetime import timedelta

import pytest

from optimizer.operations import OperationFailed
from optimizer.registries import operations
from rules.models import Integration
from tests.optimizer.step_cast import done, integration_of, task

KIND = "validate_credentials"


def test_they_work(alice, at_gmail, now):
    at_gmail.config["token_expires_at"] = (now + timedelta(hours=2)).isoformat()
    at_gmail.save()
    what = done(KIND, task(alice, now, integration=at_gmail))
    assert what.result == ("The credentials of gmail work; they expire in 2h, on 2 Mar 2026, 12:00 UTC.")
    assert what.after == {"works": True, "code": 200, "expires_at": "2026-03-02T12:00:00+00:00"}


def test_they_were_withdrawn(alice, at_gmail, gmail, now):
    gmail.broke("token")
    at_gmail.config.pop("token_expires_at")
    at_gmail.save()
    what = done(KIND, task(alice, now, integration=at_gmail))
    assert what.result == "The credentials of gmail are refused; expiry unknown."
    assert what.after["works"] is False


def test_they_have_run_out(alice, at_gmail, gmail, now):
    gmail.expires_at = 0
    at_gmail.config["token_expires_at"] = (now - timedelta(days=1)).isoformat()
    at_gmail.save()
    text = done(KIND, task(alice, now, integration=at_gmail)).result
    assert text == "The credentials of gmail are refused; they expired 1d ago."


def test_nothing_changes_and_taking_it_back_does_nothing(alice, at_gmail, now):
    before = Integration.objects.values().get()
    requested = task(alice, now, integration=at_gmail)
    what = done(KIND, requested)
    operations[KIND].undo(requested, what.before, what.after)
    assert Integration.objects.values().get() == before
    assert operations[KIND].preview(requested) == []


@pytest.mark.parametrize(("code", "again"), [(404, False), (429, True), (503, True), (302, False)])
def test_another_answer_says_nothing_of_them(alice, now, httpserver, loopback, code, again):
    httpserver.expect_request("/me").respond_with_data("", status=code)
    one = integration_of(alice, config={"probe_url": httpserver.url_for("/me")}, credentials={"access_token": "tok-1"})
    with pytest.raises(OperationFailed, match=f"gmail answered {code}") as failure:
        done(KIND, task(alice, now, integration=one))
    assert failure.value.again is again


def test_without_a_token_nobody_is_asked(alice, now):
    one = integration_of(alice, config={"probe_url": "https://example.com/me"}, credentials={"client_id": "c"})
    with pytest.raises(OperationFailed, match="The credentials of gmail have no access_token"):
        operations[KIND].check(task(alice, now, integration=one))


def test_credentials_that_cannot_be_read_are_said_to_be(alice, now):
    one = integration_of(alice, config={"probe_url": "https://example.com/me"})
    Integration.objects.update(credentials_encrypted="of another application")
    with pytest.raises(OperationFailed, match="encrypted with another SECRET_KEY"):
        operations[KIND].check(task(alice, now, integration=one))
