"""States, activity and runs by REST: to be read, each by whom it concerns."""

import pytest

from rules.models import ActivityEntry, DispatchRun, RuleState
from tests.api import Program
from tests.rules.api.test_api_rules import rule_of


@pytest.fixture
def of_alice(alice, now):
    """One of each that is Alice's, by the word in its address."""
    rule = rule_of(alice)
    run = DispatchRun.objects.create(trigger="api", requested_by=alice, evaluated_at=now, started_at=now)
    return {
        "states": RuleState.objects.create(rule=rule, user=alice, condition="firing", value=63, since=now),
        "activity": ActivityEntry.objects.create(
            user=alice, rule=rule, run=run, event_type="rule_fired", action_taken="alert", context={"value": 63}
        ),
        "runs": run,
    }


@pytest.mark.parametrize("word", ["states", "activity", "runs"])
def test_alice_and_those_who_see_everything_read_it_and_bob_does_not(of_alice, alice, bob, olga, audra, word):
    thing = of_alice[word]
    for person in (alice, olga, audra):
        assert [found["id"] for found in Program(person).get(f"{word}/")["results"]] == [str(thing.pk)]
        assert Program(person).get(f"{word}/{thing.pk}/")["id"] == str(thing.pk)
    assert Program(bob).get(f"{word}/")["results"] == []
    Program(bob).get(f"{word}/{thing.pk}/", status=404)


@pytest.mark.parametrize("word", ["states", "activity", "runs"])
def test_it_cannot_be_written(of_alice, ada, word):
    program = Program(ada)
    for method in ("put", "patch", "delete"):
        error = getattr(program, method)(f"{word}/{of_alice[word].pk}/", status=405)
        assert error == {"detail": [f'Method "{method.upper()}" not allowed.']}
    program.post(f"{word}/", {}, status=405)


def test_what_a_state_and_an_entry_say(of_alice, alice):
    program, rule = Program(alice), str(of_alice["states"].rule_id)
    state = program.get("states/?condition=firing")["results"][0]
    assert (state["rule"], state["rule_name"], state["condition"], state["value"]) == (rule, "Low", "firing", 63)
    assert state["since"] == "2026-03-02T10:00:00Z"
    entry = program.get(f"activity/?rule={rule}")["results"][0]
    assert (entry["event_type"], entry["status"], entry["context"]) == ("rule_fired", "success", {"value": 63})
    assert program.get("states/?condition=ok")["results"] == []
    assert program.get("activity/?status=failed")["results"] == []


def test_scheduled_runs_concern_everybody(bob, now):
    run = DispatchRun.objects.create(trigger="schedule", evaluated_at=now, started_at=now)
    assert Program(bob).get(f"runs/{run.pk}/")["trigger"] == "schedule"


@pytest.mark.parametrize("word", ["states", "activity", "runs"])
def test_the_number_of_queries_does_not_grow(alice, now, django_assert_num_queries, word):
    program = Program(alice)
    for count in (1, 9):
        for _ in range(count):
            rule = rule_of(alice)
            RuleState.objects.create(rule=rule, user=alice, since=now)
            run = DispatchRun.objects.create(trigger="api", requested_by=alice, evaluated_at=now, started_at=now)
            ActivityEntry.objects.create(user=alice, rule=rule, run=run, event_type="rule_fired")
        with django_assert_num_queries(6):  # session, person, two for permissions, the list, names of people
            program.get(f"{word}/")
