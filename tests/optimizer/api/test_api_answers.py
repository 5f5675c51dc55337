"""Programs ask for proposals, try and answer them; what cannot be done is a conflict that says why."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from optimizer.models import OptimizationEvent
from rules.models import ActivityEntry
from tests.api import Program
from tests.optimizer.optimization_cast import COVERAGE, metrics_of, optimization_for, weights_of


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def event(alice, now):
    metrics_of(alice)
    return optimization_for(alice, now, COVERAGE, advice=("Look.",))


def test_it_is_tried_applied_and_rolled_back(alice, event):
    weights, program = weights_of(alice), Program(alice)
    (step,) = program.post(f"optimizations/{event.pk}/dry-run/")["steps"]
    assert step["changes"][0] == {"what": "Weight of coverage", "before": "0.5", "after": "0.6"}
    assert weights_of(alice) == weights
    done = program.post(f"optimizations/{event.pk}/apply/")
    assert (done["status"], done["approved_by"], done["advice"]) == ("applied", str(alice.pk), ["Look."])
    assert done["steps"][0]["status"] == "done"
    assert {"what": "weights: coverage", "before": "0.5", "after": "0.6"} in done["steps"][0]["changes"]
    assert done["effect"]["verdict"] == ""
    again = program.post(f"optimizations/{event.pk}/apply/", status=409)
    assert again == {"detail": ["The optimization is applied."]}
    back = program.post(f"optimizations/{event.pk}/roll-back/", {"note": "Too much."})
    assert (back["status"], back["decision_note"], weights_of(alice)) == ("rolled_back", "Too much.", weights)


def test_approved_it_waits_for_the_workers(alice, event):
    assert Program(alice).post(f"optimizations/{event.pk}/approve/")["status"] == "approved"


def test_dismissed_for_a_length(alice, event, now):
    program = Program(alice)
    assert "for" in program.post(f"optimizations/{event.pk}/dismiss/", {"for": "2d"}, status=400)
    done = program.post(f"optimizations/{event.pk}/dismiss/", {"for": "30d", "note": "Not now."})
    assert (done["status"], done["decision_note"], done["decided_by"]) == ("dismissed", "Not now.", str(alice.pk))
    event.refresh_from_db()
    assert event.dismissed_until - now > timedelta(days=29)


def test_advice_alone_is_done_by_hand(olga, bob, now):
    event = optimization_for(bob, now, advice=("Connect it again.",))
    program = Program(olga)
    assert program.post(f"optimizations/{event.pk}/approve/", status=409)["detail"][0].startswith(
        "This optimization has no operations"
    )
    assert program.post(f"optimizations/{event.pk}/done-by-hand/", {"note": "Done."})["status"] == "applied"
    assert ActivityEntry.objects.filter(event_type="optimization_done_by_hand").exists()


def test_many_are_answered_each_by_itself(alice, bob, olga, event, now):
    empty = optimization_for(bob, now, advice=("Look.",))
    requested = {"ids": [str(event.pk), str(empty.pk), str(uuid4())], "verb": "apply"}
    done = Program(olga).post("optimizations/decide/", requested)
    assert done == {
        "done": [str(event.pk)],
        "refused": [{"id": str(empty.pk), "reason": "This optimization has no operations; its steps are manual."}],
    }
    assert Program(bob).post("optimizations/decide/", requested | {"ids": [str(event.pk)]}) == {
        "done": [],
        "refused": [],
    }


def test_whose_it_is(alice, bob, audra, event):
    for verb in ("approve", "apply", "dismiss", "roll-back", "done-by-hand"):
        Program(bob).post(f"optimizations/{event.pk}/{verb}/", status=404)
        Program(audra).post(f"optimizations/{event.pk}/{verb}/", status=403)
    Program(bob).post(f"optimizations/{event.pk}/dry-run/", status=404)
    Program(audra).post(f"optimizations/{event.pk}/dry-run/")
    event.refresh_from_db()
    assert event.status == "proposed"


ASKED = {"metric": "fusion_score", "operator": "<", "threshold": 70}


def test_a_program_asks_for_a_proposal_once(alice, bob, olga):
    metrics_of(alice)
    made = Program(alice).post("optimizations/", ASKED, status=201)
    assert (made["user"], made["requested_by"], made["status"]) == (str(alice.pk), str(alice.pk), "proposed")
    assert made["reason"].startswith("Requested by Alice.")
    again = Program(alice).post("optimizations/", ASKED, status=409)
    assert again["detail"][0].startswith("An optimization is already proposed.")
    theirs = Program(olga).post("optimizations/", ASKED | {"user": "bob@example.com"}, status=201)
    assert theirs["user"] == str(bob.pk)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"metric": "Not one"}, "metric"), ({"threshold": None}, "threshold"), ({"user": "olga@example.com"}, "user"),
        ({"kind": "auto"}, "kind"), ({"colour": "red"}, "colour"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_by_field(alice, olga, given, field):
    assert list(Program(alice).post("optimizations/", ASKED | given, status=400)) == [field]


def test_without_a_rule_it_has_to_be_said_what_is_bad(alice, audra):
    answered = Program(alice).post("optimizations/", {"metric": "fusion_score"}, status=400)
    assert answered["threshold"][0].startswith("No rule watches this metric")
    Program(audra).post("optimizations/", ASKED, status=403)
    assert not OptimizationEvent.objects.exists()
