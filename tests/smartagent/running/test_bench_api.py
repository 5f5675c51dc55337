"""The bench of the API asks as each role, finds what is wrong, and takes back what it has done."""

import pytest
from django.core.management import CommandError, call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone

from rules.models import AutomationRule
from smartagent.bench.api.job import Job
from smartagent.bench.api.process import run
from smartagent.bench.api.roles import ROLES, make_people
from smartagent.bench.api.run import figures_of, jobs_of
from smartagent.rest.me import MeView
from tests.smartagent.rest.test_openapi import schema


@pytest.fixture
def things(db, no_limits):
    """The web server closes its connection after each request; here it is the test's own."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield make_people(timezone.now())
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def send(things):
    """Sends a few requests as a role, one operation in so many."""
    return lambda role, cases, **how: run(Job(role=role, cases=cases, database="", things=things, seed=1, **how))


def test_a_look_as_a_member_finds_nothing_and_leaves_nothing(send):
    rules = set(AutomationRule.objects.values_list("pk", "rule_name", "deleted_at"))
    found = send("member", 25)
    assert found["cases"] >= 25
    assert (found["failures"], found["server_errors"], found["found"]) == (0, 0, {})
    assert {"200", "404"} <= found["statuses"].keys()
    assert set(AutomationRule.objects.values_list("pk", "rule_name", "deleted_at")) == rules


def test_a_view_that_breaks_is_found_with_its_error(send, monkeypatch):
    monkeypatch.setattr(MeView, "get", lambda *args, **how: 1 / 0)
    me = [found.ok().label for found in schema.get_all_operations()].index("GET /api/me/")
    found = send("administrator", 1, part=me, parts=1000)
    (failure,) = found["found"].values()
    assert found["server_errors"] == found["failures"] == found["cases"] > 0
    assert (failure["operation"], failure["check"]) == ("GET /api/me/", "Server error")
    assert "ZeroDivisionError" in failure["error"]
    assert "Bearer" not in str(failure)


def test_cases_are_shared_by_all_roles_and_the_administrator_asks_at_the_edges(things):
    jobs = jobs_of(20_000, ROLES, 1, things)
    assert {job["role"] for job in jobs} == set(ROLES)
    assert sum(job["cases"] for job in jobs) >= 8_000
    assert {job["role"] for job in jobs if "edges_every" in job} == {"administrator"}


def test_the_figures_are_those_of_each_role_and_of_all():
    rows = [
        {"role": role, "cases": 2, "failures": 1, "server_errors": 0, "seconds": 0.5, "found": {"a": {"check": "b"}}}
        for role in ("member", "member", "nobody")
    ]
    figures = figures_of(rows, ["member", "nobody"])
    assert (figures["cases"], figures["failures"], figures["server_errors"]) == (6, 3, 0)
    assert [row["cases"] for row in figures["roles"]] == [4, 2]
    assert figures["failed"][0] == {"role": "member", "check": "b"}


def test_without_schemathesis_the_bench_says_what_to_install(monkeypatch):
    monkeypatch.setattr("smartagent.bench.api.run.find_spec", lambda name: None)
    with pytest.raises(CommandError, match=r"pip install -r tests/requirements.txt") as refused:
        call_command("bench", "api")
    assert refused.value.returncode == 2
