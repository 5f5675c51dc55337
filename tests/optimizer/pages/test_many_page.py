"""Many proposals at once: listed with what would happen, then done, and followed."""

import pytest
from django.urls import reverse
from django.utils import timezone

from optimizer.models import OptimizationEvent
from tests.conftest import person
from tests.optimizer.optimization_cast import COVERAGE, metrics_of, optimization_for, weights_of

LIST = reverse("admin:optimizer_optimizationevent_changelist")


@pytest.fixture
def now():
    return timezone.now()


def choose(client, events, action, **more):
    picked = {"action": action, "_selected_action": [event.pk for event in events], "index": 0}
    return client.post(f"{LIST}?status=", picked | more, follow=True)


def people(count):
    return [person(f"P{n}", "members") for n in range(count)]


def optimizations(count, now):
    found = []
    for each in people(count):
        metrics_of(each)
        found.append(optimization_for(each, now, COVERAGE))
    return found


def statuses():
    return sorted(OptimizationEvent.objects.values_list("status", flat=True))


def test_it_is_asked_first_with_what_would_happen_to_each(client_of, olga, alice, now):
    metrics_of(alice)
    fits, empty = optimization_for(alice, now, COVERAGE), optimization_for(olga, now, advice=("Look.",))
    page = choose(client_of(olga), [fits, empty], "approve").content.decode()
    assert "Approve 1 optimization?" in page
    assert "Adjust a weight: Coverage is low." in page
    assert "This optimization has no operations; its steps are manual." in page
    assert statuses() == ["proposed", "proposed"]


def test_a_few_are_applied_at_once(client_of, olga, now):
    events = optimizations(2, now)
    response = choose(client_of(olga), events, "apply_now", post="yes")
    assert response.request["PATH_INFO"] == "/optimizations/progress/"
    assert "2 of 2 finished." in response.content.decode()
    assert statuses() == ["applied", "applied"]
    assert {weights_of(event.user)["coverage"] for event in events} == {weights_of(events[0].user)["coverage"]}


def test_more_are_left_to_the_workers_and_followed(client_of, olga, now):
    page = choose(client_of(olga), optimizations(4, now), "apply_now", post="yes").content.decode()
    assert statuses() == ["approved"] * 4
    assert "0 of 4 finished. Workers continue within a minute" in page
    assert "hx-get=" in page


def test_what_is_refused_does_not_keep_the_others(client_of, olga, alice, now):
    metrics_of(alice)
    mine, hers = optimization_for(olga, now, COVERAGE, by=olga.pk), optimization_for(alice, now, COVERAGE)
    page = choose(client_of(olga), [mine, hers], "approve", post="yes").content.decode()
    assert "You requested this optimization" in page
    assert statuses() == ["approved", "proposed"]


def test_dismissed_together_for_as_long_as_was_said(client_of, olga, now):
    answer = choose(client_of(olga), optimizations(2, now), "dismiss", post="yes", note="Later\0.", **{"for": "ever"})
    assert "Dismissed 2 optimizations." in answer.content.decode()
    assert set(OptimizationEvent.objects.values_list("status", "dismissed_until", "decision_note")) == {
        ("dismissed", None, "Later.")
    }


def test_rolled_back_together(client_of, olga, now):
    events = optimizations(2, now)
    client = client_of(olga)
    choose(client, events, "apply_now", post="yes")
    assert "Rolled back 2 optimizations." in choose(client, events, "roll_back", post="yes").content.decode()
    assert statuses() == ["rolled_back"] * 2


def test_auditors_have_nothing_to_choose(client_of, audra, alice, now):
    event = optimization_for(alice, now, COVERAGE)
    client = client_of(audra)
    assert 'value="approve"' not in client.get(LIST).content.decode()
    choose(client, [event], "approve", post="yes")
    assert statuses() == ["proposed"]


def test_progress_shows_only_what_one_may_see(client_of, alice, bob, now):
    event = optimization_for(alice, now, COVERAGE)
    page = client_of(bob).get("/optimizations/progress/", {"id": [event.pk, "no-id"]}).content.decode()
    assert "These optimizations were deleted." in page


def test_the_number_of_queries_does_not_grow(client_of, olga, now, django_assert_max_num_queries):
    events = optimizations(12, now)
    client = client_of(olga)
    with django_assert_max_num_queries(25):
        choose(client, events, "approve")
