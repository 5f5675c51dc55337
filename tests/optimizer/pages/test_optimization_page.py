"""The page of one proposal: why, what it would change, who answers how, and what came of it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from optimizer.measurement.effect import measure
from optimizer.models import ActionLog, OptimizationEvent, OptimizerPolicy
from rules.models import ActivityEntry, FusionScore
from tests.optimizer.optimization_cast import COVERAGE, metrics_of, optimization_for, readings_around, weights_of
from tests.rules.rule_cast import entry_of, rule_of


@pytest.fixture
def now():
    return timezone.now()


def page(client, event, part=""):
    return client.get(f"/optimizations/{event.pk}/{part}")


def text(response):
    assert response.status_code == 200
    return response.content.decode()


def do(client, event, verb, **fields):
    response = client.post(f"/optimizations/{event.pk}/do/{verb}/", fields, follow=True)
    event.refresh_from_db()
    return response.content.decode()


def everything():
    """What a dry run must leave as it is."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (OptimizationEvent, ActionLog, ActivityEntry, FusionScore)
    ]


def test_it_says_why_and_what_it_would_do(client_of, alice, now):
    rule = rule_of(alice)
    entry = entry_of(rule, now)
    event = optimization_for(alice, now, COVERAGE, advice=("Look at gmail.",), rule=rule.pk, entry=entry.pk)
    content = text(page(client_of(alice), event))
    for words in (
        "Fusion enhancement for Alice", "The fusion score is 60 (threshold: below 70).", "Adjust a weight",
        "Coverage is low.", "The score follows.", "Look at gmail.", f"/activity/{entry.pk}/change/", str(rule),
        "Waiting for approval until", "Apply now", "Proposed by a rule.",
    ):  # fmt: skip
        assert words in content, words


def test_links_lead_only_to_what_one_may_see(client_of, alice, ada, now):
    rule = rule_of(ada, applies_to="everyone")
    entry = entry_of(rule, now)
    content = text(page(client_of(alice), optimization_for(alice, now, COVERAGE, rule=rule.pk, entry=entry.pk)))
    assert f"/rules/{rule.pk}/" not in content
    assert f"/activity/{entry.pk}/" not in content
    assert str(rule) in content


def test_a_dry_run_shows_before_and_after_and_changes_nothing(client_of, alice, now):
    weights, event = metrics_of(alice), optimization_for(alice, now, COVERAGE, {"metric": "speed", "step": 0.1})
    before, client = everything(), client_of(alice)
    for requested in ({}, {"HTTP_HX_REQUEST": "true"}):
        content = text(client.get(f"/optimizations/{event.pk}/dry-run/", **requested))
        assert "<td>0.5</td><td>0.6</td>" in content
        assert "<td>60</td><td>58.1818</td>" in content
        assert "Currently not possible: Unknown fusion metric “speed”" in content
    assert "<html" not in content
    assert (everything(), weights_of(alice)) == (before, weights)


def test_apply_asks_first_with_the_dry_run(client_of, alice, now):
    weights, event = metrics_of(alice), optimization_for(alice, now, COVERAGE)
    content = text(page(client_of(alice), event, "do/apply/"))
    assert "<td>0.5</td><td>0.6</td>" in content
    assert weights_of(alice) == weights


def test_applied_it_shows_what_was_done_and_rolled_back_it_is_as_before(client_of, alice, now):
    weights, event = metrics_of(alice), optimization_for(alice, now, COVERAGE)
    client = client_of(alice)
    content = do(client, event, "apply")
    assert event.status == "applied"
    assert event.approved_by == alice
    for words in (
        "Applied. The effect is measured",
        "weights: coverage</th><td>0.5</td><td>0.6</td>",
        event.content_hash[:12],
    ):
        assert words in content, words
    requested = text(page(client, event, "do/roll_back/"))
    assert "weights: coverage</th><td>0.6</td><td>0.5</td>" in requested
    content = do(client, event, "roll_back", note="It was too much.")
    assert (event.status, weights_of(alice)) == ("rolled_back", weights)
    assert "“It was too much.”" in content
    labels = [line.label for line in page(client, event).context["story"]]
    assert labels == ["proposed", "approved", "done", "applied", "undone", "rolled back"]


