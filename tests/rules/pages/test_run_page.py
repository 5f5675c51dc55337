"""The page of a run: what was looked at, what came of it, and what was left alone."""

from datetime import timedelta

from rules.evaluation.dispatcher import dispatch
from rules.models import DispatchRun, MetricSample
from tests.rules.rule_cast import rule_of, run_at


def page(client, run):
    answer = client.get(f"/runs/{run.pk}/change/")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_what_happened_and_what_was_not_done(client_of, olga, alice, now):
    cpu = {"metric_type": "cpu", "condition_operator": ">", "threshold_value": 90}
    rule_of(alice, **cpu)
    rule_of(alice, **cpu, status="draft", rule_name="Draft")
    MetricSample.objects.push(user=alice, metric="cpu", value=95, observed_at=now)
    before = dispatch(now - timedelta(minutes=5), "command")
    run = dispatch(now, "schedule")
    shown = page(client_of(olga), run)
    assert "2 rules with 2 instances: 1 triggered." in shown
    assert "1 action succeeded, 0 failed." in shown
    assert f'href="/activity/?run={run.pk}&amp;event=rule_fired"' in shown
    assert "The rule is a draft." in shown
    assert f'href="/runs/{before.pk}/change/"' in shown
    assert "Nothing changed" not in shown


def test_a_run_without_a_change_one_that_overlapped_and_one_that_failed_say_so(client_of, olga, now):
    assert "No instance changed state" in page(client_of(olga), dispatch(now, "command"))
    sentences = {
        DispatchRun.Outcome.OVERLAPPED: "another run was in progress",
        DispatchRun.Outcome.FAILED: "Failed: The disk is full.",
        DispatchRun.Outcome.RUNNING: "In progress.",
    }
    for outcome, says in sentences.items():
        assert says in page(client_of(olga), run_at(now, outcome=outcome, error_message="The disk is full."))


def test_somebody_elses_run_is_not_there(client_of, alice, bob, now):
    run = run_at(now, requested_by=alice, trigger="page")
    assert client_of(bob).get(f"/runs/{run.pk}/change/").status_code == 404
    assert client_of(bob).get("/runs/nothing/change/").status_code == 404


def test_a_slow_one_shows_its_plan(client_of, olga, now, settings):
    rule_of(olga)
    assert "Slow statement" not in page(client_of(olga), dispatch(now, "command"))
    settings.SLOW_EVALUATION_SECONDS = 1e-9
    run = dispatch(now + timedelta(minutes=5), "command")
    assert run.outcome == DispatchRun.Outcome.COMPLETED
    shown = page(client_of(olga), run)
    assert "Slow statement" in shown
    assert "automation_rules" in DispatchRun.objects.get(pk=run.pk).plan
    assert "Seq Scan on" in shown or "Index Scan" in shown
