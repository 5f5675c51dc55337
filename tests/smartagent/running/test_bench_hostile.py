"""The bench of hostile texts finds every field that one types into, and sees when one is executed."""

from pathlib import Path

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from smartagent.bench.api.roles import ADMINISTRATOR, make_people, somebody_of
from smartagent.bench.hostile.api_places import places_of_api
from smartagent.bench.hostile.form_places import places_of_forms
from smartagent.bench.hostile.inputs import FACTOR, SECRET, SQL, deep_values, hostile_texts
from smartagent.bench.hostile.job import Job
from smartagent.bench.hostile.places import FORM_TYPE, JSON_TYPE, Place
from smartagent.bench.hostile.process import inputs_of, run
from smartagent.bench.hostile.run import figures_of
from smartagent.bench.hostile.signs import executed
from tests.smartagent.rest.test_openapi import schema

HERE = Path("/nowhere")
NAME_OF_GROUP = {"part": "API", "method": "post", "address": "/api/groups/", "content_type": JSON_TYPE}


@pytest.fixture
def known(db):
    return make_people(timezone.now())["member"] | somebody_of(ADMINISTRATOR)


def test_there_are_a_hundred_inputs_and_more_each_another():
    assert len(set(hostile_texts(HERE))) == len(hostile_texts(HERE)) > 100
    place = Place(**NAME_OF_GROUP, path=["name"], sent={"name": "x"})
    assert len(list(inputs_of(place, 100, HERE))) == 100
    assert len(list(inputs_of(place, 1000, HERE))) == len(hostile_texts(HERE)) + len(deep_values())


def test_every_operation_with_a_body_has_its_text_fields(known):
    places = list(places_of_api(schema.raw_schema, known))
    names = {place.name for place in places}
    assert len(places) > 200
    assert {"POST /api/rules/ rule_name", "POST /api/groups/ name", "POST /api/silences/ comment"} <= names
    assert any("search" in place.names for place in places if place.address == "/api/activity/")
    (rule,) = [place for place in places if place.name == "POST /api/mutes/ rule"]
    assert rule.sent["rule"] == known["rules"]


def test_the_forms_without_a_sign_in_are_found(db):
    places = list(places_of_forms(Client(), nobody=True))
    assert {"POST /login/ username", "POST /login/ password"} <= {place.name for place in places}


def test_hostile_names_are_stored_or_refused_and_nothing_stays(known, no_limits):
    places = [
        Place(**NAME_OF_GROUP, path=["name"], sent={"name": "x"}),
        Place(part="forms", method="get", address="/rules/", content_type=FORM_TYPE, names=["search", "past"]),
    ]
    api, page = run(Job(database="", inputs=12, places=places))
    assert (api.requests, api.server_errors, api.executed) == (12, 0, 0)
    assert (page.fields, page.server_errors, page.executed) == (2, 0, 0)
    figures = figures_of(12, [vars(api), vars(page)])
    assert (figures["fields"], figures["failures"], figures["parts"][0]["requests"]) == (3, 0, 12)


@pytest.mark.parametrize(
    ("content", "headers", "sign"),
    [
        (SECRET, {}, "path"), (str(FACTOR**2), {}, "template"), ("<script>hostile()</script>", {}, "script"),
        ("", {"X-Hostile": "yes"}, "header"), ("", {"Location": "//hostile.example/"}, "redirect"),
        ("", {"Location": "\\\\hostile.example"}, "redirect"),
    ],
)  # fmt: skip
def test_what_is_executed_leaves_a_sign(db, tmp_path, content, headers, sign):
    answer = HttpResponse(content, headers=headers)
    assert [each.partition(":")[0] for each in executed(answer, answer.content, tmp_path)] == [sign]


def test_a_statement_and_a_command_leave_a_sign(db, tmp_path):
    answer = HttpResponse("")
    assert executed(answer, b"", tmp_path) == []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 WHERE '" + SQL[1] + "' = ''")
    (tmp_path / "made").touch()
    assert executed(answer, b"", tmp_path) == ["command: a file was made", "SQL: a function was called"]
    assert executed(answer, b"", tmp_path) == []