def test_approved_it_is_left_to_the_workers_and_followed(client_of, alice, now):
    metrics_of(alice)
    event, client = optimization_for(alice, now, COVERAGE), client_of(alice)
    content = do(client, event, "approve")
    assert event.status == "approved"
    assert "Workers apply the optimization within a minute." in content
    assert f'hx-get="/optimizations/{event.pk}/live/"' in content
    assert "HX-Refresh" not in page(client, event, "live/").headers
    do(client, event, "apply")
    assert page(client, event, "live/").headers["HX-Refresh"] == "true"


def test_a_failure_says_which_step_and_why(client_of, alice, now):
    weights = metrics_of(alice)
    event = optimization_for(alice, now, COVERAGE, {"metric": "speed", "step": 0.1}, COVERAGE)
    content = do(client_of(alice), event, "apply")
    assert event.status == "failed"
    assert content.count("Unknown fusion metric “speed”") >= 3  # said, in the step, and in the story
    assert "An earlier step failed." in content
    assert weights_of(alice) == weights


@pytest.mark.parametrize(("length", "days"), [("1d", 1), ("7d", 7), ("30d", 30), ("ever", None)])
def test_dismissed_for_a_while_or_for_ever(client_of, alice, now, length, days):
    event = optimization_for(alice, now, COVERAGE)
    content = do(client_of(alice), event, "dismiss", **{"for": length, "note": "Not now."})
    assert (event.status, event.decision_note, event.decided_by) == ("dismissed", "Not now.", alice)
    if days is None:
        assert event.dismissed_until is None
        assert "never proposed again" in content
    else:
        assert timedelta(days=days) <= event.dismissed_until - now < timedelta(days=days, minutes=1)


@pytest.mark.parametrize("verb", ["dismiss", "by_hand"])
def test_a_reason_that_cannot_be_stored(client_of, alice, now, verb):
    event = optimization_for(alice, now, *([COVERAGE] if verb == "dismiss" else []), advice=("Connect gmail again.",))
    assert "Null characters are not allowed." in do(client_of(alice), event, verb, note="a\0b")
    assert event.status == "proposed"


def test_advice_alone_is_done_by_hand_and_measured(client_of, alice, now):
    event = optimization_for(alice, now, advice=("Connect gmail again.",))
    client = client_of(alice)
    content = text(page(client, event))
    assert "Confirm after you completed" in content
    assert "Apply now" not in content
    do(client, event, "apply")
    assert event.status == "proposed"
    content = do(client, event, "by_hand", note="Reconnected.")
    assert (event.status, event.applied, event.approved_by, event.decided_by) == ("applied", True, None, alice)
    assert event.measure_at - event.applied_at == timedelta(hours=24)
    assert "Alice completed the manual steps." in content
    assert ActivityEntry.objects.get(event_type="optimization_done_by_hand").context["note"] == "Reconnected."


def test_what_has_operations_is_not_done_by_hand(client_of, alice, now):
    event = optimization_for(alice, now, COVERAGE)
    assert "This optimization has operations" in do(client_of(alice), event, "by_hand")
    assert event.status == "proposed"


def test_whether_it_helped_is_said_with_numbers_and_drawn(client_of, alice, now):
    metrics_of(alice)
    applied = now - timedelta(hours=30)
    readings_around(alice, applied, before=60, after=50)
    event = optimization_for(alice, applied, COVERAGE)
    OptimizationEvent.objects.filter(pk=event.pk).update(expires_at=None)
    do(client_of(alice), event, "apply")
    OptimizationEvent.objects.filter(pk=event.pk).update(applied_at=applied)
    event.refresh_from_db()
    event.effect = {"before": [60.0, 60.1, 60.2, 60.3, 60.1] * 20}
    assert measure(event, now) == "worse"
    response = page(client_of(alice), event)
    content = text(response)
    context = response.context["effect"]
    assert context.startswith("Worse: the fusion score was on average 60.14 before and 50.27 after, 9.87 less"), context
    assert "p &lt; 0.0001" in content
    assert "Roll it back" in content
    chart = response.context["chart"]
    assert chart["lines"] == {"threshold": 70.0}
    assert chart["start"] < chart["mark"] < chart["end"]
    assert len(chart["points"]) > 40


