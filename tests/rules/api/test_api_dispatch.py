"""Evaluate now, by REST."""

from django.utils import timezone

from rules.models import ActivityEntry, DispatchRun, MetricSample
from tests.api import Program
from tests.rules.api.test_api_rules import rule_of


def watched(user):
    MetricSample.objects.push(user=user, metric="cpu", value=95, observed_at=timezone.now())
    return rule_of(user, metric_type="cpu", condition_operator=">", threshold_value=90, action_type="log",
                   action_config={})  # fmt: skip


def test_a_member_evaluates_their_own_rules(alice, bob):
    watched(alice), watched(bob)
    run = Program(alice).post("dispatch/", {})
    assert (run["outcome"], run["trigger"], run["requested_by"]) == ("completed", "api", str(alice.pk))
    assert (run["rules_evaluated"], run["triggered"], run["succeeded"]) == (1, 1, 1)
    assert ActivityEntry.objects.get().user == alice
    assert Program(alice).get(f"runs/{run['id']}/")["triggered"] == 1


def test_without_a_body_too(alice):
    assert Program(alice).post("dispatch/")["rules_evaluated"] == 0


def test_an_operator_evaluates_everyones(alice, bob, olga):
    watched(alice), watched(bob)
    assert Program(olga).post("dispatch/", {})["rules_evaluated"] == 2


def test_one_rule_alone(alice, olga):
    rule = watched(alice)
    watched(alice)
    for person in (alice, olga):
        assert Program(person).post("dispatch/", {"rule": str(rule.pk)})["rules_evaluated"] == 1


def test_what_cannot_be_evaluated(alice, bob, audra):
    rule = watched(alice)
    error = Program(bob).post("dispatch/", {"rule": str(rule.pk)}, status=404)
    assert error == {"rule": ["The rule does not exist, or you cannot change it."]}
    Program(alice).post(f"rules/{rule.pk}/pause/")
    error = Program(alice).post("dispatch/", {"rule": str(rule.pk)}, status=400)
    assert error == {"rule": ["This rule is paused, so it is not evaluated. Activate it first."]}
    assert Program(alice).post("dispatch/", {"rule": "x"}, status=400) == {"rule": ["Must be a valid UUID."]}
    assert "Unknown field" in Program(alice).post("dispatch/", {"rules": []}, status=400)["rules"][0]
    Program(audra).post("dispatch/", {}, status=403)
    assert not DispatchRun.objects.exists()


def test_beside_another_evaluation_it_is_a_conflict(another_dispatcher, alice):
    error = Program(alice).post("dispatch/", {}, status=409)
    assert error == {"detail": ["Another evaluation is running. Try again in a moment."]}
    assert DispatchRun.objects.get().outcome == "overlapped"
