"""What is too large is refused before it is read: JSON on the API, a finished page elsewhere."""

import json

import pytest
from django.test import Client

from smartagent.accounts.tokens import issue_token

CASES = [
    (414, "/{place}/" + "a" * 4_096 + "/", {}, "path"),
    (414, "/{place}/?q=" + "a" * 16_384, {}, "query"),
    (400, "/{place}/?" + "&".join(f"a{number}=1" for number in range(1_001)), {}, "parameters"),
    (431, "/{place}/", {"X-Long": "a" * 50_000}, "headers"),
]


@pytest.mark.parametrize(("status", "address", "headers", "word"), CASES)
def test_what_is_too_large_is_said(db, status, address, headers, word):
    answer = Client().get(address.format(place="api/rules"), headers=headers)
    assert answer.status_code == status
    assert word in answer.json()["detail"][0]
    page = Client().get(address.format(place="login"), headers=headers)
    assert page.status_code == status
    assert word in page.content.decode()
    assert "</html>" in page.content.decode()
    assert "default-src 'none'" in page["Content-Security-Policy"]


def test_what_is_just_small_enough_is_read(db):
    client = Client()
    assert client.get("/login/?q=" + "a" * 16_000).status_code == 200
    assert client.get("/login/?" + "&".join(f"a{number}=1" for number in range(1_000))).status_code == 200


@pytest.mark.parametrize("address", ["/api/rules/", "/api/samples/", "/functions/v1/ai_agent_dispatcher"])
@pytest.mark.parametrize("depth", [51, 100_000])
def test_a_deep_body_is_refused(alice, address, depth):
    _, key = issue_token(alice, "program")
    body = json.dumps({"a": 1})[:-1] + ', "b": ' + "[" * depth + "]" * depth + "}"
    headers = {"Authorization": f"Bearer {key}"}
    answer = Client().post(address, body, content_type="application/json", headers=headers)
    assert answer.status_code in (400, 413), answer.content
    assert "application/json" in answer["Content-Type"]
