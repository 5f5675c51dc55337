"""The page of an instance, and what is done about it there and in the list."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from rules.evaluation.dispatcher import dispatch
from rules.instances.timeline import timeline_of
from rules.models import ActivityEntry, MetricSample, RuleState, Silence
from tests.rules.rule_cast import rule_of, state_of

HOUR = timedelta(hours=1)


@pytest.fixture
def fires(alice):
    """Alice's CPU was calm two hours ago, and is at 95 since one hour."""
    now = timezone.now()
    rule = rule_of(alice, metric_type="cpu", condition_operator=">", threshold_value=90)
    for hours, value in ((2, 50), (1, 95)):
        MetricSample.objects.push(user=alice, metric="cpu", value=value, observed_at=now - hours * HOUR)
        dispatch(now - hours * HOUR, "command")
    return rule.states.get()


def text_of(client, state, **query):
    answer = client.get(f"/firing/{state.pk}/", query)
    assert answer.status_code == 200
    return answer.content.decode()


def handle(client, state, verb, **fields):
    answer = client.post(f"/firing/{state.pk}/handle/", {"verb": verb} | fields, follow=True)
    state.refresh_from_db()
    return answer.content.decode()


def test_where_it_stands_its_chart_and_its_story(client_of, alice, fires):
    page = text_of(client_of(alice), fires, days="7")
    assert "firing for" in page
    assert "Nobody was notified" not in page
    assert "The cpu of Alice is 95" in page
    assert '"lines": {"threshold": 90.0}' in page
    assert "Readings from 50 to 95, latest 95" in page


def test_the_bands_follow_the_entries(fires):
    now = timezone.now()
    bands = timeline_of(fires, fires.rule, now - timedelta(days=1), now).bands
    assert [(band.condition, band.end is None) for band in bands] == [("ok", False), ("firing", True)]
    assert bands[0].end == bands[1].start == ActivityEntry.objects.get(event_type="rule_fired").created_at


def test_an_instance_without_readings_or_with_conditions_that_cannot_be_read_has_a_page(client_of, alice, fires):
    MetricSample.objects.all().delete()
    assert "No readings" in text_of(client_of(alice), fires)
    fires.rule.more_conditions = [{"metric": 5}]
    fires.rule.save()
    assert "Readings unavailable" in text_of(client_of(alice), fires)


def test_it_says_when_it_last_acted_also_after_it_has_resolved(client_of, alice, fires):
    MetricSample.objects.push(user=alice, metric="cpu", value=5, observed_at=timezone.now())
    dispatch(timezone.now(), "command")
    shown = re.sub(r"<[^>]+>", " ", text_of(client_of(alice), fires))
    assert re.search(r"Last action\s+(today|\d+ \w+,) \d\d:\d\d", shown)


def test_acknowledge_comment_assign_resolve_reopen(client_of, alice, fires):
    client = client_of(alice)
    assert "Acknowledged." in handle(client, fires, "acknowledge", length="4h", comment="on it")
    assert (fires.handling, fires.handled_by) == ("acknowledged", alice)
    assert "Alice acknowledged the alert until" in text_of(client, fires)
    assert "Reopened." in handle(client, fires, "reopen")
    assert "Comment added." in handle(client, fires, "comment", comment="It is the backup.")
    assert "Alice commented: It is the backup." in text_of(client, fires)
    handle(client, fires, "assign", person=str(alice.pk))
    assert fires.assignee == alice
    assert "fires again at the next evaluation" in handle(client, fires, "resolve")
    assert fires.condition == "ok"
    assert "Nothing changed" in handle(client, fires, "resolve")
    handle(client, fires, "reopen")
    assert fires.condition == "firing"


@pytest.mark.parametrize(
    ("verb", "fields", "says"),
    [
        ("snooze", {"length": "5h"}, "Available: 30m, 1h, 4h, 24h, morning"),
        ("snooze", {"until": "soon"}, "is not a time"),
        ("acknowledge", {"until": "2020-01-01T10:00"}, "must be in the future"),
        ("comment", {"comment": " "}, "Enter a comment"),
        ("comment", {"comment": "x" * 2001}, "at most 2,000 characters"),
        ("comment", {"comment": "a\0b"}, "Null characters are not allowed."),
        ("assign", {"person": "nobody"}, "Choose one of the people"),
        ("explode", {}, "Choose one of: acknowledge"),
    ],
)
def test_what_is_wrong_is_said(client_of, alice, fires, verb, fields, says):
    assert says in handle(client_of(alice), fires, verb, **fields)
    assert ActivityEntry.objects.filter(event_type__startswith="instance_").count() == 0


def test_a_time_of_day_is_that_of_the_person(client_of, alice, fires):
    alice.time_zone = "Asia/Kathmandu"
    alice.save()
    tomorrow = timezone.now() + timedelta(days=1)
    handle(client_of(alice), fires, "snooze", until=f"{tomorrow:%Y-%m-%d}T12:00")
    assert (fires.handled_until.hour, fires.handled_until.minute) == (6, 15)


