"""The past of queries: asked once for a span in a block, at the times of evaluations, bounded; refusals in words."""

import json
from datetime import timedelta

import pytest
from werkzeug import Response

from rules.backtesting.replay import replay
from rules.data_sources import history
from rules.data_sources.history import HistoryUnavailable, history_within, query_history
from tests.rules.data_sources.source_cast import query_of, source_at
from tests.rules.evaluation.test_dispatcher import rule_of

STEP = timedelta(minutes=5)


@pytest.fixture(autouse=True)
def _loopback(settings, db):
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]


def matrix(request):
    """Each asked time as the value of one series."""
    start, end, step = (float(request.form[name]) for name in ("start", "end", "step"))
    values = [[start + n * step, str(n)] for n in range(int((end - start) / step) + 1)]
    result = [{"metric": {"target": "a"}, "values": values}]
    return Response(json.dumps({"data": {"resultType": "matrix", "result": result}}))


def test_a_block_asks_once_for_a_span(httpserver, now):
    httpserver.expect_request("/api/v1/query_range").respond_with_handler(matrix)
    query_of(source_at(httpserver.url_for("")), "load", "up")
    with history_within():
        found = query_history(["load", "cpu"], now - timedelta(hours=1), now, STEP)
        assert query_history(["load"], now - timedelta(hours=1), now, STEP) == found
    assert len(httpserver.log) == 1
    assert [value for _, value in found[None]["load", "a"]] == [float(n) for n in range(13)]
    assert all(at.timestamp() % 300 == 0 for at, _ in found[None]["load", "a"])


def test_what_a_source_does_not_give_is_said(httpserver, now, monkeypatch, alice):
    httpserver.expect_request("/api/v1/query_range").respond_with_handler(matrix)
    source = source_at(httpserver.url_for(""))
    query_of(source, "load", "up")
    monkeypatch.setattr(history, "MAX_HISTORY_VALUES", 10)
    with pytest.raises(HistoryUnavailable, match="prom: the history of load has more than 10 values"):
        query_history(["load"], now - timedelta(hours=1), now, STEP)
    with history_within(-1), pytest.raises(HistoryUnavailable, match="no time was left to ask for the history of load"):
        query_history(["load"], now - timedelta(hours=1), now, STEP)
    rule = rule_of(alice, "load", ">", 5, "log", reducer="avg", evaluation_window=timedelta(hours=1))
    with pytest.raises(ValueError, match="load is a query, whose samples are not stored here, so it has no avg"):
        replay(rule, now - timedelta(hours=1), now)
    source.enabled = False
    source.save()
    rule.reducer = "last"
    with pytest.raises(HistoryUnavailable, match="The data source prom is disabled"):
        replay(rule, now - timedelta(hours=1), now)
