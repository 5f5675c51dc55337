"""The API against its own description: schemathesis sends what the description allows, and what it does not."""

import json
import re
import uuid
from datetime import timedelta
from inspect import getdoc
from zlib import crc32

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, settings
from schemathesis.checks import load_all_checks
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.python._constants.orchestrator import make_constants_value_source
from schemathesis.specs.openapi import checks

from smartagent.accounts.tokens import issue_token
from smartagent.rest.schema import BASES
from smartagent.wsgi import application
from tests.examples import TIMES, examples
from tests.smartagent.known_things import known_things
from tests.smartagent.openapi_refusals import unexplained

REFUSED = [400, 412, 422]
PERSON = ("user", "person", "owner")  # fields that name somebody
# Fields of rules and silences that are right or wrong by the others: half of them are sent without, so as to be taken.
CONTINGENT = ["critical_threshold", "recovery_threshold", "evaluation_window", "reducer", "reducer_parameter",
              "more_conditions", "recurrence", "duration"]  # fmt: skip
ENDS = ("until", "ends_at")
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
    return known_things(ada, now) | {"somebody": ada.email}


@schemathesis.serializer("application/x-ndjson")
def lines(_, value):
    return str(value).encode(errors="surrogatepass")


@schemathesis.serializer("application/x-protobuf")
def octets(_, value):
    return value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")


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
        case.validate_response(answer, headers=authorization, excluded_checks=not_asked(case, answer) + needless)
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


def not_asked(case, answer):
    """Whether what is allowed is taken is asked everywhere, except where it is refused for what nobody can describe."""
    explained = answer.status_code in REFUSED and not unexplained(case.operation.label, said(answer))
    lists = [one.name for one in case.operation.query if one.definition.get("schema", {}).get("type") == "array"]
    alone = any(
        isinstance((case.query or {}).get(name), str) for name in lists
    )  # in an address a list of one is a text
    refused = alone or answer.status_code == 412  # whatever else is wrong with it
    part = "fields" in (case.query or {})  # of a row, whatever its schema requires
    checked = {
        checks.positive_data_acceptance: explained,
        checks.negative_data_rejection: refused,
        checks.response_schema_conformance: part,
    }
    return [check for check, needless in checked.items() if needless]


def said(answer):
    is_json = answer.headers["content-type"][0].startswith("application/json")
    return answer.json() if is_json else answer.text


def use_known_id(case, known):
    """Ask for something that is there, where a well-formed id was made up."""
    made_up = (case.path_parameters or {}).get("id")
    try:
        uuid.UUID(str(made_up))
    except ValueError:
        return
    case.path_parameters["id"] = known[case.path.split("/")[2]]


def use_known_things(case, known):
    """Name somebody, and a rule, who are there, and no cursor that nobody made, where what is sent is allowed."""
    if not case.meta or case.meta.generation.mode.is_negative:
        return
    for sent in (case.query, *(case.body if isinstance(case.body, list) else [case.body])):
        if isinstance(sent, dict):
            leave_out(sent, ["cursor", *(["starts_at"] if "ends_at" in sent else [])])
            sent.update({name: known["somebody"] for name in PERSON if isinstance(sent.get(name), str)})
            leave_out(sent, CONTINGENT if crc32(repr(sent).encode(errors="surrogatepass")) % 2 else [])
            sent.update({name: soon() for name in ENDS if isinstance(sent.get(name), str)})
            names_rule = isinstance(sent.get("rule"), str) and sent["rule"] not in ("on", "off")
            sent.update({"rule": known["rules"]} if names_rule else {})


def soon():
    return (timezone.now() + timedelta(hours=1)).isoformat()


def leave_out(sent, names):
    for name in names:
        sent.pop(name, None)


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
