"""The lists of rules, instances, activity, runs and integrations."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from rules.models import AutomationRule, Integration
from tests.rules.rule_cast import entry_of, rule_of, run_at, state_of

LISTS = {
    "rules": "admin:rules_automationrule_changelist",
    "firing": "admin:rules_rulestate_changelist",
    "activity": "admin:rules_activityentry_changelist",
    "runs": "admin:rules_dispatchrun_changelist",
    "integrations": "admin:rules_integration_changelist",
}


def address(name):
    """That of a list with everything that it has: the activity begins with the last days."""
    return reverse(LISTS[name]) + ("?within=" if name == "activity" else "")


def shown(response):
    return list(response.context["cl"].result_list)


def text(response):
    return response.content.decode()


@pytest.mark.parametrize("name", LISTS)
def test_an_empty_list_says_what_to_do(client_of, alice, name):
    response = client_of(alice).get(address(name))
    assert response.status_code == 200
    admin = response.context["cl"].model_admin
    assert admin.empty_title in text(response)
    assert admin.empty_text


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("role", ["alice", "olga", "audra", "ada"])
def test_everybody_has_the_lists(client_of, request, now, name, role):
    person = request.getfixturevalue(role)
    rule = rule_of(person)
    state_of(rule, now)
    entry_of(rule, now)
    run_at(now)
    Integration.objects.create(user=person, integration_type="gmail", status="error", error_message="expired")
    response = client_of(person).get(address(name))
    assert response.status_code == 200
    assert len(shown(response)) == 1


def test_a_member_sees_only_their_own(client_of, alice, bob, now):
    rule = rule_of(alice)
    state_of(rule, now)
    entry_of(rule, now)
    Integration.objects.create(user=alice, integration_type="gmail")
    run_at(now, trigger="page", requested_by=alice)
    for name in LISTS:
        assert shown(client_of(bob).get(address(name))) == []


@pytest.mark.parametrize("name", LISTS)
def test_queries_do_not_grow_with_the_rows(client_of, olga, alice, now, name, django_assert_max_num_queries):
    for n in range(12):
        rule = rule_of(alice, rule_name=f"Rule {n}")
        state_of(rule, now)
        entry_of(rule, now)
        run_at(now, requested_by=alice)
        Integration.objects.create(user=alice, integration_type=f"type {n}")
    client = client_of(olga)
    with django_assert_max_num_queries(21) as queries:
        assert len(shown(client.get(address(name)))) == 12
    # Nothing counts all rows; a histogram, which has to, is not drawn at once where there are many.
    statements = [query["sql"] for query in queries.captured_queries
                  if "date_bin" not in query["sql"] and "pg_trigger" not in query["sql"]]  # fmt: skip
    assert not [sql for sql in statements if "count(*)" in sql.lower() and "LIMIT" not in sql and name in sql
                and "rules" not in sql.lower()]  # fmt: skip


def test_rules_are_found_by_name_and_sorted(client_of, alice):
    rule_of(alice, rule_name="Beta")
    rule_of(alice, rule_name="Alpha", metric_type="cpu")
    client = client_of(alice)
    assert [str(rule) for rule in shown(client.get(reverse(LISTS["rules"])))] == ["Alpha", "Beta"]
    assert [str(rule) for rule in shown(client.get(reverse(LISTS["rules"]), {"q": "cpu"}))] == ["Alpha"]
    assert [str(rule) for rule in shown(client.get(reverse(LISTS["rules"]), {"o": "-1"}))] == ["Beta", "Alpha"]
    assert "No results for “zzz”" in text(client.get(reverse(LISTS["rules"]), {"q": "zzz"}))


def test_a_rule_that_fires_says_so(client_of, alice, now):
    state_of(rule_of(alice), now)
    assert re.search(r">\s*firing\s*<", text(client_of(alice).get(reverse(LISTS["rules"]))))


@pytest.mark.parametrize(("action", "old", "new"), [("pause", "active", "paused"), ("activate", "paused", "active")])
def test_many_rules_are_paused_and_activated_after_a_question(client_of, alice, action, old, new):
    rules = [rule_of(alice, rule_name=name, status=old) for name in ("One", "Two")]
    client, page = client_of(alice), reverse(LISTS["rules"])
    picked = {"action": action, "_selected_action": [rule.pk for rule in rules]}
    requested = client.post(page, picked | {"index": "0"})
    assert "2 rules?" in text(requested)
    assert AutomationRule.objects.filter(status=old).count() == 2
    done = client.post(page, picked | {"post": "yes"}, follow=True)
    assert "2 rules." in text(done)
    assert AutomationRule.objects.filter(status=new).count() == 2
    assert rules[0].history.first().status == new
    assert rules[0].history.first().history_user == alice


def test_many_rules_are_deleted_after_a_question_and_their_activity_stays(client_of, alice, now):
    rule = rule_of(alice)
    state_of(rule, now)
    entry = entry_of(rule, now)
    picked = {"action": "delete_selected", "_selected_action": [rule.pk]}
    client, page = client_of(alice), reverse(LISTS["rules"])
    assert "recycle bin for 30 days" in text(client.post(page, picked | {"index": "0"}))
    assert AutomationRule.objects.exists()
    assert "Deleted 1 rule." in text(client.post(page, picked | {"post": "yes"}, follow=True))
    entry.refresh_from_db()
    assert (AutomationRule.objects.count(), entry.rule_id) == (0, AutomationRule.binned.get().pk)


def test_all_that_match_are_meant_across_pages(client_of, alice):
    for n in range(60):
        rule_of(alice, rule_name=f"Rule {n}")
    picked = {"action": "pause", "_selected_action": [AutomationRule.objects.first().pk], "select_across": "1"}
    client_of(alice).post(reverse(LISTS["rules"]), picked | {"post": "yes"})
    assert AutomationRule.objects.filter(status="paused").count() == 60


def test_an_auditor_changes_nothing(client_of, audra, alice):
    rule = rule_of(alice)
    picked = {"action": "pause", "_selected_action": [rule.pk], "post": "yes"}
    client_of(audra).post(reverse(LISTS["rules"]), picked)
    rule.refresh_from_db()
    assert rule.status == "active"


def test_firing_instances_come_first_to_mind(client_of, alice, now):
    state_of(rule_of(alice, rule_name="Fires"), now)
    state_of(rule_of(alice, rule_name="Fine"), now, "ok")
    state_of(rule_of(alice, rule_name="Paused", status="paused"), now)
    client, page = client_of(alice), reverse(LISTS["firing"])
    assert [str(state.rule) for state in shown(client.get(page))] == ["Fires"]
    assert len(shown(client.get(page, {"condition": ""}))) == 3
    assert [str(state.rule) for state in shown(client.get(page, {"condition": "ok"}))] == ["Fine"]


def test_the_worst_that_fires_comes_first(client_of, alice, now):
    """The newest of them is medium; one that is acknowledged comes after all others, however bad it is."""
    names = ("low", "medium", "high", "critical")
    rules = {name: rule_of(alice, rule_name=name, severity=name) for name in names}
    for minutes, name in enumerate(("critical", "low", "high", "medium")):
        state_of(rules[name], now + timedelta(minutes=minutes))
    state_of(rules["low"], now - timedelta(days=1), target="past the critical threshold", critical=True)
    state_of(rules["critical"], now + timedelta(hours=1), target="seen", handling="acknowledged")
    client, page = client_of(alice), reverse(LISTS["firing"])
    found = [(str(state.rule), state.target) for state in shown(client.get(page))]
    assert found == [
        ("critical", ""),
        ("low", "past the critical threshold"),
        ("high", ""),
        ("medium", ""),
        ("low", ""),
        ("critical", "seen"),
    ]
    by_time = [str(state.since) for state in shown(client.get(page, {"o": "-6"}))]
    assert by_time == sorted(by_time, reverse=True)


def test_an_instance_shows_its_value_beside_the_threshold_and_leads_to_its_page(client_of, alice, now):
    state = state_of(rule_of(alice), now)
    page = text(client_of(alice).get(reverse(LISTS["firing"])))
    assert "<b>63</b> below 70" in page
    assert reverse("admin:rules_rulestate_page", args=[state.pk]) in page


def test_activity_is_a_sentence_with_its_outcome_and_cause(client_of, alice, now):
    rule = rule_of(alice)
    entry_of(rule, now, status="failed", error_message="ValueError: <no>")
    page = text(client_of(alice).get(address("activity")))
    assert "The fusion score of Alice is 63: below 70." in page
    assert "ValueError: &lt;no&gt;" in page
    assert "alert failed" in page


def test_an_entry_of_another_program_is_shown_too(client_of, alice, now):
    entry_of(rule_of(alice), now, event_type="legacy_event", context={"message": "It was so.", "person": "nobody"})
    assert "Legacy event — It was so." in text(client_of(alice).get(address("activity")))


@pytest.mark.parametrize("name", ["rulestate", "activityentry", "dispatchrun"])
def test_what_the_system_writes_is_not_edited(client_of, ada, now, name):
    rule = rule_of(ada)
    thing = {"rulestate": state_of(rule, now), "activityentry": entry_of(rule, now), "dispatchrun": run_at(now)}[name]
    client = client_of(ada)
    assert client.get(reverse(f"admin:rules_{name}_add")).status_code == 403
    assert client.post(reverse(f"admin:rules_{name}_delete", args=[thing.pk])).status_code == 403
    page = client.get(reverse(f"admin:rules_{name}_change", args=[thing.pk]), follow=True)
    assert page.status_code == 200
    assert 'name="_save"' not in text(page)
    assert "(&#x27;" not in text(page)  # a label's value and colour are two things only in a list


def test_a_list_is_called_what_led_to_it(client_of, alice):
    page = text(client_of(alice).get(reverse("admin:rules_rulestate_changelist")))
    assert re.search(r"<h1[^>]*>\s*Firing\s*</h1>", page)
    assert "Firing | Smart Agent" in page


def test_a_run_shows_its_stages_and_lag(client_of, alice, now):
    run = run_at(now, late_by=timedelta(minutes=7), finished_at=now + timedelta(milliseconds=60))
    client = client_of(alice)
    page = text(client.get(reverse(LISTS["runs"])))
    assert 'aria-label="2 readings 12 ms, 3 candidates 40 ms"' in page
    assert "7m" in page
    assert "60\u00a0ms" in page
    one = text(client.get(reverse("admin:rules_dispatchrun_change", args=[run.pk])))
    assert "</svg> 2 readings 12 ms, 3 candidates 40 ms" in one


def test_an_integration_is_made_changed_and_deleted_and_keeps_its_secret(client_of, alice):
    client = client_of(alice)
    fields = {"integration_type": "gmail", "status": "active", "config": '{"label": "work"}', "error_message": ""}
    fields |= {"last_sync_at_0": "", "last_sync_at_1": ""}
    assert '<input type="text" name="integration_type"' in text(client.get(reverse("admin:rules_integration_add")))
    client.post(reverse("admin:rules_integration_add"), fields)
    made = Integration.objects.get()
    assert (made.user, made.config) == (alice, {"label": "work"})
    Integration.objects.update(credentials_encrypted="s3cr3t")
    page = client.get(reverse("admin:rules_integration_change", args=[made.pk]))
    assert "s3cr3t" not in text(page)
    twice = client.post(reverse("admin:rules_integration_add"), fields)
    assert "already has an integration of this type" in text(twice)
    listed = client.post(reverse("admin:rules_integration_change", args=[made.pk]), fields | {"config": "[1]"})
    assert "JSON object" in text(listed)
    client.post(reverse("admin:rules_integration_delete", args=[made.pk]), {"post": "yes"})
    assert not Integration.objects.exists()
