"""What a source answers, and how it fails to: each failure is a sentence, of its query alone."""

import json
import time

import pytest
from werkzeug import Response

from rules.data_sources import client
from rules.data_sources.asking import MAX_SILENT, QUERIES_AT_ONCE, ask_queries
from rules.data_sources.connections import SourceSecrets
from rules.data_sources.record import record_outcomes
from rules.data_sources.status import last_errors
from rules.models import DataSource
from tests.receivers import raw_server
from tests.rules.data_sources.source_cast import query_of, source_at

REFUSED = {"status": "error", "errorType": "bad_data", "error": '1:5: parse error: unexpected "\n" <eof>'}
MISSHAPEN = {"data": {"resultType": "vector", "result": [{"metric": {}, "value": ["x", "1"]}]}}
FOREIGN = "prom: this is not an answer of Prometheus' HTTP API: "
PLENTY = [{"metric": {"n": str(n)}, "value": [1, "1"]} for n in range(4)]


@pytest.fixture(autouse=True)
def _loopback(settings, db):
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]


def vector(*series):
    return {"status": "success", "data": {"resultType": "vector", "result": list(series)}}


def asked(now, source, expression="up"):
    return ask_queries([query_of(source, "up", expression)], now)[0]


def test_series_without_their_name_and_without_what_is_no_number(httpserver, now):
    httpserver.expect_request("/base/api/v1/query", method="POST").respond_with_json(vector(
        {"metric": {"__name__": "up", "host": "a"}, "value": [now.timestamp(), "1.5"]},
        {"metric": {"host": "b"}, "value": [now.timestamp(), "NaN"]},
        {"metric": {"host": "c"}, "value": [now.timestamp(), "+Inf"]},
    ))  # fmt: skip
    secrets = SourceSecrets(token="s3cr3t-token", headers={"X-Scope-OrgID": "team-a"})
    outcome = asked(now, source_at(httpserver.url_for("/base/"), secrets, authentication="bearer"))
    assert [(each.labels, each.value, each.at) for each in outcome.series] == [({"host": "a"}, 1.5, now)]
    (request, _), *_ = httpserver.log
    assert request.headers["Authorization"] == "Bearer s3cr3t-token"
    assert request.headers["X-Scope-OrgID"] == "team-a"
    assert (request.form["query"], request.form["time"]) == ("up", f"{now.timestamp():.3f}")
    assert "s3cr3t" not in DataSource.objects.get().sealed


@pytest.mark.parametrize(("answer", "error"), [
    (Response("Unauthorized, s3cr3t-token is wrong", 401),
     "prom: it answered 401 Unauthorized: Unauthorized, … is wrong."),
    (Response(json.dumps(REFUSED), 422), 'prom: 1:5: parse error: unexpected " " <eof>.'),
    (Response("", 302, {"Location": "/api/v1/query2"}),
     "prom: it answered 302 Found. Redirects are not followed; enter the final address."),
    (Response("<!doctype html>"), f"{FOREIGN}a page of HTML."),
    (Response(json.dumps(MISSHAPEN)), f"{FOREIGN}{json.dumps(MISSHAPEN)}."),
    (Response(json.dumps(vector(*PLENTY))), "prom: the query returned 4 series; at most 3 are read. Aggregate or "
     "select in the query, or raise DATA_SOURCE_MAX_SERIES."),
    (Response(json.dumps(vector(PLENTY[0], PLENTY[0]))),
     'prom: the query returns several series with the same labels: {n="0"}.'),
    (Response(json.dumps(vector({"metric": {}, "histogram": [1, {}]}))),
     "prom: the query returns native histograms; histogram_quantile() makes numbers of them."),
    (Response(b" " * 300), "prom: the answer has more than 0 MB."),
], ids=["401", "422", "302", "html", "shape", "series", "twice", "histogram", "size"])  # fmt: skip
def test_a_failure_in_the_source_s_own_words(httpserver, now, settings, monkeypatch, answer, error):
    settings.DATA_SOURCE_MAX_SERIES = 3
    if answer.calculate_content_length() == 300:
        monkeypatch.setattr(client, "MAX_ANSWER_BYTES", 200)
    httpserver.expect_request("/api/v1/query").respond_with_response(answer)
    source = source_at(httpserver.url_for(""), SourceSecrets(token="s3cr3t-token"), authentication="bearer")
    outcome = asked(now, source)
    assert (outcome.error, outcome.series) == (error, [])
    record_outcomes([outcome], now)
    source.refresh_from_db()
    assert (source.last_error, source.last_error_at, source.last_success_at) == (error, now, None)


def test_a_silent_source_is_given_up_and_costs_others_nothing(httpserver, now):
    httpserver.expect_request("/api/v1/query").respond_with_json(vector())
    fast, down = source_at(httpserver.url_for(""), name="fast"), source_at("http://127.0.0.1:1", name="down")
    off = source_at("http://127.0.0.1:1", name="off", enabled=False)
    queries = [query_of(each, each.name, "up") for each in (fast, down, off)]
    asked = []

    def hang(connection):
        asked.append(connection)
        time.sleep(2)

    with raw_server(hang) as address:
        slow = source_at(address, name="slow", timeout=1)
        queries += [query_of(slow, f"slow{n}", "up") for n in range(40)]
        slow.timeout = 0.3
        outcomes = {outcome.query.name: outcome for outcome in ask_queries(queries, now)}
    assert MAX_SILENT <= len(asked) < MAX_SILENT + QUERIES_AT_ONCE  # after three without an answer, no more are asked
    assert all(outcomes[f"slow{n}"].error.startswith("slow: 127.0.0.1 did not answer within ") for n in range(40))
    assert outcomes["fast"].error == ""
    assert "could not be reached" in outcomes["down"].error
    assert outcomes["off"].error == "The data source off is disabled."


def test_an_error_of_many_queries_is_shown_once_with_their_names():
    at = ["2026-03-02T10:00:00+00:00", "2026-03-02T09:55:00+00:00"]
    kept = [(0, "a", "down"), (0, "b", "down"), (0, "c", "parse error"), (1, "b", "down"), (1, "d", "down")]
    source = DataSource(errors=[{"at": at[time], "metric": metric, "error": error} for time, metric, error in kept])
    found = [(each.error, each.metrics, each.at.isoformat()) for each in last_errors(source)]
    assert found == [("down", ["a", "b", "d"], at[0]), ("parse error", ["c"], at[0])]
