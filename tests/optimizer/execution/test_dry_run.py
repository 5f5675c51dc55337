"""A dry run shows before and after, and nothing else happens: neither in the database nor over the network."""

import pytest
from django.apps import apps
from django.db import connection

from optimizer.execution.runner import apply, dry_run
from optimizer.models import OptimizationEvent
from tests.optimizer.step_cast import approved, integration_of, interval, metric_of, proposal_of


def everything():
    """All rows of all tables, as they are written."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            cursor.execute(f'SELECT array_agg(t::text ORDER BY t::text) FROM "{table}" t')
            found[table] = cursor.fetchone()[0]
    return found


def shown(event, now):
    return [[(each.what, each.before, each.after) for each in changes] + [why] * bool(why)
            for _, changes, why in dry_run(event, now)]  # fmt: skip


@pytest.fixture
def whole(alice, at_gmail, now, settings):
    """Every operation there is."""
    settings.OPTIMIZATION_ENGINE_URL = "http://127.0.0.1:9/"
    at_gmail.status = "error"
    at_gmail.save()
    metric_of(alice, "steady", "0.5", 0.2, [0.2] * 3, now)
    metric_of(alice, "lively", "0.5", 0.9, [0.1, 0.9, 0.5], now)
    kinds = [path.rsplit(".", 2)[1] for path in settings.OPTIMIZER_OPERATIONS]
    parameters = {"adjust_weight": {"metric": "steady", "step": 0.05}, "adjust_sync_interval": {"minutes": 9}}
    return proposal_of(alice, now, *[(kind, parameters.get(kind, {}), at_gmail) for kind in kinds])


def test_of_every_operation_nothing_happens(whole, platform, now):
    before = everything()
    assert len(dry_run(whole, now)) == 9
    assert everything() == before
    assert platform.platform.asked == []
    assert before["fusion_metrics"]


def test_it_shows_before_and_after(whole, now):
    found = dict(zip([step.operation for step, _, _ in dry_run(whole, now)], shown(whole, now), strict=True))
    assert found["reweight_fusion_metrics"] == [
        ("Weight of lively", "0.5", "0.4"), ("Weight of steady", "0.5", "0.6"), ("Fusion score", "55", "48"),
    ]  # fmt: skip
    assert found["adjust_weight"][0] == ("Weight of steady", "0.5", "0.55")
    assert found["adjust_sync_interval"] == [("Sync interval in minutes", "15", "9")]
    assert found["retry_connection"][0][1] == "error"
    assert found["refresh_oauth_token"][0][2] == "a new token"
    assert found["refresh_data"] == [("Last sync", "2 Mar 2026, 10:00 UTC", "now")]
    assert found["call_engine"] == [
        "OPTIMIZATION_ENGINE_SECRET is not a signing key: use whsec_ and 24 to 64 bytes in base64."
    ]
    assert found["analyze_slow_queries"] == found["validate_credentials"] == []


def test_what_it_shows_is_what_happens(alice, ada, now):
    metric_of(alice, "steady", "0.5", 0.2, [0.2] * 3, now)
    metric_of(alice, "lively", "0.5", 0.9, [0.1, 0.9, 0.5], now)
    event = approved(alice, ada, now, "reweight_fusion_metrics")
    ((_, changes, _),) = dry_run(event, now)
    step = apply(event.pk, now).steps.get()
    assert changes[-1].after == "48"
    assert step.after["score"] == "48.0000"


def test_what_cannot_be_done_says_why(alice, now):
    one = integration_of(alice)
    event = proposal_of(alice, now, interval(one, 0), ("retry_connection", {}, one), "not_installed",
                        ("adjust_sync_interval", {"minutes": 5}, None))  # fmt: skip
    assert shown(event, now) == [
        ["“minutes” must be a whole number from 1 to 1440."], ["The settings of gmail have no health_url."],
        ["Operation “not_installed” is not installed."], ["The integration was deleted."],
    ]  # fmt: skip
    assert OptimizationEvent.objects.get().status == "proposed"
