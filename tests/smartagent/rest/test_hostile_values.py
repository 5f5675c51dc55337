"""Values that no table, clock or list of kinds has are refused in words by REST, at any place of a body."""

import json
from itertools import cycle
from typing import Any

import pytest
from django.contrib.admin import site
from django.test import Client, RequestFactory
from django.urls import reverse

from rules.models import Integration
from smartagent.models import User
from tests.api import Program
from tests.examples import examples
from tests.rules.rule_cast import rule_of
from tests.smartagent.fuzzing import exchanged, leaves
from tests.smartagent.whole_bodies import BODIES

PLACES = [
    (method, address, path)
    for (method, address), body in BODIES.items()
    if "{id}" not in address
    for path in leaves(body)
]
UNSTORABLE = ("\ud800", "a\x00b")
KINDS = [
    ("rules/", "action_type"), ("rules/", "metric_type"), ("rules/", "condition_operator"), ("rules/", "reducer"),
    ("rules/", "severity"), ("rules/", "match"), ("rules/", "status"), ("rules/", "applies_to"),
    ("rules/", "error_policy"),
    ("rules/", "no_data_policy"), ("channels/", "kind"), ("rules/trial/", "action_type"),
]  # fmt: skip


def test_half_a_pair_and_nul_are_refused_in_words_anywhere(alice: User) -> None:
    """In turns, or where somebody has the time both everywhere."""
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    for number, (method, address, path) in enumerate(PLACES * min(examples(1), 2)):
        text = UNSTORABLE[(number + number // len(PLACES)) % 2]
        body = json.dumps(exchanged(BODIES[method, address], path, text))
        answer = client.generic(method, address, body, content_type="application/json")
        assert answer.status_code < 500, (address, path)
        assert answer.headers["Content-Type"] == "application/json"
        assert json.dumps(answer.json(), ensure_ascii=False).encode()


@pytest.mark.parametrize("kind", ["allert", "\ud800", "x" * 5_000, ["alert"], {"a": 1}, 7, None])
def test_an_unknown_kind_is_refused_in_words(alice: User, kind: Any) -> None:
    for address, name in KINDS:
        if (kind is None and name in ("match", "error_policy")) or (kind, name) == ("allert", "metric_type"):
            continue
        body = BODIES["POST", f"/api/{address}"] | {name: kind}
        answer = Program(alice).post(address, json.dumps(body), status=400)
        assert any(name in field or field == "detail" for field in answer), (address, name, answer)


@pytest.mark.parametrize(("path", "status"), [("nowhere/", 404), ("rules/x/", 404), ("\ud800/", 404), ("me", 404)])
@pytest.mark.parametrize("accept", ["text/html", "*/*", "", "nonsense", "application/json"])
def test_nothing_below_api_is_html(client_of: Any, alice: User, path: str, status: int, accept: str) -> None:
    address = "/api/" + path.encode("utf-8", "surrogatepass").decode("latin-1")
    answer = client_of(alice).get(address, headers={"accept": accept})
    assert answer.status_code in (status, 406)
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "kind", ["text/html", "multipart/form-data", "nonsense", "application/json; charset=utf-16", ""]
)
def test_bodies_of_any_type_are_answered_as_json(client_of: Any, alice: User, kind: str) -> None:
    for body in (b"", b"\xff\xfe", b"{", b"[" * 100_000, b'{"a": 1e999999}'):
        answer = client_of(alice).generic("POST", "/api/rules/", body, content_type=kind)
        assert answer.status_code in (400, 415)
        assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("charset", ["utf-16", "utf-32le", "latin-1", "nonsense", "idna", "x" * 50])
def test_a_body_in_another_charset_than_utf_8_is_refused_in_words(client_of: Any, alice: User, charset: str) -> None:
    for address, kind in (("/api/rules/", "application/json"), ("/api/samples/", "application/x-ndjson")):
        answer = client_of(alice).generic("POST", address, b"[" * 20_000, content_type=f"{kind}; charset={charset}")
        assert answer.status_code == 415
        assert "send the body as UTF-8." in answer.json()["detail"][0]


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "utf8", '"utf-8"', "us-ascii", ""])
def test_utf_8_may_be_named(client_of: Any, alice: User, charset: str) -> None:
    answer = client_of(alice).generic(
        "POST", "/api/samples/", b"{", content_type=f"application/json; charset={charset}"
    )
    assert answer.status_code == 400
    assert "not JSON" in answer.json()["detail"][0]


def test_a_forged_request_and_a_bad_host_are_answered_as_json(alice: User) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(alice)
    forged = client.post("/api/rules/", "{}", content_type="application/json")
    elsewhere = client.get("/api/rules/", headers={"host": "evil.example"})
    assert (forged.status_code, elsewhere.status_code) == (403, 400)
    assert forged.headers["Content-Type"] == elsewhere.headers["Content-Type"] == "application/json"


