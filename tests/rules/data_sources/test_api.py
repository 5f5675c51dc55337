"""Data sources and metric queries by REST: write-only secrets, errors by field, tests, permissions, deletion."""

import pytest

from rules.data_sources.connections import SourceSecrets, secrets_of
from rules.ingest.samples import MAX_METRIC_NAME
from rules.models import ActivityEntry, AutomationRule, DataSource, MetricQuery
from tests.api import Program
from tests.rules.data_sources.source_cast import query_of, source_at

SENT = {
    "name": "mimir", "address": "https://mimir.example.com/prometheus", "authentication": "bearer",
    "token": "s3cr3t-tok", "headers": {"X-Scope-OrgID": "team-seven"}, "person_label": "user",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _loopback(settings):
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]


def test_secrets_go_in_and_never_come_out(ada):
    api = Program(ada)
    made = api.post("data-sources/", SENT, status=201)
    source = DataSource.objects.get()
    kept = SourceSecrets(token="s3cr3t-tok", headers={"X-Scope-OrgID": "team-seven"})
    assert secrets_of(source) == kept
    assert (made["secrets"], made["header_names"]) == ({"password": False, "token": True}, ["X-Scope-OrgID"])
    assert (made["state"], made["last_evaluation"]) == ("unasked", None)
    page = f"data-sources/{source.pk}/"
    changed = api.patch(page, {"timeout": 5, "headers": {"X-Scope-OrgID": None, "X-A": "b"}})
    assert secrets_of(DataSource.objects.get()).headers == {"X-Scope-OrgID": "team-seven", "X-A": "b"}
    refused = api.patch(page, {"address": "https://evil.example.com"}, status=400)
    assert refused.keys() == {"token", "headers"}
    api.patch(page, {"address": "https://b.example.com", "token": "t2", "headers": {}})
    assert secrets_of(DataSource.objects.get()) == SourceSecrets(token="t2")
    shown = str([made, changed, api.get("data-sources/"), *ActivityEntry.objects.values_list("context")])
    assert not any(each in shown for each in ("s3cr3t", "team-seven"))


@pytest.mark.parametrize(("fields", "field"), [
    ({"address": "https://x/api/v1"}, "address"), ({"headers": {"A": 1}}, "headers"), ({"headers": []}, "headers"),
    ({"headers": {"A": None}}, "headers"), ({"headers": {"Host": "b"}}, "headers"),
    ({"headers": {"A": "\n"}}, "headers"),
    ({"token": ""}, "token"), ({"token": "é"}, "token"), ({"authentication": "basic", "username": "a"}, "password"),
    ({"username": "a:b"}, "username"),
    ({"timeout": 61}, "timeout"), ({"timeout": 10**400}, "timeout"), ({"verify_tls": "no"}, "verify_tls"),
    ({"name": "prom"}, "name"), ({"name": "a\x00"}, "name"), ({"person_label": "e-mail"}, "person_label"),
    ({"secret": "x"}, "secret"),
])  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(ada, fields, field):
    source_at("http://127.0.0.1:1")
    assert field in Program(ada).post("data-sources/", SENT | fields, status=400)
    assert DataSource.objects.count() == 1


def test_queries_name_their_source_and_are_tested(olga, httpserver):
    api, source = Program(olga), source_at(httpserver.url_for(""))
    answer = {
        "warnings": ["partial"],
        "data": {"resultType": "vector", "result": [{"metric": {"host": "a"}, "value": [1, "2"]}]},
    }
    httpserver.expect_request("/api/v1/query").respond_with_json(answer)
    sent = {"name": "errors", "source": "prom", "expression": "rate(errors[5m])"}
    made = api.post("metric-queries/", sent, status=201)
    assert api.patch(f"metric-queries/{made['id']}/", {"source": str(source.pk), "unit": "ms"})["source"] == "prom"
    found = api.post(f"metric-queries/{made['id']}/test/", {}, status=200)
    assert (found["series"], found["count"], found["error"]) == ([{"labels": {"host": "a"}, "value": 2.0}], 1, "")
    assert found["warnings"] == ["partial"]
    assert [each["name"] for each in api.get("metric-queries/?source=prom")["results"]] == ["errors"]
    wrong = {
        "source": ["none", 7, None],
        "expression": [" ", "x" * 10_001],
        "name": ["fusion_score", "7x", "", "x" * 201],
    }
    for field, value in ((field, value) for field, values in wrong.items() for value in values):
        assert field in api.post("metric-queries/", sent | {"name": "more"} | {field: value}, status=400)
    assert "name" in api.post("metric-queries/", sent, status=400)
    api.post("metric-queries/", sent | {"name": "x" * MAX_METRIC_NAME}, status=201)


def test_a_source_is_tested_and_kept_while_rules_watch_it(ada):
    api, source = Program(ada), source_at("http://127.0.0.1:1")
    query = query_of(source, "errors", "up")
    found = api.post(f"data-sources/{source.pk}/test/", {}, status=200)
    assert (found["answered"], "could not be reached" in found["error"]) == (False, True)
    rule = AutomationRule.objects.create(
        user=ada, rule_name="Many", metric_type="errors", condition_operator=">", threshold_value=1, action_type="log"
    )
    for path in (f"data-sources/{source.pk}/", f"metric-queries/{query.pk}/"):
        assert "“Many”" in str(api.delete(path, status=409))
    rule.delete()
    DataSource.objects.update(provisioned_by="a.yml")
    assert "a.yml" in str(api.patch(f"data-sources/{source.pk}/", {"timeout": 5}, status=409))
    DataSource.objects.update(provisioned_by="")
    api.delete(f"data-sources/{source.pk}/", status=204)
    assert not MetricQuery.objects.exists()


def test_a_rule_does_not_aggregate_a_query(ada):
    query_of(source_at("http://127.0.0.1:1"), "errors", "up")
    further = {"metric": "errors", "reducer": "absent", "window": "1h", "operator": "=", "threshold": 1}
    rule = {
        "rule_name": "Many", "metric_type": "errors", "condition_operator": ">", "threshold_value": 1,
        "action_type": "log", "reducer": "avg", "evaluation_window": "1h", "more_conditions": [further],
    }  # fmt: skip
    refused = Program(ada).post("rules/", rule, status=400)
    assert refused.keys() == {"reducer", "more_conditions.0.reducer"}
    assert "aggregate in the query, for example by avg_over_time" in refused["reducer"][0]


def test_who_may_what(ada, olga, audra, alice):
    source = source_at("http://127.0.0.1:1")
    query = query_of(source, "errors", "up")
    sources, queries = f"data-sources/{source.pk}/", f"metric-queries/{query.pk}/"
    for person, sees, edits_source, edits_query in (
        (ada, 200, 200, 200), (olga, 200, 403, 200), (audra, 200, 403, 403), (alice, 403, 403, 403)
    ):  # fmt: skip
        api = Program(person)
        api.get(sources, status=sees)
        api.get("metric-queries/", status=sees)
        api.patch(sources, {"timeout": 6}, status=edits_source)
        api.post(f"{sources}test/", {}, status=edits_source)
        api.patch(queries, {"unit": "ms"}, status=edits_query)