def test_others_see_it_or_not_and_may_not_handle_it(client_of, bob, audra, olga, fires):
    assert client_of(bob).get(f"/firing/{fires.pk}/").status_code == 404
    assert "Actions" not in text_of(client_of(audra), fires)
    assert client_of(audra).post(f"/firing/{fires.pk}/handle/", {"verb": "resolve"}).status_code == 403
    assert "Actions" in text_of(client_of(olga), fires)


def test_many_in_the_list(client_of, alice, bob, fires):
    calm = state_of(rule_of(alice, rule_name="calm"), timezone.now(), condition="ok")
    of_bob = state_of(rule_of(bob), timezone.now())
    picked = {"action": "acknowledge", "_selected_action": [str(fires.pk), str(calm.pk), str(of_bob.pk)]}
    answer = client_of(alice).post("/firing/?condition=", picked, follow=True)
    assert "Acknowledged: 1 instance." in answer.content.decode()
    assert set(RuleState.objects.filter(handling="acknowledged")) == {fires}


def test_many_are_handled_together_with_words_a_time_and_somebody(client_of, alice, olga, audra, fires):
    calm = state_of(rule_of(alice, rule_name="calm"), timezone.now(), condition="ok")
    client, picked = client_of(olga), {"action": "handle_together", "_selected_action": [str(fires.pk), str(calm.pk)]}

    def post(**fields):
        return client.post("/firing/?condition=", picked | fields, follow=True).content.decode()

    requested = post()
    assert "Bulk actions: 2 instances" in requested
    assert "until the next workday morning" in requested
    assert "Enter a comment." in post(verb="comment")
    assert "is not a time" in post(verb="snooze", until="2026-06-31T10:00")
    assert "Snoozed: 1 instance. The others were skipped" in post(verb="snooze", length="morning", comment="lunch")
    assert "Commented on: 2 instances." in post(verb="comment", comment="It is the backup.")
    assert "Assigned: 2 instances." in post(verb="assign", person=str(audra.pk))
    assert set(RuleState.objects.values_list("assignee", flat=True)) == {audra.pk}
    context = ActivityEntry.objects.filter(event_type="instance_snoozed").get().context
    assert (context["comment"], context["by_name"]) == ("lunch", "Olga")


def test_who_may_not_see_a_rule_is_not_asked_to_look_after_it(client_of, alice, bob, olga, fires):
    of_bob = state_of(rule_of(bob), timezone.now())
    picked = {"action": "handle_together", "_selected_action": [str(fires.pk), str(of_bob.pk)]}
    answer = client_of(olga).post(
        "/firing/?condition=", picked | {"verb": "assign", "person": str(bob.pk)}, follow=True
    )
    assert "Assigned: 1 instance." in answer.content.decode()
    assert list(RuleState.objects.filter(assignee=bob)) == [of_bob]


def test_the_list_has_no_actions_for_who_may_only_look(client_of, audra, fires):
    assert "Acknowledge for 24 hours" not in client_of(audra).get("/firing/").content.decode()


def test_it_says_what_keeps_it_silent(client_of, alice, fires):
    now = timezone.now()
    Silence.objects.create(user=alice, comment="Upgrade", rule=fires.rule, starts_at=now, ends_at=now + HOUR)
    dispatch(now + timedelta(seconds=1), "command")
    assert "Silenced by “Upgrade”" in text_of(client_of(alice), fires)


def test_its_page_asks_no_more_for_a_longer_story(client_of, alice, fires, django_assert_max_num_queries):
    client, now = client_of(alice), timezone.now()
    for minute in range(30):
        handle(client, fires, "comment", comment=f"{now} {minute}")
    with django_assert_max_num_queries(30):
        text_of(client, fires)


def test_it_begins_with_the_reading_now_and_what_else_moved_then(client_of, alice, fires):
    now = timezone.now()
    for hours in range(2, 30):
        for metric, value in (("queue", 10), ("disk", 50 + hours % 2)):
            MetricSample.objects.push(user=alice, metric=metric, value=value, observed_at=now - hours * HOUR)
    for metric, value in (("queue", 80), ("disk", 50), ("cpu", 97)):
        MetricSample.objects.push(user=alice, metric=metric, value=value, observed_at=now - 0.9 * HOUR)
    page = client_of(alice).get(f"/firing/{fires.pk}/")
    assert (page.context["reading"].value, page.context["fired_at_value"]) == ("97", "95")
    assert [(each.name, each.value, each.usual) for each in page.context["moved"]] == [("queue", "80", "10 to 10")]
    assert f"/firing/{fires.pk}/quick/acknowledge/" in page.content.decode()


def test_thresholds_are_those_of_their_time_and_changes_are_marked(client_of, alice, fires):
    fires.rule.threshold_value = 93
    fires.rule.save()
    page = client_of(alice).get(f"/firing/{fires.pk}/")
    assert [level for _, level in page.context["chart"]["levels"]["threshold"]] == [90, 90, 93, 93]
    assert len(page.context["chart"]["changes"]) == 1
    assert "Threshold from 90 to 93" in page.content.decode()
