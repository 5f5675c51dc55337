"""call_engine gives the numbers to an external engine, signed, and keeps what it answers as evidence."""

import json

import pytest
from standardwebhooks.webhooks import Webhook
from werkzeug import Response

from notifications.channels.webhook import new_key
from optimizer.operations import OperationFailed
from optimizer.registries import operations
from tests.optimizer.step_cast import done, task

KIND = "call_engine"


@pytest.fixture
def engine(httpserver, loopback, settings):
    """An engine that answers with this, and what it was asked; it takes nothing that is not signed."""
    settings.OPTIMIZATION_ENGINE_URL = httpserver.url_for("/engine")
    settings.OPTIMIZATION_ENGINE_SECRET = new_key()

    def answers(content, status=200):
        requested = []

        def respond(request):
            Webhook(settings.OPTIMIZATION_ENGINE_SECRET).verify(
                request.get_data(), dict(request.headers.items(lower=True))
            )
            requested.append((request.headers, request.get_json()))
            return Response(content, status=status)

        httpserver.expect_request("/engine", method="POST").respond_with_handler(respond)
        return requested

    return answers


def test_its_result_is_kept(alice, now, engine):
    requested = engine('{"weights": {"mail": 0.4}, "score": 71.5}')
    step = task(alice, now, metric="fusion_score", value=55.0, threshold=70)
    what = done(KIND, step)
    ((headers, body),) = requested
    assert headers["webhook-id"] == headers["Idempotency-Key"] == str(step.id)
    assert body["type"] == "optimization.requested"
    assert body["data"] == {
        "step": str(step.id), "person": str(alice.pk), "metric": "fusion_score", "value": 55.0, "threshold": 70,
    }  # fmt: skip
    assert what.after == {"result": {"weights": {"mail": 0.4}, "score": 71.5}}
    assert what.result == "The engine at localhost answered with 41 characters of JSON."


def test_a_long_result_is_cut(alice, now, engine):
    engine(json.dumps(["x" * 20_000]))
    after = done(KIND, task(alice, now)).after
    assert (len(after["beginning"]), after["characters"]) == (8000, 20_004)


@pytest.mark.parametrize(
    "content",
    ["", "Hello", '{"a": NaN}', '{"a": 1e999}', '{"a": "\\u0000"}', '{"a": "\\ud800"}', "[" * 50_000,
     '"' + "x" * 70_000 + '"'],
    ids=["empty", "text", "nan", "infinite", "nul", "half a letter", "deep", "longer than 64 KB"],
)  # fmt: skip
def test_what_a_database_cannot_keep_is_no_result(alice, now, engine, content):
    engine(content)
    with pytest.raises(OperationFailed, match="JSON of at most 64 KB") as failure:
        done(KIND, task(alice, now))
    assert not failure.value.again


@pytest.mark.parametrize(("status", "again"), [(400, False), (401, False), (429, True), (502, True)])
def test_what_it_refuses_is_told(alice, now, engine, status, again):
    engine("{}", status)
    with pytest.raises(OperationFailed, match=f"The engine answered {status}") as failure:
        done(KIND, task(alice, now))
    assert failure.value.again is again


def test_without_an_address_or_a_key_it_says_which_setting_is_missing(alice, now, settings):
    operation = operations[KIND]
    with pytest.raises(OperationFailed, match="OPTIMIZATION_ENGINE_URL is empty"):
        operation.check(task(alice, now))
    settings.OPTIMIZATION_ENGINE_URL = "https://engine.example.com/"
    settings.OPTIMIZATION_ENGINE_SECRET = "guess-me"
    with pytest.raises(OperationFailed, match="OPTIMIZATION_ENGINE_SECRET is not a signing key") as failure:
        operation.check(task(alice, now))
    assert "guess-me" not in str(failure.value)
