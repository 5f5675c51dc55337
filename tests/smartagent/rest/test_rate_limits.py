"""Requests are limited by token, person and address, in all processes together, at few statements."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from smartagent.accounts.tokens import issue_token
from smartagent.kernel import request_rates
from smartagent.kernel.request_rates import REQUEST_RATES, RequestLimit, RequestRates, forget_old_counts

NOW = 1_772_445_600.0  # a full minute


@pytest.fixture(autouse=True)
def _one_minute(monkeypatch):
    monkeypatch.setattr(request_rates.time, "time", lambda: NOW)
    REQUEST_RATES.clear()
    yield
    REQUEST_RATES.clear()


@pytest.fixture
def limits(settings):
    def are(**maxima):
        settings.API_REQUESTS_PER_MINUTE = {"token": 0, "person": 0, "address": 0} | maxima

    return are


def get(token="", path="/api/me/", **options):
    return Client(headers={"Authorization": f"Bearer {token}"} if token else {}).get(path, **options)


def limit_of(key, maximum):
    return RequestLimit(of="token", key=key, maximum=maximum)


def taken(rates, limit, times, now=NOW):
    return sum(not rates.take([limit], now)[0].is_exceeded for _ in range(times))


def test_processes_share_a_limit(db):
    one, two, limit = RequestRates(), RequestRates(), limit_of("shared", 1000)
    assert taken(one, limit, 700) == 700
    assert 300 <= taken(two, limit, 700) <= 320  # a fiftieth of the limit for each process
    assert taken(one, limit, 700) <= 20
    assert taken(one, limit, 1, NOW + 60) == 1


def test_a_small_limit_is_kept_to_the_request(db):
    processes, limit = [RequestRates() for _ in range(3)], limit_of("small", 10)
    assert sum(taken(each, limit, 1) for each in processes * 10) == 10


def test_most_requests_cost_no_statement(db):
    rates = RequestRates()
    limits = [limit_of(f"key{each}", 10_000) for each in range(3)]
    with CaptureQueriesContext(connection) as captured:
        for _ in range(2_000):
            rates.take(limits, NOW)
    assert len(captured) == 10
    assert forget_old_counts(NOW) == 0
    assert forget_old_counts(NOW + 60) == 3


def test_headers_say_what_is_left_and_429_when_to_try_again(alice, bob, client_of, limits):
    limits(token=2, person=3, address=5)
    first, second = (issue_token(alice, name)[1] for name in ("one", "two"))
    answer = get(first)
    assert answer["RateLimit-Policy"] == '"address";q=5;w=60, "token";q=2;w=60, "person";q=3;w=60'
    left = answer["RateLimit"].split(", ")
    assert [each.rpartition(";t=")[0] for each in left] == ['"address";r=4', '"token";r=1', '"person";r=2']
    assert {each.rpartition(";")[2] for each in left} == {"t=60"}
    assert get(first).status_code == 200
    refused = get(first)
    assert refused.status_code == 429
    assert refused.json()["detail"][0].startswith("At most 2 requests per token and minute. Try again in 60 seconds.")
    assert refused["Retry-After"] == "60"
    assert '"token";r=0;t=' in refused["RateLimit"]
    assert "per person" in get(second).json()["detail"][0]
    assert get(issue_token(bob, "x")[1]).status_code == 200
    assert "per address" in get(issue_token(bob, "y")[1]).json()["detail"][0]
    assert get(first, REMOTE_ADDR="203.0.113.7").status_code == 429
    assert get(issue_token(bob, "z")[1], REMOTE_ADDR="203.0.113.7").status_code == 200
    assert client_of(alice).get("/api/me/", REMOTE_ADDR="203.0.113.8").status_code == 429  # a session counts, too


@pytest.mark.parametrize("path", [
    "/api/v1/write", "/v1/metrics", "/api/v1/rules", "/api/schema/", "/rest/v1/rpc/get_anomaly_count",
])  # fmt: skip
def test_every_interface_is_limited(alice, limits, path):
    limits(address=1)
    _, token = issue_token(alice, "x")
    assert "RateLimit" in get(token, path)
    assert get(token, path).status_code == 429


def test_no_limit_no_header(alice, limits):
    limits()
    assert "RateLimit" not in get(issue_token(alice, "x")[1])
