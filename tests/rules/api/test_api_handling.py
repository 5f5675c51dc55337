"""Instances are handled by REST."""

from datetime import timedelta

import pytest
from django.utils import timezone

from rules.models import ActivityEntry
from tests.api import Program
from tests.rules.rule_cast import rule_of, state_of


@pytest.fixture
def fires(alice):
    now = timezone.now()
    return state_of(rule_of(alice), now, fired_at=now, episode=1, last_notified_at=now)


def test_acknowledge_until_a_time_and_reopen(alice, fires):
    until = (timezone.now() + timedelta(hours=2)).isoformat()
    found = Program(alice).post(f"states/{fires.pk}/acknowledge/", {"until": until, "comment": "mine"})
    assert (found["handling"], found["handled_by"]) == ("acknowledged", str(alice.pk))
    assert Program(alice).post(f"states/{fires.pk}/reopen/")["handling"] == "open"
    context = ActivityEntry.objects.get(event_type="instance_acknowledged").context
    assert (context["comment"], context["by_name"]) == ("mine", "Alice")
    Program(alice).post(f"states/{fires.pk}/reopen/", status=409)


def test_snooze_for_a_length_or_until_a_time_but_not_both(alice, fires):
    until = (timezone.now() + timedelta(hours=2)).isoformat()
    assert Program(alice).post(f"states/{fires.pk}/snooze/", {"length": "morning"})["handling"] == "snoozed"
    for wrong in ({}, {"length": "4h", "until": until}, {"until": "2020-01-01T00:00:00Z"}):
        assert "until" in Program(alice).post(f"states/{fires.pk}/snooze/", wrong, status=400)
    assert "length" in Program(alice).post(f"states/{fires.pk}/snooze/", {"length": "5h"}, status=400)


def test_comment_assign_and_resolve(alice, fires):
    program = Program(alice)
    program.post(f"states/{fires.pk}/comment/", {"comment": "It is the backup."})
    assert program.post(f"states/{fires.pk}/assign/", {"person": alice.email})["assignee"] == str(alice.pk)
    assert program.post(f"states/{fires.pk}/assign/", {"person": None})["assignee"] is None
    assert program.post(f"states/{fires.pk}/resolve/")["condition"] == "ok"
    program.post(f"states/{fires.pk}/resolve/", status=409)
    program.post(f"states/{fires.pk}/comment/", {}, status=400)


def test_only_who_may_see_the_rule_can_look_after_it(olga, bob, audra, fires):
    assert Program(olga).post(f"states/{fires.pk}/assign/", {"person": audra.email})["assignee"] == str(audra.pk)
    for nobody in (bob.email, "nobody@example.com"):
        assert "person" in Program(olga).post(f"states/{fires.pk}/assign/", {"person": nobody}, status=400)


def test_many_at_once_and_only_ones_own(alice, bob, fires):
    of_bob = state_of(rule_of(bob), timezone.now())
    ids = [str(fires.pk), str(of_bob.pk)]
    assert Program(alice).post("states/handle/", {"ids": ids, "verb": "acknowledge"})["changed"] == 1
    assert Program(alice).post("states/handle/", {"ids": ids, "verb": "reopen"})["changed"] == 1
    of_bob.refresh_from_db()
    assert of_bob.handling == "open"


def test_many_are_commented_on_and_given_to_somebody(olga, alice, bob, fires):
    of_bob = state_of(rule_of(bob), timezone.now())
    program, ids = Program(olga), [str(fires.pk), str(of_bob.pk)]
    assert program.post("states/handle/", {"ids": ids, "verb": "comment", "comment": "Backup."})["changed"] == 2
    assert program.post("states/handle/", {"ids": ids, "verb": "assign", "person": olga.email})["changed"] == 2
    assert program.post("states/handle/", {"ids": ids, "verb": "assign", "person": bob.email})["changed"] == 1
    assert program.post("states/handle/", {"ids": ids, "verb": "assign", "person": None})["changed"] == 2
    for verb, field in (("comment", "comment"), ("assign", "person")):
        assert field in program.post("states/handle/", {"ids": ids, "verb": verb}, status=400)


def test_others_may_not(bob, audra, fires):
    Program(bob).post(f"states/{fires.pk}/acknowledge/", status=404)
    Program(audra).post(f"states/{fires.pk}/acknowledge/", status=403)
