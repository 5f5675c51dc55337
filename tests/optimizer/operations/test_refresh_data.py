"""refresh_data asks for data anew, signed and once, or marks that as due."""

import json
from datetime import timedelta

import pytest
from werkzeug import Response

from optimizer.operations import OperationFailed
from optimizer.registries import operations
from smartagent.kernel.sealing import seal
from tests.optimizer.step_cast import DAY, done, integration_of, secrets_of, task

KIND = "refresh_data"


def test_the_data_are_fetched_anew(alice, at_gmail, gmail, now):
    at_gmail.last_sync_at = now - DAY
    at_gmail.config["refresh_due"] = True
    at_gmail.save()
    what = done(KIND, task(alice, now, integration=at_gmail))
    at_gmail.refresh_from_db()
    assert (at_gmail.last_sync_at, gmail.refreshes) == (now, 1)
    assert "refresh_due" not in at_gmail.config
    assert what.result == "gmail refreshed its data."
    assert what.before == {"last_sync_at": (now - DAY).isoformat(), "refresh_due": True}


def test_asked_again_for_the_same_step_it_is_fetched_once(alice, at_gmail, gmail, now):
    requested = task(alice, now, integration=at_gmail)
    operations[KIND].reach(requested)  # and the worker is killed before it has written it down
    done(KIND, requested)
    assert gmail.refreshes == 1
    done(KIND, task(alice, now, integration=at_gmail))
    assert gmail.refreshes == 2


def test_what_is_not_signed_with_its_key_is_refused(alice, at_gmail, gmail, now):
    other = "whsec_" + "QUFB" * 8
    at_gmail.credentials_encrypted = seal(secrets_of(at_gmail) | {"signing_key": other})
    at_gmail.save()
    with pytest.raises(OperationFailed, match="gmail answered 401") as failure:
        done(KIND, task(alice, now, integration=at_gmail))
    assert not failure.value.again
    at_gmail.refresh_from_db()
    assert (gmail.refreshes, at_gmail.last_sync_at) == (0, now)


def test_a_key_that_is_none_is_said_to_be_without_a_word_of_it(alice, at_gmail, now):
    at_gmail.credentials_encrypted = seal({"signing_key": "my-secret-key"})
    at_gmail.save()
    with pytest.raises(OperationFailed, match="The signing_key of gmail is not a signing key") as failure:
        done(KIND, task(alice, now, integration=at_gmail))
    assert "my-secret" not in str(failure.value)


def test_what_is_out_of_order_is_tried_again(alice, at_gmail, gmail, now):
    gmail.broke("refresh")
    with pytest.raises(OperationFailed, match="gmail answered 503") as failure:
        done(KIND, task(alice, now, integration=at_gmail))
    assert failure.value.again
    gmail.healed("refresh")
    done(KIND, task(alice, now, integration=at_gmail))
    assert gmail.refreshes == 1


def test_without_a_key_it_is_not_signed(alice, now, httpserver, loopback):
    requested = []

    def respond(request):
        requested.append((request.headers, request.get_json()))
        return Response("{}", status=202)

    httpserver.expect_request("/refresh", method="POST").respond_with_handler(respond)
    last = now - timedelta(hours=3)
    one = integration_of(alice, config={"refresh_url": httpserver.url_for("/refresh")}, last_sync_at=last)
    step = task(alice, now, integration=one)
    done(KIND, step)
    ((headers, body),) = requested
    assert "Webhook-Signature" not in headers
    assert headers["Idempotency-Key"] == str(step.id)
    assert body == {"integration": "gmail", "since": last.isoformat()}


def test_without_an_address_it_is_marked_as_due(alice, now):
    one = integration_of(alice, config={"kept": [1]})
    requested = task(alice, now, integration=one)
    assert [(each.what, each.before, each.after) for each in operations[KIND].preview(requested)] == [
        ("Refresh due", "no", "yes")
    ]
    what = done(KIND, requested)
    one.refresh_from_db()
    assert one.config == {"kept": [1], "refresh_due": True}
    assert one.last_sync_at is None
    assert what.result == "gmail has no refresh_url; its refresh is due."
    assert json.dumps(what.after) == '{"refresh_due": true}'
