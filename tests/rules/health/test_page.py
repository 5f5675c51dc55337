"""The page “Rule health”, the health on the page of a rule, and a better threshold in the editor."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from rules.models import ActivityEntry, Feedback
from tests.entries import change_entries
from tests.rules.health.conftest import DAY
from tests.rules.rule_cast import entry_of, rule_of, state_of

HEALTH = "admin:rules_health"
RULE = "admin:rules_automationrule_page"
RULES = "admin:rules_automationrule_changelist"
BETTER = "admin:rules_automationrule_improvement"
EDITOR = "admin:rules_automationrule_change"
JUDGE = "admin:rules_activityentry_feedback"


@pytest.fixture
def now():
    """The pages ask the clock."""
    return timezone.now()


def page(client, name=HEALTH, *args, **requested):
    return client.get(reverse(name, args=args), requested).content.decode()


def never_fired(user, now, **fields):
    return rule_of(user, **{"created_at": now - 100 * DAY} | fields)


def test_before_there_is_a_rule(client_of, alice):
    assert "No rules yet" in page(client_of(alice))


def test_all_rules_are_well(client_of, alice):
    rule_of(alice)
    shown = page(client_of(alice))
    assert "No problems found" in shown
    assert "No problems found in 1 rule." in shown
    assert "No rule has fired in the last 30 days." in shown


def test_what_was_found_with_numbers_and_ways_out(client_of, alice, now):
    rule = never_fired(alice, now, rule_name="Old <one>")
    shown = page(client_of(alice))
    assert "Not fired in 90 days: 1" in shown
    assert "Never fired in the 100 days since it was created." in shown
    assert "Old &lt;one&gt;" in shown
    assert reverse(RULE, args=[rule.pk]) in shown


def test_twenty_are_shown_and_the_list_has_all(client_of, alice, now):
    for number in range(22):
        never_fired(alice, now, rule_name=f"No. {number}")
    client = client_of(alice)
    shown = page(client)
    assert "Not fired in 90 days: 22" in shown
    assert f"{reverse(RULES)}?health=never_fired" in shown
    rule_of(alice, rule_name="Well")
    listed = client.get(reverse(RULES), {"health": "never_fired"}).context["cl"]
    assert listed.result_count == 22
    assert "“worse” is not one of" in page(client, RULES, health="worse")


def test_only_of_rules_that_one_sees(client_of, alice, bob, olga, now):
    never_fired(alice, now, rule_name="Of Alice")
    assert "Of Alice" not in page(client_of(bob))
    assert "Of Alice" in page(client_of(olga))
    client = client_of(bob)
    never_fired(bob, now)
    assert client.get(reverse(RULES), {"health": "never_fired"}).context["cl"].result_count == 1


def test_it_is_for_those_who_see_rules(client_of, alice):
    alice.groups.clear()
    client = client_of(alice)
    assert client.get(reverse(HEALTH)).status_code == 403
    assert client.post(reverse(HEALTH)).status_code in (403, 405)


def test_the_noisiest_as_a_chart_and_as_words(client_of, alice, now):
    for name, count in (("Loud", 3), ("Quiet", 1)):
        rule = rule_of(alice, rule_name=name)
        for _ in range(count):
            entry_of(rule, now - 8 * DAY)
    shown = page(client_of(alice))
    words = "“Loud” is the noisiest rule of the last 30 days: 3 notifications, fired 3 times."
    assert words in shown
    assert "No rule has fired in the last 7 days." in page(client_of(alice), days=7)


def judge(rule, now, readings):
    for value, useful in readings:
        entry = entry_of(rule, now - DAY)
        entry.context |= {"value": value}
        change_entries(ActivityEntry.objects.filter(pk=entry.pk), context=entry.context)
        Feedback.objects.create(rule=rule, entry=entry, user=rule.user, useful=useful, created_at=now - DAY)


@pytest.fixture
def noisy(alice, now):
    rule = rule_of(alice, condition_operator=">", threshold_value=25)
    judge(rule, now, [(40, True), *[(31, False)] * 9])
    return rule


def test_mostly_noise_leads_to_a_better_threshold_in_the_editor(client_of, alice, noisy):
    client = client_of(alice)
    better, editor = reverse(BETTER, args=[noisy.pk]), reverse(EDITOR, args=[noisy.pk])
    for shown in (page(client), page(client, RULE, noisy.pk)):
        assert f'hx-get="{better}"' in shown
        assert "1 of 10 rated alerts was useful: 10 %" in shown
    whole = client.get(better).content.decode()
    fragment = client.get(better, headers={"hx-request": "true"}).content.decode()
    for shown in (whole, fragment):
        assert "Raise the threshold from 25 to 31" in shown
        assert f"{editor}?threshold=31" in shown
    assert "<html" in whole
    assert "<html" not in fragment
    assert 'name="threshold_value" value="31"' in page(client, EDITOR, noisy.pk, threshold="31")
    assert 'name="threshold_value" value="25"' in page(client, EDITOR, noisy.pk, threshold="more")
    assert 'name="threshold_value" value="25"' in page(client, EDITOR, noisy.pk)


def test_whoever_may_not_change_the_rule_gets_no_button(client_of, audra, bob, noisy):
    shown = page(client_of(audra), BETTER, noisy.pk)
    assert "Raise the threshold" in shown
    assert "?threshold=" not in shown
    assert client_of(bob).get(reverse(BETTER, args=[noisy.pk])).status_code == 404


def test_why_nothing_can_be_proposed(client_of, alice, now):
    rule = rule_of(alice, condition_operator=">", threshold_value=25)
    judge(rule, now, [(26, True), *[(31, False)] * 9])
    assert "No threshold separates" in page(client_of(alice), BETTER, rule.pk)


def test_the_health_of_a_rule_on_its_page_or_after_it(client_of, alice, bob, now, monkeypatch):
    rule = rule_of(alice, last_triggered_at=now)
    client = client_of(alice)
    assert "No problems found." in page(client, RULE, rule.pk)
    state_of(rule, now - 8 * DAY, fired_at=now - 8 * DAY - timedelta(hours=1))
    entry_of(rule, now - 8 * DAY)
    shown = page(client, RULE, rule.pk)
    assert "The rule has been firing for 8 days without interruption." in shown
    assert "Last 30 days: fired 1 time, 1 notification. Last 7 days: fired 0 times, 0 notifications." in shown
    assert "No feedback yet." in shown
    monkeypatch.setattr("rules.pages.rule.page.MAX_ENTRIES_AT_ONCE", 0)
    address = reverse("admin:rules_automationrule_health", args=[rule.pk])
    begun = page(client, RULE, rule.pk)
    assert (f'hx-get="{address}"' in begun, "Last 30 days: fired" in begun) == (True, False)
    box, whole = (client.get(address, headers=headers).content.decode() for headers in ({"HX-Request": "true"}, {}))
    assert (box in shown, box in whole, "<html" in box) == (True, True, False)
    assert client_of(bob).get(address).status_code == 404


def test_an_entry_is_judged_on_its_page(client_of, alice, bob, audra, now):
    rule = rule_of(alice)
    entry, paused = entry_of(rule, now), entry_of(rule, now, event_type="rule_no_data")
    client = client_of(alice)
    client.post(reverse(JUDGE, args=[entry.pk, "noise"]))
    assert [one.useful for one in Feedback.objects.all()] == [False]
    change = "admin:rules_activityentry_change"
    assert 'aria-pressed="true" title="Noise' in page(client, change, entry.pk)
    assert "sa-feedback" not in page(client, change, paused.pk)
    assert "sa-feedback" not in page(client_of(audra), change, entry.pk)
    for who, verb, status in ((alice, "burn", 404), (bob, "useful", 404), (audra, "useful", 403)):
        assert client_of(who).post(reverse(JUDGE, args=[entry.pk, verb])).status_code == status
    assert client.post(reverse(JUDGE, args=[paused.pk, "useful"])).status_code == 404


def test_queries_do_not_grow_with_rules(client_of, alice, now, django_assert_max_num_queries):
    for number in range(30):
        state_of(never_fired(alice, now, rule_name=f"No. {number}"), now - 9 * DAY, fired_at=now - 9 * DAY)
    client = client_of(alice)
    with django_assert_max_num_queries(22):
        client.get(reverse(HEALTH))
