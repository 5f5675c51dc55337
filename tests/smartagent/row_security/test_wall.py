"""With the scoping in Python taken away, nothing of somebody else reaches a member: the database keeps it."""

import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection

from notifications.models import Notification
from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, MetricSample
from rules.models.querysets import RunQuerySet, SilenceQuerySet
from smartagent.accounts.tokens import issue_token
from smartagent.bench.api.objects import known_things
from smartagent.kernel import scope
from smartagent.kernel.scope import OwnedQuerySet
from smartagent.migrations import _policies
from smartagent.models import User
from smartagent.urls import urlpatterns
from tests.rules.rule_cast import rule_of

SECRET = "zx9-of-bob"
ID = re.compile(r"<(?:uuid|path|str|int):(\w+)>")
# The word in an address tells which thing its id is of.
WORDS = {"firing": "states", "escalation": "escalation-policies", "received-metrics": "", "people": "people"}


@pytest.fixture
def things(bob, now):
    """Something of everything of Bob's, with a name that tells it; the ids by word."""
    found = known_things(bob, now)
    bob.full_name = f"Bob {SECRET}"
    bob.save()
    rule = rule_of(bob, rule_name=SECRET, metric_type=SECRET, condition_operator=">", threshold_value=1)
    MetricSample.objects.push(user=bob, metric=SECRET, value=7, observed_at=now - timedelta(minutes=1))
    dispatch(now, "schedule")
    assert ActivityEntry.objects.filter(rule=rule).exists()
    assert Notification.objects.filter(rule=rule).exists()
    named = {word: key for word, key in found.items() if len(key) == 36}  # groups are nobody's
    return named | {"people": str(bob.pk)}


@pytest.fixture
def unscoped(monkeypatch):
    """Every queryset gives everybody everything."""
    monkeypatch.setattr(OwnedQuerySet, "_scoped", lambda self, user, access: self)
    for queryset in (SilenceQuerySet, RunQuerySet):
        monkeypatch.setattr(queryset, "visible_to", lambda self, user: self)
    monkeypatch.setattr(scope, "people_visible_to", lambda user: scope.get_user_model().objects.all())


def addresses(things):
    """The addresses of all pages and operations that are read by GET, with the ids of Bob's things."""
    for route in sorted(set(_routes(urlpatterns))):
        parts = route.split("/")
        word = next((part for part in reversed(parts[: _first_id(parts)]) if part), "")
        key = things.get(WORDS.get(word, word))
        if "<" not in route:
            yield f"/{route}"
        elif key:
            yield "/" + ID.sub(key, route)


def _first_id(parts):
    return next((n for n, part in enumerate(parts) if "<" in part), len(parts))


def _routes(patterns, prefix=""):
    for each in patterns:
        route = prefix + str(each.pattern).lstrip("^").rstrip("$\\Z")
        if hasattr(each, "url_patterns"):
            yield from _routes(each.url_patterns, route)
        elif "(?P" not in route and "static" not in route:
            yield route


def leaks(client, things, **headers):
    """What an answer shows of Bob's, by address; and the number of answers."""
    found, asked = {}, 0
    for address in addresses(things):
        with connection.cursor() as cursor:
            cursor.execute("SAVEPOINT asked")
        answer = client.get(address, **headers)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK TO SAVEPOINT asked")
        asked += 1
        text = body.decode(errors="replace")
        shown = [word for word, key in things.items() if key in text.replace(address, "") and word != "runs"]
        if answer.status_code == 200 and (SECRET in text or shown):
            found[address] = shown
        assert answer.status_code < 500, f"{address}: {answer.status_code}"
    return found, asked


@pytest.mark.usefixtures("unscoped")
def test_nothing_of_others_is_shown_without_the_scoping_in_python(client, alice, things):
    client.force_login(alice)
    found, asked = leaks(client, things)
    assert found == {}
    assert asked > 150


@pytest.mark.usefixtures("unscoped")
def test_nor_to_a_token(client, alice, things):
    _, token = issue_token(alice, "program")
    headers = {"headers": {"Authorization": f"Bearer {token}"}}
    api = {address: shown for address, shown in leaks(client, things, **headers)[0].items() if "/api/" in address}
    assert api == {}


@pytest.mark.usefixtures("unscoped")
def test_without_the_wall_all_of_it_would_be(client, alice, things, settings):
    settings.ROW_LEVEL_SECURITY = False
    client.force_login(alice)
    assert len(leaks(client, things)[0]) > 50


def test_every_table_is_judged():
    """A table that the policies do not know is closed to members."""
    known = {*_policies.VISIBLE, *_policies.OWN_TO_READ, *_policies.READ_ONLY, *_policies.SHARED, *_policies.CLOSED}
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.managed}
    assert tables - known == set()
    about = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if any(field.related_model is User for field in model._meta.fields)
    }
    assert about - {*_policies.VISIBLE, *_policies.OWN_TO_READ, *_policies.CLOSED} == set()
