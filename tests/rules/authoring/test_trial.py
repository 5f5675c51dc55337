"""What a rule would have done, beside the form."""

import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from rules.backtesting.chart_data import MAX_CHART_POINTS, thin
from rules.backtesting.trial import as_json, try_out
from rules.models import AutomationRule, MetricSample, Silence
from tests.rules.pages.test_rule_form import filled
from tests.rules.rule_cast import rule_of

TRIAL, PREVIEW = "admin:rules_automationrule_trial", "admin:rules_automationrule_preview"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def push(user, now, values, metric="cpu", every=HOUR):
    """The last of `values` a minute ago, the others before it."""
    times = [now - MINUTE - every * back for back in range(len(values))][::-1]
    MetricSample.objects.push_all(
        {"user": user, "metric": metric, "value": value, "observed_at": time}
        for time, value in zip(times, values, strict=True)
    )


def requested(client, **fields):
    response = client.post(reverse(TRIAL), filled(**{"rule_name": "", "repeat_every": "1d"} | fields))
    assert response.status_code == 200
    html = response.content.decode()
    chart = re.search(r'<script id="trial-data" type="application/json">(.*?)</script>', html)
    return {"html": html, "chart": json.loads(chart[1]) if chart else None}


@pytest.fixture(autouse=True)
def _at(time_machine, now):
    time_machine.move_to(now, tick=False)


def test_how_often_it_would_have_fired_and_for_how_long(client_of, alice, now):
    push(alice, now, [95 if hour % 6 == 0 else 20 for hour in range(48)])
    found = requested(client_of(alice), trial_days="1")
    assert "In the last 24 hours this rule would have fired 4 times, notified" in found["html"]
    chart = found["chart"]
    assert chart["label"] == "cpu"
    assert '<p class="mt-2">cpu of Alice, ' in found["html"]  # the name of a pushed metric is not spelled anew
    assert len(chart["points"]) == 24
    assert [bool(end) for _, end, _ in chart["periods"]] == [True] * len(chart["periods"])
    assert all(chart["start"] <= begin < end <= chart["end"] for begin, end, _ in chart["periods"])
    assert "In the last 7 days this rule would have fired 8 times" in requested(client_of(alice))["html"]
    assert not AutomationRule.objects.exists()


def test_it_is_the_rule_in_the_form_that_is_tried(client_of, alice, now):
    push(alice, now, [95, 95, 50, 95, 95, 95, 50, 20], every=5 * MINUTE)
    client = client_of(alice)
    assert "fired twice" not in requested(client, pending_for="10m")["html"]
    assert "fired once" in requested(client, pending_for="10m")["html"]
    assert "fired once" in requested(client, recovery_threshold="30")["html"]
    assert "not have fired" in requested(client, threshold_value="99")["html"]


def test_silences_that_name_the_rule_count(client_of, alice, now):
    push(alice, now, [20, 95, 95, 20])
    rule = rule_of(alice, metric_type="cpu", condition_operator=">", threshold_value=90)
    Silence.objects.create(user=alice, rule=rule, comment="Upgrade", starts_at=now - DAY, ends_at=now, created_by=alice)
    client = client_of(alice)
    assert "notified once" in requested(client)["html"]
    assert "fired once, notified never" in requested(client, trial_rule=str(rule.pk))["html"]


def test_a_rule_on_everyone_counts_all_and_shows_whom_it_fires_for_most(client_of, olga, alice, bob, now):
    push(alice, now, [20, 95, 20, 20, 20])
    push(bob, now, [20, 95, 20, 95, 20])
    client = client_of(olga)
    found = requested(client, applies_to="everyone", user=str(olga.pk))
    assert "this rule would have fired 3 times for 2 people, notified 3 times." in found["html"]
    assert "For Bob (in the chart), it would have fired twice" in found["html"].replace("2 times", "twice")
    assert found["chart"]["person"] == str(bob.pk)
    assert [name for _, name in found["chart"]["people"]] == ["Bob", "Alice", "Olga"]
    picked = requested(client, applies_to="everyone", user=str(olga.pk), trial_person=str(alice.pk), trial_scope="one")
    assert picked["chart"]["person"] == str(alice.pk)
    assert "this rule would have fired once for Alice, notified once." in picked["html"]


