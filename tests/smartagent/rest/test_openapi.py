"""The API against its own description: schemathesis sends what the description allows, and what it does not."""

import json
import re
from inspect import getdoc
from zlib import crc32

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, settings
from schemathesis.checks import load_all_checks
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.python._constants.orchestrator import make_constants_value_source
from schemathesis.specs.openapi import checks

from smartagent.accounts.tokens import issue_token
from smartagent.bench.api.cases import use_known_id, use_known_things
from smartagent.bench.api.exclusions import excluded_checks
from smartagent.bench.api.media import register_media_types
from smartagent.bench.api.objects import known_things
from smartagent.rest.schema import BASES
from smartagent.wsgi import application
from tests.examples import TIMES, examples

SHARE = max(1, 4 // TIMES)  # one operation in so many is sent the values at the edges of what is allowed, a hundred


@pytest.fixture
def one_connection():
    """The web server closes its connection after each request; here it is the test's own, as in Django's client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def authorization(ada):
    """By whom, and uncompressed: the client of these tests unpacks nothing."""
    return {"Authorization": f"Bearer {issue_token(ada, 'schemathesis')[1]}", "Accept-Encoding": "identity"}


@pytest.fixture
def known(ada, now):
    """An id of everything that has one, by the word in its address."""
    return known_things(ada, now) | {"somebody": ada.email, "somebody_id": str(ada.pk)}


register_media_types()
schema = schemathesis.openapi.from_wsgi("/api/schema/", application)
OPERATIONS = {each.label: each for each in (one.ok() for one in schema.get_all_operations())}
FEW = settings(
    max_examples=examples(3), deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_operation_keeps_to_its_description(label, one_connection, no_limits, authorization, known):
    needless = []

    def sent(case):
        use_known_id(case, known)
        use_known_things(case, known)
        answer = case.call(headers=authorization)
        excluded = excluded_checks(case, answer) + needless
        case.validate_response(answer, headers=authorization, excluded_checks=excluded)
        if answer.status_code < 300 and not needless:  # a success was asked for again without a token
            needless.append(checks.ignored_auth)

    many_cases_of(OPERATIONS[label], sent)()


def many_cases_of(operation, test):
    """What schemathesis makes of a test when it is collected: made here, for it takes seconds in each worker."""
    load_all_checks()
    schema.config.phases.coverage.enabled = crc32(operation.label.encode()) % SHARE == 0
    feedback = FeedbackSources(constants_value_source=make_constants_value_source(schema))
    return build_operation_test(
        config=schema.config,
        operation=operation,
        test_func=test,
        given_kwargs={},
        feedback=feedback,
        explicit_settings=FEW,
    )


def test_the_description_lets_no_parameter_of_an_address_be_empty():
    texts = [
        (operation.label, parameter.name, parameter.definition["schema"])
        for operation in (one.ok() for one in schema.get_all_operations())
        for parameter in operation.query
        if parameter.definition["schema"].get("type") == "string"
    ]
    assert ("GET /api/rules/", "label") in {(label, name) for label, name, _ in texts}
    assert not [each for each in texts if "enum" not in each[2] and each[2].get("minLength", 0) < 1]


def test_no_docstring_of_a_base_class_describes_an_operation_or_an_object():
    found = schema.raw_schema
    operations = [one for path in found["paths"].values() for one in path.values() if isinstance(one, dict)]
    described = {one.get("description") for one in [*operations, *found["components"]["schemas"].values()]}
    assert not described & {getdoc(base) for base in BASES}


def test_every_label_of_a_choice_begins_with_a_capital():
    labels = re.findall(r"\* `\w+` - (\w)", json.dumps(schema.raw_schema))
    assert len(labels) > 100
    assert all(letter.isupper() or letter.isdigit() for letter in labels)


def test_an_empty_parameter_is_refused_wherever_one_is_described(authorization, known):
    requested = [
        (f"/api{one.path.removeprefix('/api')}".replace("{id}", known.get(one.path.split("/")[2], "")), parameter.name)
        for one in (each.ok() for each in schema.get_all_operations())
        for parameter in one.query
        if one.method.upper() == "GET" and "minLength" in parameter.definition["schema"]
    ]
    client = Client(headers=authorization)
    answers = {each: client.get(each[0].replace("{metric}", "cpu"), {each[1]: ""}).status_code for each in requested}
    assert not {each: code for each, code in answers.items() if code != 400}


def test_the_docs_have_a_way_back_and_a_first_request(client_of, alice):
    page = client_of(alice).get(reverse("api:docs")).content.decode()
    assert '<a href="/">' in page
    assert "Open the overview" in page
    assert f'<a href="{reverse("admin:smartagent_apitoken_add")}">Create an API token</a>' in page
    assert "You are signed in as Alice" in page
    address = re.search(r'"http://testserver(/api/[^"]*)"', page)[1].replace("&amp;", "&")
    token = issue_token(alice, "program")[1]
    assert Client(headers={"Authorization": f"Bearer {token}"}).get(address).status_code == 200
    assert '<a href="/login/?next=/api/docs/">Sign in</a>' in Client().get(reverse("api:docs")).content.decode()
