"""The pages of data sources and queries: who may what, secrets, tests, trials, deletion, and the activity log."""

import pytest

from rules.data_sources.connections import SourceSecrets, secrets_of
from rules.models import ActivityEntry, AutomationRule, DataSource, MetricQuery
from rules.pages.forms.data_source import DataSourceForm
from tests.rules.data_sources.source_cast import query_of, source_at

SOURCES, QUERIES = "/data-sources/", "/metric-queries/"
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def _loopback(settings):
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]


def filled(source=None, **fields):
    known = {"name": "prom", "address": "https://prom.example.com", "authentication": "none", "verify_tls": "on"}
    return known | {"timeout": "10", "enabled": "on"} | fields


def text_of(response, status=200):
    assert response.status_code == status
    return response.content.decode()


def rule_on(user, metric, name="Too many"):
    return AutomationRule.objects.create(
        user=user, rule_name=name, metric_type=metric, condition_operator=">", threshold_value=1, action_type="log"
    )


def test_secrets_are_kept_and_never_shown(client_of, ada):
    client = client_of(ada)
    secret = {
        "authentication": "bearer",
        "token": "s3cr3t-token",
        "headers": "X-Scope-OrgID: team-seven\nX-Key: k3y-k3y",
    }
    page = text_of(client.post(f"{SOURCES}add/", filled(**secret), follow=True))
    source = DataSource.objects.get()
    kept = SourceSecrets(token="s3cr3t-token", headers={"X-Scope-OrgID": "team-seven", "X-Key": "k3y-k3y"})
    assert (source.header_names, secrets_of(source)) == (["X-Key", "X-Scope-OrgID"], kept)
    edit = f"{SOURCES}{source.pk}/edit/"
    form = text_of(client.get(edit))
    changed = filled(authentication="bearer", name="prom2", headers="X-Scope-OrgID: …")
    client.post(edit, changed)
    source.refresh_from_db()
    assert (source.name, secrets_of(source)) == (
        "prom2", SourceSecrets(token="s3cr3t-token", headers={"X-Scope-OrgID": "team-seven"})
    )  # fmt: skip
    entries = list(ActivityEntry.objects.order_by("created_at"))
    assert [each.event_type for each in entries] == ["data_source_created", "data_source_changed"]
    assert entries[1].context["changes"] == "name prom → prom2; header X-Key removed"
    log = text_of(client.get(f"/activity/{entries[1].pk}/change/"))
    assert "Ada changed the data source prom2: name prom → prom2; header X-Key removed." in log
    for shown in (page, form, log, str(entries[0].context), source.sealed):
        assert not any(each in shown for each in ("s3cr3t", "team-seven", "k3y-k3y"))
    elsewhere = text_of(client.post(edit, changed | {"address": "https://evil.example.com"}))
    assert elsewhere.count("The address has changed, so enter the secret again") == 2
    assert DataSource.objects.get().address == "https://prom.example.com"


@pytest.mark.parametrize(("field", "value", "error"), [
    ("address", "ftp://x", "The URL must begin with https:// or http:// and name a host."),
    ("address", "https://a:b@x", "Do not put a name and password in the URL; choose an authentication below."),
    ("address", "https://x/api/v1/query", "Enter the address without /api/v1/query, which is added to it."),
    ("address", "https://x?a=1", "An address has no ? and no #."),
    ("username", "a:b", "A user name cannot contain a colon."), ("username", "", "Enter the user name."),
    ("password", "", "Enter the password."), ("token", "", "Enter the token."),
    ("token", "é", "The token contains characters that cannot be sent in a header."),
    ("headers", "s3cr3t-and-no-colon", "“s3cr3t-and-n…” is no header. Example: X-Scope-OrgID: team-a."),
    ("headers", "X-A: …", "The header X-A has no stored value that … could keep. Enter it."),
    ("headers", "Authorization: Bearer x", "The header Authorization cannot be set"),
    ("headers", "X A: b", "“X A” is not the name of a header."),
    ("person_label", "e-mail", "A label name starts with a letter or _"),
    ("timeout", "61", "Ensure this value is less than or equal to 60."),
    ("name", "a\x00b", "Null characters are not allowed."),
])  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(db, field, value, error):
    authentication = {"token": "bearer", "username": "basic", "password": "basic"}.get(field, "none")
    known = {"authentication": authentication, "username": "a", "password": "b"} | {field: value}
    form = DataSourceForm(filled(**known), source=DataSource())
    assert [found[: len(error)] for found in form.errors.pop(field)] == [error]
    assert not form.errors


def test_all_that_is_wrong_stands_on_the_page(client_of, ada):
    page = text_of(client_of(ada).post(f"{SOURCES}add/", filled(name="", address="ftp://x", headers="X A: b")))
    assert "Correct the errors below." in page
    for error in ("This field is required.", "name a host.", "“X A” is not the name of a header."):
        assert error in page
    assert not DataSource.objects.exists()


def test_the_test_asks_what_the_form_holds(client_of, ada, httpserver):
    client, sent = client_of(ada), filled(address=httpserver.url_for(""), _test="1")
    answer = {"status": "success", "data": {"resultType": "vector", "result": []}}
    httpserver.expect_request("/api/v1/query").respond_with_json(answer)
    assert "It does not say its version." in text_of(client.post(f"{SOURCES}add/", sent))
    httpserver.expect_request("/api/v1/status/buildinfo").respond_with_json({"data": {"version": "2.53.1"}})
    assert "Its version is 2.53.1." in text_of(client.post(f"{SOURCES}add/", sent, **HTMX))
    assert "<strong>Name.</strong>" in text_of(client.post(f"{SOURCES}add/", sent | {"name": ""}, **HTMX))
    assert not DataSource.objects.exists()
    down = source_at("http://127.0.0.1:1")
    assert "prom: 127.0.0.1 could not be reached" in text_of(client.post(f"{SOURCES}{down.pk}/test/", follow=True))


