"""Optimizations by REST."""

from optimizer.models import OptimizationEvent
from tests.api import Program


def proposed(user, **fields):
    return OptimizationEvent.objects.create(
        user=user, source_event_type="smart_agent_efficiency_index", optimization_action="auto",
        strategy="efficiency_boost", recommended_actions=["rest"], efficiency_index=75, **fields,
    )  # fmt: skip


def test_the_person_concerned_reads_it_and_bob_does_not(alice, bob, audra):
    event = proposed(alice)
    for person in (alice, audra):
        assert Program(person).get("optimizations/?status=proposed")["results"][0]["id"] == str(event.pk)
        found = Program(person).get(f"optimizations/{event.pk}/")
        assert (found["strategy"], found["recommended_actions"], found["efficiency_index"]) == (
            "efficiency_boost", ["rest"], 75,
        )  # fmt: skip
    assert Program(alice).get("optimizations/?status=applied")["results"] == []
    assert Program(bob).get("optimizations/")["results"] == []
    Program(bob).get(f"optimizations/{event.pk}/", status=404)
    Program(alice).delete(f"optimizations/{event.pk}/", status=405)


def test_the_number_of_queries_does_not_grow(alice, django_assert_num_queries):
    program = Program(alice)
    program.get("optimizations/")  # what a process remembers of the database has been asked
    for count in (1, 9):
        for _ in range(count):
            proposed(alice)
        with django_assert_num_queries(6):  # session, person, two for permissions, the list, names of people
            program.get("optimizations/")
