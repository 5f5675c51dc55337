"""What is secret of an integration is in no row and no log that an optimization writes, even where it is sent back."""

import json

import pytest
from django.db import connection
from werkzeug import Response

from optimizer.execution.runner import apply, dry_run
from optimizer.models import ActionLog, OptimizationEvent, OptimizationStep
from rules.models import ActivityEntry, Integration
from tests.optimizer.step_cast import approved, integration_of

SECRETS = {name: f"{name}-VERY-SECRET" for name in ("client_id", "client_secret", "access_token", "refresh_token")}
SECRETS["signing_key"] = "whsec_" + "VkVSWVNFQ1JFVFZFUllTRUNSRVRWRVJZU0VDUkVU"
WRITTEN = (OptimizationEvent, OptimizationStep, ActionLog, ActivityEntry)


@pytest.fixture
def parrot(httpserver, loopback):
    """A server that says everything back that it was told, with this code."""

    def answers(code):
        def respond(request):
            received = {**request.headers, **request.form, "body": request.get_data(as_text=True)}
            received |= {"error": json.dumps(received), "access_token": "NEW-SECRET"}
            return Response(json.dumps(received), status=code)

        httpserver.expect_request("/parrot").respond_with_handler(respond)
        return httpserver.url_for("/parrot")

    return answers


def written():
    with connection.cursor() as cursor:
        found = []
        for model in WRITTEN:
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {model._meta.db_table} t")
            found.append(cursor.fetchone()[0] or "")
    return " ".join(found)


@pytest.mark.django_db
@pytest.mark.parametrize("code", [200, 400, 401, 500])
@pytest.mark.parametrize("kind", ["refresh_oauth_token", "validate_credentials", "refresh_data", "retry_connection"])
def test_they_are_nowhere(alice, ada, now, parrot, capfd, code, kind):
    url = parrot(code)
    config = dict.fromkeys(("token_url", "probe_url", "refresh_url", "health_url"), url)
    one = integration_of(alice, credentials=SECRETS, config=config)
    event = approved(alice, ada, now, (kind, {}, one))
    seen = str(dry_run(event, now))
    apply(event.pk, now)
    shown = " ".join([written(), seen, *capfd.readouterr()])
    assert OptimizationStep.objects.get().status in ("done", "failed", "proposed")
    for secret in (*SECRETS.values(), "NEW-SECRET", "VERY-SECRET"):
        assert secret not in shown
    assert "VERY-SECRET" not in str(Integration.objects.values("config", "credentials_encrypted", "error_message"))