def test_a_view_that_breaks_outside_of_rest_is_answered_as_json(alice: User, monkeypatch: Any) -> None:
    monkeypatch.setattr("smartagent.shell.middleware.zoneinfo.ZoneInfo", lambda name: 1 / 0)
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    answer = client.get("/api/me/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "application/json")


@pytest.mark.parametrize("text", ["x", "'; --", "\x00", "1e1000000", "0" * 5_000, "<script>", "-1", str([])])
def test_a_person_that_is_no_id_is_refused_at_its_field(client_of: Any, olga: User, text: str) -> None:
    Integration.objects.create(user=olga, integration_type="slack")
    rule = rule_of(olga)
    for address in (
        reverse("admin:rules_automationrule_add"), reverse("admin:rules_automationrule_change", args=[rule.pk]),
        reverse("admin:rules_integration_add"),
        reverse("admin:rules_integration_change", args=[Integration.objects.get().pk]),
    ):  # fmt: skip
        page = client_of(olga).post(address, {"user": text})
        assert page.status_code == 200
        assert "user" in page.context["adminform"].form.errors
        assert client_of(olga).get(address, {"user": text}).status_code == 200


@pytest.mark.parametrize("text", ["9" * 5_000, "[" * 100_000, '{"a":' * 20_000])
def test_json_that_python_cannot_hold_is_refused_at_its_field(client_of: Any, olga: User, text: str) -> None:
    sent = {"integration_type": "slack", "status": "active", "config": text, "credentials": text}
    page = client_of(olga).post(reverse("admin:rules_integration_add"), sent)
    assert page.status_code == 200
    assert page.context["adminform"].form.errors.keys() >= {"config", "credentials"}


@pytest.mark.parametrize("text", ["%", "%s", "{% include %}", "%(x)s"])
def test_a_filter_is_refused_with_a_percent_sign_as_it_was_sent(alice: User, text: str) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    for address in ("states", "activity"):
        answer = client.get(f"/api/{address}/", {"labels": text})
        assert answer.status_code == 400
        assert text.strip("{}") in answer.json()["labels"][0]


@pytest.mark.parametrize("text", [".", "- .", "\u02bc; SELECT 1; --"])
def test_a_search_without_a_word_finds_nothing(client_of: Any, ada: User, text: str) -> None:
    assert client_of(ada).get("/activity/", {"search": text}).status_code == 200


KEYS = ("", "{% debug %}", "\x00", "9" * 5_000, "0190a5a4-0000-7000-8000-00000000000g")


@pytest.mark.parametrize("turn", range(len(KEYS) if examples(1) > 1 else 1))
def test_what_is_chosen_in_a_list_and_is_no_id_is_nothing(client_of: Any, ada: User, turn: int) -> None:
    """Each key somewhere, or where somebody has the time each everywhere."""
    client, keys = client_of(ada), cycle(KEYS[turn:] + KEYS[:turn])
    request = RequestFactory().get("/")
    request.user = ada
    lists = [each for each in site._registry.values() if each.get_actions(request)]
    assert {"people", "rules"} <= {each.slug for each in lists}
    for each in lists:
        address = reverse(f"admin:{each.opts.app_label}_{each.opts.model_name}_changelist")
        for verb in each.get_actions(request):
            sent = {"action": verb, "select_across": "0", "index": "0", "_selected_action": [next(keys), str(ada.pk)]}
            assert client.post(address, sent).status_code in (200, 302), (address, verb)


TIMES = [
    "2026-03-02T10:00:00+18:00", "2026-03-02T10:00:00+23:59", "0001-01-01T00:00:00+18:00", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-18:00", "x", "",
]  # fmt: skip
LISTS = [
    "/activity/", "/rules/", "/runs/", "/silences/", "/firing/", "/notifications/", "/deliveries/", "/optimizations/",
    "/integrations/", "/deliveries/export/",
]  # fmt: skip


@pytest.mark.parametrize("turn", range(len(TIMES)))
def test_a_place_in_a_list_with_any_offset_is_read_or_refused_in_words(client_of: Any, ada: User, turn: int) -> None:
    """Each time in every third list, or where somebody has the time in all."""
    key, time, client = "0190a5a4-0000-7000-8000-000000000000", TIMES[turn], client_of(ada)
    for page in LISTS if examples(1) > 1 else LISTS[turn % 3 :: 3]:
        for requested in ({"past": f"{time}~{key}"}, {"after": time, "before": time}):
            assert client.get(page, requested).status_code in (200, 302, 404), page
