"""The page of one rule, its versions, and “Evaluate now”."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from rules.models import ActivityEntry, DispatchRun, FusionScore, MetricSample
from tests.conftest import person
from tests.rules.rule_cast import entry_of, rule_of, state_of

PAGE = "admin:rules_automationrule_page"
STATUS = "admin:rules_automationrule_status"
DISPATCH = "admin:dispatch_now"
HOUR = timedelta(hours=1)


def page_of(client, rule):
    return client.get(reverse(PAGE, args=[rule.pk]))


def score(user, value):
    return FusionScore.objects.create(user=user, fusion_score=value)


def test_the_rule_in_words_with_its_reading_and_what_it_did(client_of, alice, now):
    rule = rule_of(alice, description="Watch <closely>", runbook_url="https://example.com/run")
    score(alice, 63)
    state_of(rule, now)
    entry_of(rule, now, status="failed", error_message="The door is shut.")
    page = page_of(client_of(alice), rule).content.decode()
    assert "When the fusion score of Alice is below 70, alert Alice, severity high" in page
    assert "Would fire now" in page
    assert "The fusion score of Alice is 63: below 70." in page
    assert "The door is shut." in page
    assert "Watch &lt;closely&gt;" in page
    for name in ("change", "history", "delete"):
        assert reverse(f"admin:rules_automationrule_{name}", args=[rule.pk]) in page


def test_a_new_rule_has_an_empty_page_that_is_finished(client_of, alice):
    page = page_of(client_of(alice), rule_of(alice)).content.decode()
    assert "No reading" in page
    assert "No activity yet." in page
    assert "No instances" in page


def test_a_paused_rule_says_that_it_is_not_evaluated(client_of, alice):
    page = page_of(client_of(alice), rule_of(alice, status="paused")).content.decode()
    assert "The rule is paused, so it is not evaluated." in page


def test_the_worst_instances_come_first_and_only_some(client_of, olga, alice, bob, now):
    rule = rule_of(olga, applies_to="everyone")
    state_of(rule, now, "ok", user=alice)
    state_of(rule, now, "firing", user=bob)
    assert [state.user for state in page_of(client_of(olga), rule).context["states"]] == [bob, alice]


def test_on_everyone_it_says_for_how_many(client_of, olga, alice, bob):
    score(alice, 60)
    score(bob, 90)
    page = page_of(client_of(olga), rule_of(olga, applies_to="everyone")).content.decode()
    assert "Would fire for 1 of 3 people." in page


def test_somebody_elses_rule_is_not_there(client_of, alice, bob, audra):
    rule = rule_of(alice)
    assert page_of(client_of(bob), rule).status_code == 404
    assert client_of(bob).get(reverse(PAGE, args=[uuid.uuid4()])).status_code == 404
    assert client_of(bob).get(reverse("admin:rules_automationrule_history", args=[rule.pk])).status_code == 404
    assert client_of(bob).post(reverse(STATUS, args=[rule.pk]), {"status": "paused"}).status_code == 404
    page = page_of(client_of(audra), rule).content.decode()
    assert "Evaluate now" not in page
    assert client_of(audra).post(reverse(STATUS, args=[rule.pk]), {"status": "paused"}).status_code == 403


def test_queries_do_not_grow_with_what_it_did(client_of, alice, now, django_assert_max_num_queries):
    rule = rule_of(alice)
    for _ in range(60):
        entry_of(rule, now)
    client = client_of(alice)
    with django_assert_max_num_queries(49):
        response = page_of(client, rule)
    assert len(response.context["entries"]) == 20
    assert "All entries" in response.content.decode()


def test_a_rule_of_one_person_has_the_chart_of_an_alert_before_it_ever_fired(client_of, alice):
    rule = rule_of(alice, metric_type="cpu", critical_threshold=50)
    MetricSample.objects.push(user=alice, metric="cpu", value=80, observed_at=timezone.now() - HOUR)
    page = page_of(client_of(alice), rule)
    assert page.context["chart"]["lines"] == {"threshold": 70.0, "critical": 50.0}
    assert [value for _, value in page.context["chart"]["points"]] == [80]
    assert "No instances" in page.content.decode()


def test_a_rule_of_everyone_has_a_strip_for_each_instance_and_its_states_in_the_header(
    client_of, olga, alice, bob, django_assert_max_num_queries
):
    now, client = timezone.now(), client_of(olga)
    rule = rule_of(olga, metric_type="cpu", condition_operator=">", threshold_value=90, applies_to="everyone")
    for number, user in enumerate([alice, bob, *(person(f"P{number}", "members") for number in range(13))]):
        state = state_of(rule, now - HOUR, "firing" if user == bob else "ok", user=user)
        MetricSample.objects.push(user=user, metric="cpu", value=number, observed_at=now - 2 * HOUR)
        was = {"from": "ok", "to": "firing"} if user == bob else {"from": "firing", "to": "ok"}
        entry_of(rule, now - HOUR, state=state, context=was)
    with django_assert_max_num_queries(50):
        page = client.get(reverse(PAGE, args=[rule.pk]))
    strips = page.context["history"].strips
    assert (len(strips), page.context["other_states"]) == (12, "3")
    assert (strips[0].state.user, strips[0].latest) == (bob, "1")
    assert strips[0].words.replace("\u00a0", " ") in ("ok 23 h, firing 1 h", "ok 22 h 59 min, firing 1 h")
    assert [segment.condition for segment in strips[0].segments] == ["ok", "firing"]
    assert all(strip.path.startswith("M") for strip in strips)
    assert page.context["states_in_words"] == [("firing", "1 firing"), ("ok", "14 ok")]
    assert "+3 more instances" in page.content.decode()
    assert client.get(reverse(PAGE, args=[rule.pk]), {"days": "30"}).context["days"] == 30


def test_paused_and_activated_with_a_version_each(client_of, alice):
    rule = rule_of(alice)
    client = client_of(alice)
    for status in ("paused", "active"):
        client.post(reverse(STATUS, args=[rule.pk]), {"status": status})
        rule.refresh_from_db()
        assert rule.status == status
    assert [version.status for version in rule.history.order_by("history_id")] == ["active", "paused", "active"]


def test_versions_say_who_changed_what(client_of, alice):
    rule = rule_of(alice)
    client_of(alice).post(reverse(STATUS, args=[rule.pk]), {"status": "paused"})
    page = client_of(alice).get(reverse("admin:rules_automationrule_history", args=[rule.pk])).content.decode()
    assert "by Alice" in page
    assert "Status: <del>Active</del> → <ins>Paused</ins>" in page


def test_deleting_one_asks_and_does(client_of, alice, now):
    rule = rule_of(alice)
    state_of(rule, now)
    address = reverse("admin:rules_automationrule_delete", args=[rule.pk])
    client = client_of(alice)
    requested = client.get(address)
    assert requested.status_code == 200
    assert "permission" not in requested.content.decode()
    client.post(address, {"post": "yes"})
    assert page_of(client, rule).status_code == 404


# -- evaluate now ------------------------------------------------------------------------------------


def evaluate(client, **fields):
    return client.post(reverse(DISPATCH), fields, follow=True)


def test_a_member_evaluates_their_own_rules(client_of, alice, bob):
    rule_of(alice)
    rule_of(bob)
    score(alice, 63)
    score(bob, 63)
    page = evaluate(client_of(alice), next=reverse("admin:rules_automationrule_changelist")).content.decode()
    assert "Evaluated 1 rule: 1 fired, 1 acted, 0 failed." in page
    run = DispatchRun.objects.get()
    assert (run.trigger, run.requested_by) == ("page", alice)
    assert [entry.user for entry in ActivityEntry.objects.all()] == [alice]


@pytest.mark.parametrize("role", ["olga", "ada"])
def test_operators_evaluate_every_rule(client_of, request, alice, bob, role):
    rule_of(alice)
    rule_of(bob)
    page = evaluate(client_of(request.getfixturevalue(role))).content.decode()
    assert "Evaluated 2 rules: 0 fired, 0 acted, 0 failed, 2 with no data." in page


def test_one_rule(client_of, alice):
    rule_of(alice)
    rule = rule_of(alice, rule_name="Only")
    page = evaluate(client_of(alice), rule=rule.pk, next=reverse(PAGE, args=[rule.pk])).content.decode()
    assert "Evaluated 1 rule" in page
    rule.status = "paused"
    rule.save()
    assert "so it was not evaluated" in evaluate(client_of(alice), rule=rule.pk).content.decode()


def test_who_may_not(client_of, audra, alice, bob):
    assert client_of(audra).post(reverse(DISPATCH)).status_code == 403
    assert client_of(bob).post(reverse(DISPATCH), {"rule": rule_of(alice).pk}).status_code == 404
    assert client_of(bob).post(reverse(DISPATCH), {"rule": "x"}).status_code == 404
    assert client_of(bob).get(reverse(DISPATCH)).status_code == 405


def test_only_back_to_a_page_of_ours(client_of, alice):
    response = client_of(alice).post(reverse(DISPATCH), {"next": "https://evil.example/"})
    assert response.headers["Location"] == reverse("admin:index")


def test_another_evaluation_is_running(another_dispatcher, client_of, alice):
    assert "Another evaluation is running." in evaluate(client_of(alice)).content.decode()


def test_an_evaluation_that_breaks_says_why(client_of, alice, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("rules.pages.evaluate_now.dispatch", broken)
    assert "The evaluation failed: RuntimeError: the disk is full." in evaluate(client_of(alice)).content.decode()