def test_a_member_sees_only_their_own_readings(client_of, alice, bob, now):
    push(bob, now, [95, 95])
    found = requested(client_of(alice), applies_to="everyone", user=str(bob.pk), trial_person=str(bob.pk))
    assert found["chart"]["person"] == str(alice.pk)
    assert found["chart"]["points"] == found["chart"]["people"] == []
    assert "Bob" not in found["html"]


def test_without_readings_it_says_so(client_of, alice):
    found = requested(client_of(alice))
    assert found["chart"]["points"] == []
    assert "No readings of Alice in this period" in found["html"]


def test_what_is_not_filled_in_or_wrong_is_said(client_of, alice):
    client = client_of(alice)
    assert "Complete the condition" in requested(client, threshold_value="")["html"]
    wrong = requested(client, recovery_threshold="99")
    assert wrong["chart"] is None
    assert "The recovery threshold for “above 90” must be 90 or less" in wrong["html"]
    assert client.get(reverse(TRIAL)).status_code == 405


def test_an_auditor_tries_nothing(client_of, audra):
    assert client_of(audra).post(reverse(TRIAL), filled()).status_code == 403


def test_a_window_is_drawn_as_it_is_compared(client_of, alice, now):
    push(alice, now, [0, 100] * 24, every=5 * MINUTE)
    window = {"reducer": "avg", "evaluation_window": "10m", "threshold_value": "60"}
    chart = requested(client_of(alice), trial_days="1", **window)["chart"]
    assert chart["label"] == "the average of cpu over the window"
    known = {value for _, value in chart["points"] if value is not None}
    assert 50 in known
    assert max(known) <= 100


def test_a_built_in_metric_goes_in_steps(alice, now):
    rule = rule_of(alice)
    push(alice, now, [90, 60, 90], metric="fusion_score", every=DAY)
    found = as_json(try_out(rule, 7, now, everybody=True))
    assert found["steps"]
    assert [value for _, value in found["points"]] == [90, 60, 90, 90]
    assert len(found["periods"]) == 1


def test_a_gap_is_a_gap(alice, now):
    rule = AutomationRule(user=alice, metric_type="cpu", condition_operator=">", threshold_value=90, action_type="log")
    push(alice, now, [10, 20], every=3 * DAY)
    assert [value for _, value in try_out(rule, 7, now, everybody=True).points] == [10, None, 20]


def test_a_recovery_threshold_beside_the_reading_of_this_moment(client_of, alice, now):
    push(alice, now, [85])
    client = client_of(alice)
    text = client.post(reverse(PREVIEW), filled(rule_name="", recovery_threshold="80")).content.decode()
    assert "Would not fire" in text
    assert "If firing, it would continue until at most 80." in text
    assert "When the cpu of Alice is above 90, alert Alice" in text


def test_several_conditions_beside_the_reading_of_this_moment(client_of, alice, now):
    push(alice, now, [95])
    row = {"more_conditions-shown": "1"} | {
        f"more_conditions-0-{name}": value
        for name, value in {
            "metric": "memory",
            "reducer": "avg",
            "window": "1h",
            "operator": ">",
            "threshold": "80",
        }.items()
    }
    text = client_of(alice).post(reverse(PREVIEW), filled(rule_name="") | row).content.decode()
    assert "The cpu of Alice is 95: above 90." in text
    assert "There is no reading of the average of the memory of Alice over 1 hour." in text
    fires = client_of(alice).post(reverse(PREVIEW), filled(rule_name="", match="any", critical_threshold="94") | row)
    assert "Would fire now, critical" in fires.content.decode()


@given(st.lists(st.none() | st.floats(-100, 100), min_size=1, max_size=3000))
def test_a_thinned_series_keeps_its_ends_and_extremes(now_values):
    start = timedelta(0)
    points = [(start + number * MINUTE, value) for number, value in enumerate(now_values)]
    kept = thin(points, 40)
    assert len(kept) <= 40
    assert kept == sorted(kept, key=lambda point: point[0])
    known = [value for _, value in points if value is not None]
    left = [value for _, value in kept if value is not None]
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    if known:
        assert (min(left), max(left)) == (min(known), max(known))


def test_a_month_of_every_five_minutes_is_drawn_in_some_hundred_points(alice, now):
    rule = AutomationRule(user=alice, metric_type="cpu", condition_operator=">", threshold_value=90, action_type="log")
    push(alice, now, [number % 97 for number in range(8000)], every=5 * MINUTE)
    found = try_out(rule, 30, now, everybody=True)
    assert 100 < len(found.points) <= MAX_CHART_POINTS
    assert max(value for _, value in found.points if value is not None) == 96
