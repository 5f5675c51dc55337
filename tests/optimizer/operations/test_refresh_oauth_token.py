"""refresh_oauth_token gets a new access token with the refresh token, and keeps both sealed."""

import base64
import json
from datetime import timedelta

import pytest
from werkzeug import Response

from optimizer.operations import OperationFailed
from optimizer.registries import operations
from smartagent.kernel.sealing import seal
from tests.optimizer.step_cast import done, integration_of, secrets_of, task

KIND = "refresh_oauth_token"
CREDENTIALS = {"client_id": "our:client", "client_secret": "s3cr3t&", "refresh_token": "old-refresh", "team": "T1"}


@pytest.fixture
def server(httpserver, loopback):
    """A token address, and what it was asked."""

    def answers(status=200, **answer):
        requested = []

        def respond(request):
            requested.append(request)
            return Response(json.dumps(answer), status=status, content_type="application/json")

        httpserver.expect_request("/token", method="POST").respond_with_handler(respond)
        return requested

    return answers


def integration(alice, httpserver, credentials=CREDENTIALS, **config):
    return integration_of(alice, config={"token_url": httpserver.url_for("/token")} | config, credentials=credentials)


def test_a_token_that_was_withdrawn_is_renewed(alice, at_gmail, gmail, now):
    gmail.broke("token")
    before = secrets_of(at_gmail)
    what = done(KIND, task(alice, now, integration=at_gmail))
    after = secrets_of(at_gmail)
    assert (after["access_token"], after["refresh_token"]) == (gmail.access_token, gmail.refresh_token)
    assert before["access_token"] != after["access_token"]
    assert before["refresh_token"] != after["refresh_token"]
    assert {name: after[name] for name in ("client_id", "client_secret", "signing_key")} == {
        name: before[name] for name in ("client_id", "client_secret", "signing_key")
    }
    assert at_gmail.config["token_expires_at"] == (now + timedelta(hours=1)).isoformat()
    assert what.result == "gmail has a new access token, which expires on 2 Mar 2026, 11:00 UTC."
    assert done("validate_credentials", task(alice, now, integration=at_gmail)).after["works"]


def test_a_token_that_ran_out_is_renewed(alice, at_gmail, gmail, now):
    gmail.expires_at = 0
    assert not done("validate_credentials", task(alice, now, integration=at_gmail)).after["works"]
    done(KIND, task(alice, now, integration=at_gmail))
    assert done("validate_credentials", task(alice, now, integration=at_gmail)).after["works"]


def test_the_refresh_token_rotates_and_the_old_one_is_used_up(alice, at_gmail, gmail, now):
    old = secrets_of(at_gmail)
    done(KIND, task(alice, now, integration=at_gmail))
    done(KIND, task(alice, now, integration=at_gmail))
    assert gmail.renewals == 2
    at_gmail.credentials_encrypted = seal(old)
    at_gmail.save()
    with pytest.raises(OperationFailed, match="the refresh token was used or revoked") as failure:
        done(KIND, task(alice, now, integration=at_gmail))
    assert not failure.value.again


def test_asked_again_for_the_same_step_the_same_tokens_come(alice, at_gmail, gmail, now):
    requested = task(alice, now, integration=at_gmail)
    operations[KIND].reach(requested)  # and the worker is killed before it has written them
    done(KIND, requested)
    assert gmail.renewals == 1
    assert secrets_of(at_gmail)["refresh_token"] == gmail.refresh_token


def test_the_client_says_who_it_is_by_basic(alice, now, httpserver, server):
    requested = server(access_token="new", refresh_token="newer", expires_in=60)
    one = integration(alice, httpserver)
    step = task(alice, now, integration=one)
    done(KIND, step)
    (request,) = requested
    assert request.headers["Authorization"] == "Basic " + base64.b64encode(b"our%3Aclient:s3cr3t%26").decode()
    assert request.headers["Idempotency-Key"] == str(step.id)
    assert request.form.to_dict() == {"grant_type": "refresh_token", "refresh_token": "old-refresh"}
    assert secrets_of(one) == CREDENTIALS | {"access_token": "new", "refresh_token": "newer"}