def test_one_does_not_approve_what_one_has_asked_for(client_of, alice, olga, now):
    metrics_of(alice)
    event = optimization_for(alice, now, COVERAGE, by=alice.pk)
    client = client_of(alice)
    refused = "You requested this optimization, so another person must approve it."
    content = text(page(client, event))
    assert refused in content
    assert "Apply now</a>" not in content
    for verb in ("approve", "apply"):
        assert refused in do(client, event, verb)
        assert event.status == "proposed"
    do(client_of(olga), event, "apply")
    assert event.status == "applied"


def test_stopped_everything_is_said_and_nothing_is_applied(client_of, alice, now):
    metrics_of(alice)
    OptimizerPolicy.objects.create(stopped=True)
    event, client = optimization_for(alice, now, COVERAGE), client_of(alice)
    assert "The optimizer is stopped" in text(page(client, event))
    assert "The optimizer is stopped" in do(client, event, "apply")
    assert event.status == "proposed"


def test_outside_its_window_a_scheduled_one_is_approved_but_not_applied_now(client_of, alice, now):
    metrics_of(alice)
    tomorrow = (now.weekday() + 2) % 7
    OptimizerPolicy.objects.create(window=[{"days": [tomorrow], "from": "03:00", "until": "04:00"}])
    event, client = optimization_for(alice, now, COVERAGE, kind="scheduled"), client_of(alice)
    assert "Waiting for the change window." in do(client, event, "apply")
    assert event.status == "proposed"
    assert "Applied in the change window." in do(client, event, "approve")
    assert event.status == "approved"


def test_who_may_answer(client_of, alice, bob, olga, audra, now):
    event = optimization_for(alice, now, COVERAGE)
    assert page(client_of(bob), event).status_code == 404
    assert client_of(bob).post(f"/optimizations/{event.pk}/do/dismiss/").status_code == 404
    content = text(page(client_of(audra), event))
    assert "Apply now" not in content
    assert client_of(audra).post(f"/optimizations/{event.pk}/do/dismiss/").status_code == 403
    event.refresh_from_db()
    assert event.status == "proposed"
    do(client_of(olga), event, "dismiss")
    assert event.status == "dismissed"


def test_an_answer_that_comes_too_late_says_so(client_of, alice, now):
    event = optimization_for(alice, now - timedelta(hours=25), COVERAGE)
    assert "The optimization was already decided or has expired." in do(client_of(alice), event, "approve")
    assert event.status == "proposed"


def test_the_old_address_is_the_same_page(client_of, alice, now):
    event = optimization_for(alice, now, COVERAGE)
    address = reverse("admin:optimizer_optimizationevent_change", args=[event.pk])
    assert "Coverage is low." in text(client_of(alice).get(address))


def test_what_another_program_proposed_is_readable(client_of, alice):
    event = OptimizationEvent.objects.create(
        user=alice, source_event_type="drift", optimization_action="pre_tune", recommended_actions=[{"action": "cool"}],
        before={"load": 0.9}, created_at=None,
    )  # fmt: skip
    content = text(page(client_of(alice), event))
    for words in ("Pre-Tune for Alice", "<li>cool</li>", "load", "0.9"):
        assert words.lower() in content.lower(), words


def test_the_number_of_queries_does_not_grow_with_the_steps(client_of, alice, now, django_assert_max_num_queries):
    metrics_of(alice)
    event = optimization_for(alice, now, *[COVERAGE] * 9)
    client = client_of(alice)
    with django_assert_max_num_queries(30):
        text(page(client, event))
