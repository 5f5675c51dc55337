"""The list of optimizations: what is recommended, to whom, and what became of it."""

import pytest
from django.urls import reverse
from django.utils import timezone

from optimizer.admin import recommended
from optimizer.measurement.scoreboard import of_strategies
from optimizer.models import OptimizationEvent
from tests.api import Program
from tests.rules.rule_cast import rule_of

LIST = "admin:optimizer_optimizationevent_changelist"


def proposed(user, **fields):
    return OptimizationEvent.objects.create(
        **{
            "user": user, "source_event_type": "smart_agent_fusion_score", "optimization_action": "auto",
            "strategy": "fusion_enhancement", "recommended_actions": ["Synchronise gmail again.", "Recalibrate."],
            "before": {"value": 63.0},
        } | fields
    )  # fmt: skip


def shown(client, **requested):
    return list(client.get(reverse(LIST), requested).context["cl"].result_list)


def test_an_empty_list(client_of, alice):
    assert "No optimizations yet" in client_of(alice).get(reverse(LIST)).content.decode()


def test_a_row_says_what_to_do(client_of, alice):
    rule = rule_of(alice)
    proposed(alice, rule=rule)
    page = client_of(alice).get(reverse(LIST)).content.decode()
    for text in ("Fusion enhancement", "Synchronise gmail again.", "and 1 more", str(rule), "63"):
        assert text in page


def test_its_page_has_every_step_and_no_save(client_of, alice):
    one = proposed(alice)
    page = client_of(alice).get(reverse("admin:optimizer_optimizationevent_change", args=[one.pk])).content.decode()
    assert "<li>Recalibrate.</li>" in page
    assert 'name="_save"' not in page
    assert "(&#x27;" not in page


def test_own_things_and_filters(client_of, alice, bob, olga):
    hers, his = proposed(alice), proposed(bob, status="applied", strategy="general")
    assert shown(client_of(alice)) == [hers]
    assert shown(client_of(olga), status="applied") == [his]
    assert shown(client_of(olga), strategy="fusion_enhancement") == [hers]
    assert shown(client_of(olga), person="bob", status="") == [his]


@pytest.mark.parametrize(
    ("steps", "texts"),
    [
        (["a", "b"], ["a", "b"]), (None, []), ("one", ["one"]), ([{"action": "raise"}], ["raise"]),
        ([{"by": 3}], ["by 3"]), ({"learning_rate": 0.1}, ["learning rate: 0.1"]),
    ],
)  # fmt: skip
def test_steps_are_readable_whoever_wrote_them(steps, texts):
    assert recommended(steps) == texts


def test_queries_do_not_grow(client_of, olga, alice, django_assert_max_num_queries):
    for _ in range(12):
        proposed(alice, rule=rule_of(alice))
    client = client_of(olga)
    with django_assert_max_num_queries(20):
        assert len(shown(client)) == 12


def test_what_the_old_application_applied_does_not_bury_ours(client_of, olga, alice):
    ours = proposed(alice, status="applied", applied=True, verdict="improved", applied_at=timezone.now())
    rule_of(olga)
    OptimizationEvent.objects.bulk_create(
        OptimizationEvent(source_event_type="drift", optimization_action="stabilize", applied=True, status=status)
        for status in ["applied"] * 200 + ["proposed"] * 3
    )
    client, program = client_of(olga), Program(olga)
    assert shown(client, status="applied") == [ours]
    assert shown(client) == []
    assert len(shown(client, status="proposed", origin="other")) == 3
    assert client.get("/").context["cards"][4].count == "0"
    assert [row["id"] for row in program.get("optimizations/")["results"]] == [str(ours.pk)]
    theirs = program.get("optimizations/?origin=other&status=applied")["results"]
    assert (len(theirs) > 1, str(ours.pk) in {row["id"] for row in theirs}) == (True, False)
    assert program.get(f"optimizations/{theirs[0]['id']}/")["strategy"] is None
    assert [score.applied for score in of_strategies(OptimizationEvent.objects.all())] == [1]