def test_a_query_is_tried_and_its_error_stands_at_the_field(client_of, olga, httpserver, now):
    client, source = client_of(olga), source_at(httpserver.url_for(""), person_label="user")
    series = [{"metric": {"host": f"h{n}", "user": "nobody"}, "value": [1, str(n)]} for n in range(25)]
    answer = {"status": "success", "data": {"resultType": "vector", "result": series}, "warnings": ["No store matched"]}
    httpserver.expect_ordered_request("/api/v1/query").respond_with_json(answer)
    httpserver.expect_ordered_request("/api/v1/query").respond_with_json({"error": "1:3: parse error"}, 400)
    sent = {"name": "http_errors", "source": str(source.pk), "expression": "up", "_try": "1"}
    page = text_of(client.post(f"{QUERIES}add/", sent, **HTMX))
    assert "25 series in " in page
    assert "The data source warns: No store matched" in page
    assert "25 of them name nobody here and are left out." in page
    assert "host: h19" in page
    assert "and 5 more series" in page
    assert "prom: 1:3: parse error." in text_of(client.post(f"{QUERIES}add/", sent))
    sent.pop("_try")
    assert "built-in metric" in text_of(client.post(f"{QUERIES}add/", sent | {"name": "fusion_score"}))
    assert "A name starts with a letter" in text_of(client.post(f"{QUERIES}add/", sent | {"name": "7x"}))
    page = text_of(client.post(f"{QUERIES}add/", sent, follow=True))
    assert "/rules/add/?metric_type=http_errors&amp;series_mode=each" in page
    form = text_of(client.get("/rules/add/?metric_type=http_errors&series_mode=each"))
    assert '<option value="http_errors">' in form
    assert '<option value="each" selected>' in form


def test_what_rules_watch_is_not_deleted_nor_renamed(client_of, ada):
    client, source = client_of(ada), source_at("https://prom.example.com")
    query, other = query_of(source, "errors", "up"), query_of(source, "other", "up")
    rule = rule_on(ada, "cpu")
    rule.more_conditions = [{"metric": "errors", "operator": ">", "threshold": 1}]
    rule.save()
    for page in (f"{SOURCES}{source.pk}/", f"{QUERIES}{query.pk}/"):
        assert "Too many" in text_of(client.get(page))
        assert "1 rule watches" in text_of(client.get(f"{page}delete/"))
        client.post(f"{page}delete/", {"post": "yes"})
    sent = {"name": "errors2", "source": str(source.pk), "expression": "up"}
    assert "1 rule watches this metric by its name errors" in text_of(client.post(f"{QUERIES}{query.pk}/edit/", sent))
    assert "Too many" in text_of(client.get("/rules/?data_source=prom"))
    assert "Too many" not in text_of(client.get("/rules/?data_source=none"))
    assert MetricQuery.objects.count() == 2
    client.post(f"{QUERIES}{other.pk}/delete/", {"post": "yes"})
    rule.delete()
    client.post(f"{SOURCES}{source.pk}/delete/", {"post": "yes"})
    assert not DataSource.objects.exists()
    entry = ActivityEntry.objects.latest("created_at")
    assert (entry.event_type, entry.context["queries"]) == ("data_source_deleted", "1 query")


def test_a_name_that_another_request_has_taken_meanwhile(client_of, ada, monkeypatch):
    source = source_at("https://prom.example.com")
    monkeypatch.setattr(DataSource, "validate_unique", lambda *_, **__: None)
    monkeypatch.setattr(MetricQuery, "validate_unique", lambda *_, **__: None)
    query_of(source, "errors", "up")
    sent = {"name": "errors", "source": str(source.pk), "expression": "up"}
    for page, form in ((SOURCES, filled()), (QUERIES, sent)):
        assert "This name is already taken." in text_of(client_of(ada).post(f"{page}add/", form))


def test_a_source_that_a_file_manages_is_only_tested(client_of, ada):
    source = source_at("http://127.0.0.1:1", provisioned_by="a.yml")
    client = client_of(ada)
    assert "Managed by the file" in text_of(client.get(f"{SOURCES}{source.pk}/"))
    assert client.get(f"{SOURCES}{source.pk}/edit/").status_code == 403
    assert client.get(f"{SOURCES}{source.pk}/delete/").status_code == 403
    assert "could not be reached" in text_of(client.post(f"{SOURCES}{source.pk}/test/", follow=True))


def test_operators_see_sources_and_edit_queries_auditors_see_both_members_neither(client_of, ada, olga, audra, alice):
    """Who sees the lists: tests.smartagent.accounts.test_roles."""
    source = source_at("http://127.0.0.1:1")
    query = query_of(source, "errors", "up")
    pages = [f"{SOURCES}{source.pk}/", f"{SOURCES}{source.pk}/edit/", f"{QUERIES}{query.pk}/",
             f"{QUERIES}{query.pk}/edit/"]  # fmt: skip
    expected = {olga: [200, 403, 200, 200], audra: [200, 403, 200, 403], alice: [403, 403, 403, 403]}
    asked = {ada: [302, 200], olga: [403, 200], audra: [403, 403], alice: [403, 403]}
    for person, statuses in asked.items():
        client = client_of(person)
        assert [client.get(page).status_code for page in pages if person in expected] == expected.get(person, [])
        test, trial = client.post(f"{pages[0]}test/"), client.post(f"{pages[2]}try/", **HTMX)
        assert [test.status_code, trial.status_code] == statuses
