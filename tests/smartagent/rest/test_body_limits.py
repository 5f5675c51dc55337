"""However much is sent, it is refused in words before it grows in memory, and no text that is kept is without limit."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from rules.models import AutomationRule, Integration
from smartagent.models import User
from smartagent.rest import bodies
from tests.api import Program
from tests.rules.rule_cast import rule_of
from tests.smartagent.whole_bodies import BODIES, RULE

BIG = 4_000_001
LARGE_ONES = ("/api/samples/", "/api/rules/plan/", "/api/rules/apply/")
ID = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(("method", "address"), [key for key in BODIES if key[1] not in LARGE_ONES])
def test_a_body_of_more_than_four_megabytes_is_refused_in_words(ada: User, method: str, address: str) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(ada)
    address = address.replace("{id}", str(rule_of(ada).pk) if "/rules/" in address else ID)
    answer = client.generic(method, address, '"' + "b" * BIG + '"', content_type="application/json")
    assert answer.status_code in (413, 404)
    if answer.status_code == 413:
        assert answer.json() == {"detail": ["The body is too large: the maximum is 4,000,000 bytes."]}


@pytest.mark.parametrize("address", LARGE_ONES)
@pytest.mark.parametrize("value", ["[]", "{}", "1"])
def test_a_body_of_more_values_than_can_be_meant_is_refused_before_it_is_read(
    alice: User, address: str, value: str
) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    body = "[" + ",".join([value] * (bodies.MAX_BODY_VALUES + 2)) + "]"
    answer = client.post(address, body, content_type="application/json")
    assert answer.status_code == 413
    assert answer.json() == {"detail": ["The body has more than 500,000 values. Send it in several requests."]}


@pytest.mark.parametrize("field", ["more_conditions", "labels", "action_config", "rule_name"])
def test_a_list_without_end_is_refused_before_its_parts_are_looked_at(alice: User, field: str) -> None:
    answer = Program(alice).post("rules/", RULE | {field: ["a"] * 10_001}, status=413)
    assert "more than 10,000 values" in answer["detail"][0]
    answer = Program(alice).post("rules/", RULE | {"more_conditions": ["a"] * 9_000}, status=400)
    assert answer == {"more_conditions": ["A rule has at most 5 further conditions; 9000 were given."]}


def test_lines_are_counted_together(alice: User) -> None:
    lines = "\n".join(["[" + "[]," * 30_000 + "1]"] * 20)
    client = Client()
    client.force_login(alice)
    assert client.post("/api/samples/", lines, content_type="application/x-ndjson").status_code == 413


def test_commas_within_texts_are_no_values(alice: User) -> None:
    text = "# " + ",[{" * 200_000 + "\nversion: 1\nrules: []\n"
    assert Program(alice).post("rules/plan/", {"text": text, "source": "a"})["items"] == []


@pytest.mark.parametrize("kind", ["multipart", "application/x-www-form-urlencoded"])
def test_a_form_of_more_than_people_type_is_refused_in_words(client_of: Any, alice: User, kind: str) -> None:
    client, address = client_of(alice), reverse("admin:rules_automationrule_add")
    sent = {"description": "d" * 2_500_000}
    page = client.post(address, sent) if kind == "multipart" else client.post(address, urlencode(sent), kind)
    assert page.status_code == 413
    assert "A form here has at most 2.5 MB." in page.content.decode()


def test_a_field_of_more_than_people_type_is_refused_without_sending_it_back(client_of: Any, alice: User) -> None:
    client, address = client_of(alice), reverse("admin:rules_automationrule_add")
    for sent in ({"description": "<" * 200_001}, urlencode({"rule_name": "a", "description": "d" * 200_001})):
        kind = {"content_type": "application/x-www-form-urlencoded"} if isinstance(sent, str) else {}
        page = client.post(address, sent, **kind)
        assert page.status_code == 413
        assert len(page.content) < 100_000
        words = "The field “description” has 200,001 characters; at most 200,000 are read."
        assert words in page.content.decode()


def test_up_to_that_a_field_names_its_own_limit(client_of: Any, alice: User) -> None:
    page = client_of(alice).post(reverse("admin:rules_automationrule_add"), {"description": "d" * 200_000})
    assert page.status_code == 200
    assert "At most 10,000 characters; these are 200,000." in page.content.decode()


def test_rules_as_code_take_larger_files(client_of: Any, alice: User) -> None:
    address = reverse("admin:rules_automationrule_code")
    assert client_of(alice).post(address, {"text": "# " + "d" * 3_000_000}).status_code == 200
    assert client_of(alice).post(address, {"text": "d" * 10_000_001}).status_code == 413


def test_a_form_of_somebody_unknown_is_limited_too(client: Client, db: None) -> None:
    assert client.post("/login/", {"username": "u" * 2_500_001}).status_code == 413


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("description", "d" * 10_001), ("runbook_url", "https://a.example/" + "r" * 2_000),
        ("target_integration", "t" * 201), ("action_config", {"title": "t" * 100_001}),
    ],
)  # fmt: skip
def test_texts_of_a_rule_are_limited(alice: User, field: str, value: Any) -> None:
    answer = Program(alice).post("rules/", RULE | {field: value}, status=400)
    assert any(name.startswith(field) for name in answer)


def test_a_long_description_of_another_program_stops_no_edit(alice: User) -> None:
    rule = rule_of(alice, description="d" * 20_000)
    Program(alice).patch(f"rules/{rule.pk}/", {"threshold_value": 5})
    assert AutomationRule.objects.get(pk=rule.pk).threshold_value == 5


@pytest.mark.parametrize(
    ("field", "value"),
    [("integration_type", "t" * 101), ("error_message", "e" * 10_001), ("config", {"a": "b" * 100_000})],
)
def test_texts_of_an_integration_are_limited(client_of: Any, alice: User, field: str, value: Any) -> None:
    sent = {"integration_type": "slack", "status": "active"}
    assert field in Program(alice).post("integrations/", sent | {field: value}, status=400)
    typed = sent | {field: value if isinstance(value, str) else json.dumps(value)}
    page = client_of(alice).post(reverse("admin:rules_integration_add"), typed)
    assert field in page.context["adminform"].form.errors
    assert not Integration.objects.exists()