def test_or_in_the_form_where_the_settings_say_so(alice, now, httpserver, server):
    requested = server(access_token="new")
    one = integration(alice, httpserver, token_auth_method="client_secret_post")
    done(KIND, task(alice, now, integration=one))
    assert "Authorization" not in requested[0].headers
    assert requested[0].form.to_dict() == {
        "grant_type": "refresh_token", "refresh_token": "old-refresh", "client_id": "our:client",
        "client_secret": "s3cr3t&",
    }  # fmt: skip


def test_a_public_client_only_gives_its_name(alice, now, httpserver, server):
    requested = server(access_token="new")
    one = integration(alice, httpserver, {"client_id": "public", "refresh_token": "old-refresh"})
    done(KIND, task(alice, now, integration=one))
    assert "Authorization" not in requested[0].headers
    assert requested[0].form.to_dict() == {
        "grant_type": "refresh_token", "refresh_token": "old-refresh", "client_id": "public",
    }  # fmt: skip


def test_without_a_new_refresh_token_the_old_one_stays_and_without_a_time_none_is_known(alice, now, httpserver, server):
    server(access_token="new")
    one = integration(alice, httpserver, token_expires_at=now.isoformat(), kept=1)
    what = done(KIND, task(alice, now, integration=one))
    assert secrets_of(one) == CREDENTIALS | {"access_token": "new"}
    assert one.config == {"token_url": httpserver.url_for("/token"), "kept": 1}
    assert what.result == "gmail has a new access token, which has no known expiry."


@pytest.mark.parametrize(
    ("status", "answer", "message", "again"),
    [
        (400, {"error": "invalid_grant"}, "400 (Bad Request): the refresh token was used or revoked", False),
        (401, {"error": "invalid_client"}, "401 (Unauthorized): unknown client", False),
        (400, {"error": "old-refresh"}, "400 (Bad Request).", False),
        (429, {"error": "slow_down"}, "429 (Too Many Requests).", True),
        (503, {}, "503 (Service Unavailable).", True),
        (200, {"token": "x"}, "200 (OK), but without an access token", False),
        (200, {"access_token": 5}, "200 (OK), but without an access token", False),
    ],
)
def test_what_it_refuses_is_told_in_words(alice, now, httpserver, server, status, answer, message, again):
    server(status=status, **answer)
    one = integration(alice, httpserver)
    with pytest.raises(OperationFailed) as failure:
        done(KIND, task(alice, now, integration=one))
    assert message in str(failure.value)
    assert failure.value.again is again
    assert "old-refresh" not in str(failure.value)
    assert secrets_of(one) == CREDENTIALS


def test_credentials_that_were_typed_anew_meanwhile_stay(alice, now, httpserver, server):
    server(access_token="new", refresh_token="newer")
    one = integration(alice, httpserver)
    requested = task(alice, now, integration=one)
    reached = operations[KIND].reach(requested)
    typed = CREDENTIALS | {"refresh_token": "typed"}
    type(one).objects.update(credentials_encrypted=seal(typed))
    with pytest.raises(OperationFailed, match="were changed since then, so they are kept"):
        operations[KIND].apply(requested, reached)
    assert secrets_of(one) == typed
    assert "new" not in repr(reached)


@pytest.mark.parametrize(
    ("credentials", "lacking"),
    [(None, "no client_id and no refresh_token"), ({"client_id": "c"}, "no refresh_token"),
     ({"client_id": "c", "refresh_token": 7}, "no refresh_token")],
)  # fmt: skip
def test_what_is_missing_is_said_before_anybody_is_asked(alice, now, httpserver, credentials, lacking):
    one = integration(alice, httpserver, credentials)
    with pytest.raises(OperationFailed, match=f"The credentials of gmail have {lacking}"):
        operations[KIND].check(task(alice, now, integration=one))


def test_it_cannot_be_taken_back(alice, now):
    assert not operations[KIND].reversible
    with pytest.raises(OperationFailed, match="is irreversible"):
        operations[KIND].undo(task(alice, now), {}, {})
