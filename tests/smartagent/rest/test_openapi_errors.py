"""Answers that refuse a request keep to the description too, at every operation: their status, type and form."""

import jsonschema
import pytest
from django.test import Client

from smartagent.bench.api.objects import known_things
from smartagent.models import User
from smartagent.rest.error_responses import ERROR_SCHEMA
from tests.smartagent.rest.test_openapi import schema

DESCRIBED = [one.ok() for one in schema.get_all_operations()]
OPERATIONS = [each for each in DESCRIBED if "$ref" in each.definition.raw["responses"]["400"]]
OTHERS = [each for each in DESCRIBED if each not in OPERATIONS]  # whose errors have the format of another protocol
JSON = "application/json"
NOWHERE = "00000000-0000-0000-0000-000000000000"


def requested(client, known, operation, method="", **options):
    """The answer to a request of an operation, of a thing that is there."""
    path = "/api" + operation.path.removeprefix("/api")
    address = path.replace("{id}", known.get(path.split("/")[2], NOWHERE)).replace("{name}", "cpu")
    return client.generic((method or operation.method).upper(), address.replace("{session}", NOWHERE), **options)


def wrong(operation, answer, statuses):
    """What is wrong with a refusal; nothing where it is as described."""
    if answer.status_code not in statuses:
        return f"{answer.status_code}"
    if str(answer.status_code) not in operation.definition.raw["responses"]:
        return f"{answer.status_code} is not described"
    if not answer.headers["Content-Type"].startswith("application/json"):
        return f"is {answer.headers['Content-Type']}"
    problems = jsonschema.Draft202012Validator(ERROR_SCHEMA).iter_errors(answer.json())
    return "; ".join(problem.message for problem in problems)


def of_all(client, known, statuses, chosen=OPERATIONS, **options):
    found = {each.label: wrong(each, requested(client, known, each, **options), statuses) for each in chosen}
    return {label: problem for label, problem in found.items() if problem}


@pytest.fixture
def known(ada, now):
    return known_things(ada, now)


@pytest.fixture
def client(client_of, ada):
    return client_of(ada)


OF_THE_TOKEN = "/api/tokens/current/"  # of a session there is none: 404, whatever the body
WITH_BODY = [
    each for each in OPERATIONS if "requestBody" in each.definition.raw and not each.path.startswith(OF_THE_TOKEN)
]


def test_without_a_token(known):
    those = [each for each in OPERATIONS if each.definition.raw.get("security")]
    assert not of_all(Client(), known, {401}, those, content_type=JSON)


def test_other_protocols_refuse_in_the_format_that_is_described(known):
    assert {each.path for each in OTHERS} == {
        "/api/v1/alertmanager", "/api/v1/alerts", "/api/v1/rules", "/api/v1/write", "/api/v2/write",
    }  # fmt: skip
    for each in OTHERS:
        answer = requested(Client(), known, each, content_type=JSON)
        (media_type, content), *others = each.definition.raw["responses"]["401"]["content"].items()
        assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (401, media_type), each.label
        said = answer.json() if media_type == JSON else answer.content.decode()
        assert not list(jsonschema.Draft202012Validator(content["schema"]).iter_errors(said)), each.label
        assert not others


def test_by_somebody_without_groups(client_of, known):
    nobody = client_of(User.objects.create_user("nobody@example.com"))
    refused = [each for each in OPERATIONS if requested(nobody, known, each, content_type=JSON).status_code >= 400]
    assert len(refused) > len(OPERATIONS) / 2
    assert not of_all(nobody, known, {400, 403, 404}, refused, content_type=JSON)


def test_by_a_method_that_there_is_not(client, known):
    assert not of_all(client, known, {405}, method="TRACE")


def test_with_a_body_of_a_kind_that_is_not_read(client, known):
    assert not of_all(
        client, known, {415, 409}, WITH_BODY, data="a=b", content_type="application/x-www-form-urlencoded"
    )


@pytest.mark.parametrize(
    "body", ["{", "[]", "7", '"x"', "null", '{"no_such_field": 1}', "\ud800".encode(errors="surrogatepass")]
)
def test_with_a_body_that_is_not_what_is_asked_for(client, known, body):
    assert not of_all(client, known, {400, 409}, WITH_BODY, data=body, content_type=JSON)


def test_for_an_answer_that_is_not_json(client, known):
    assert not of_all(client, known, {406}, content_type=JSON, HTTP_ACCEPT="image/png")


def test_of_a_thing_that_is_not_there(client):
    those = [each for each in OPERATIONS if "{id}" in each.path]
    assert not of_all(client, {}, {404, 400}, those, data="{}", content_type=JSON)


def test_with_a_parameter_that_nobody_knows(client, known):
    those = [each for each in OPERATIONS if each.method.upper() == "GET"]
    assert not of_all(client, known, {400}, those, QUERY_STRING="no_such_parameter=1")
