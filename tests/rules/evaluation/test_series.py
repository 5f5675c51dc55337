"""Rules with an instance per series, or per combination of labels."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.models import Notification
from rules.evaluation.dispatcher import dispatch
from rules.filters import ActivityFilter
from rules.models import ActivityEntry, Integration, MetricSample, RuleState, Silence
from rules.text.entry import entry_in_words
from tests.api import Program
from tests.rules.rule_cast import rule_of

MINUTE = timedelta(minutes=1)


def push(now, values, *, metric="load", user=None, ago=MINUTE):
    """One sample for each series: `{"host=a,disk=x": 5}`."""
    MetricSample.objects.push_all(
        {
            "metric": metric, "user": user, "value": value, "observed_at": now - ago,
            "labels": dict(pair.split("=") for pair in labels.split(",")) if labels else {},
        }
        for labels, value in values.items()
    )  # fmt: skip


def on_load(user, **fields):
    return rule_of(
        user,
        **{"metric_type": "load", "condition_operator": ">", "threshold_value": 90, "series_mode": "each"} | fields,
    )


def run(now):
    dispatch(now, "manual")


def states(rule):
    """The instances that are not ok, by key."""
    return dict(RuleState.objects.filter(rule=rule).exclude(condition="ok").values_list("target", "condition"))


def test_each_series_has_an_instance_of_its_own(alice, now):
    push(now, {"host=a": 95, "host=b": 20, "host=c": 99})
    rule = on_load(alice)
    run(now)
    assert states(rule) == {'{host="a"}': "firing", '{host="c"}': "firing"}
    assert {s.labels["host"] for s in RuleState.objects.filter(rule=rule)} == {"a", "c"}
    fired = ActivityEntry.objects.filter(rule=rule, event_type="rule_fired")
    assert sorted(entry.context["labels"]["host"] for entry in fired) == ["a", "c"]
    push(now, {"host=a": 10}, ago=-MINUTE)
    run(now + 2 * MINUTE)
    assert states(rule) == {'{host="c"}': "firing"}


@pytest.mark.parametrize(
    ("matchers", "fires"),
    [
        (['host="a"'], "a"),
        (['host!="a"'], "bc"),
        (['host=~"a|c"'], "ac"),
        (['host!~"[ab]"'], "c"),
        (['host=~"."', 'disk=""'], "abc"),
        (['host=~"aa"'], ""),
    ],
)
def test_matchers_choose_the_series(alice, now, matchers, fires):
    push(now, {"host=a": 95, "host=b": 96, "host=c": 99})
    rule = on_load(alice, matchers=matchers)
    run(now)
    assert sorted(states(rule)) == sorted(f'{{host="{host}"}}' for host in fires) or states(rule) == {"": "no_data"}
    assert bool(fires) == ("" not in states(rule))


def test_matchers_that_cannot_be_read_fail_their_rule_alone(alice, now):
    push(now, {"host=a": 95})
    broken, sound = on_load(alice, matchers=['host=~"("']), on_load(alice)
    run(now)
    assert states(broken) == {"": "error"}
    assert "matchers cannot be read" in RuleState.objects.get(rule=broken).reason
    assert states(sound) == {'{host="a"}': "firing"}


def test_a_vanished_series_resolves_after_two_evaluations(alice, now):
    push(now, {"host=a": 95, "host=b": 95})
    rule = on_load(alice)
    run(now)
    later = now + timedelta(hours=24)
    push(later, {"host=b": 95})
    run(later)
    assert states(rule) == {'{host="a"}': "firing", '{host="b"}': "firing"}
    run(later + 5 * MINUTE)
    assert states(rule) == {'{host="b"}': "firing"}
    resolved = ActivityEntry.objects.get(rule=rule, event_type="rule_resolved")
    assert (resolved.context["reason"], resolved.context["target"]) == ("series gone", '{host="a"}')
    assert entry_in_words(resolved).endswith('on {host="a"} had no reading at two evaluations: series gone.')


def test_a_series_that_missed_one_evaluation_goes_on(alice, now):
    push(now, {"host=a": 95})
    rule = on_load(alice)
    run(now)
    run(now + timedelta(hours=24))
    assert RuleState.objects.get(rule=rule, target='{host="a"}').missed == 1
    push(now, {"host=a": 95}, ago=-timedelta(hours=24))
    run(now + timedelta(hours=24, minutes=1))
    run(now + timedelta(hours=48, minutes=1))
    assert states(rule)['{host="a"}'] == "firing"


def test_no_series_at_all_is_no_data_of_the_rule(alice, now):
    rule = on_load(alice)
    run(now)
    assert states(rule) == {"": "no_data"}
    push(now, {"host=a": 5}, ago=-MINUTE)
    run(now + 5 * MINUTE)
    assert states(rule) == {}


def test_groups_are_aggregated(alice, now):
    push(now, {"host=a,disk=x": 40, "host=a,disk=y": 60, "host=b,disk=x": 70, "disk=x": 200})
    rule = on_load(alice, series_mode="by", group_by=["host"], series_aggregate="sum")
    run(now)
    assert states(rule) == {'{host="a"}': "firing", "": "firing"}
    average = on_load(alice, series_mode="by", group_by=["host"], series_aggregate="avg", matchers=['host=~".+"'])
    run(now)
    assert states(average) == {}
    count = on_load(alice, series_mode="by", series_aggregate="count", threshold_value=3)
    run(now)
    assert states(count) == {"": "firing"}
    assert RuleState.objects.get(rule=count).value == 4


def test_windows_are_reduced_before_groups_are_aggregated(alice, now):
    for minutes, value in ((9, 0), (5, 120), (1, 240)):
        push(now, {"host=a,cpu=0": value, "host=a,cpu=1": 2 * value, "host=b,cpu=0": 0}, ago=minutes * MINUTE)
    rule = on_load(
        alice, series_mode="by", group_by=["host"], reducer="rate", evaluation_window=10 * MINUTE, threshold_value=1
    )
    run(now)
    assert states(rule) == {'{host="a"}': "firing"}
    each = on_load(alice, reducer="max", evaluation_window=10 * MINUTE, threshold_value=300)
    run(now)
    assert states(each) == {'{cpu="1",host="a"}': "firing"}


def test_further_conditions_read_the_series_with_the_same_labels(alice, now):
    push(now, {"host=a": 95, "host=b": 95, "host=c": 95})
    push(now, {"host=a": 1, "host=b": 9}, metric="up")
    more = [{"metric": "up", "operator": "<", "threshold": 5}]
    rule = on_load(alice, more_conditions=more)
    run(now)
    assert states(rule) == {'{host="a"}': "firing", '{host="c"}': "no_data"}


def test_the_platforms_series_belong_to_the_owner_and_peoples_to_them(olga, alice, now):
    push(now, {"host=a": 95})
    push(now, {"host=b": 95}, user=alice)
    rule = on_load(olga, applies_to="everyone")
    run(now)
    found = {(s.user_id, s.target) for s in RuleState.objects.filter(rule=rule)}
    assert found == {(olga.pk, '{host="a"}'), (alice.pk, '{host="b"}')}


def test_an_own_series_stands_before_the_platforms(alice, now):
    push(now, {"host=a": 95})
    push(now, {"host=a": 5}, user=alice)
    rule = on_load(alice)
    run(now)
    assert states(rule) == {}


def test_more_series_than_instances_are_said(alice, now, settings):
    settings.MAX_INSTANCES_PER_RULE = 2
    push(now, {"host=a": 95, "host=b": 95, "host=c": 95})
    rule = on_load(alice)
    by_host = on_load(alice, series_mode="by", group_by=["host"])
    run(now)
    assert states(rule) == {'{host="a"}': "firing", '{host="b"}': "firing", "": "error"}
    assert states(by_host) == states(rule)
    assert "matches 3 series" in RuleState.objects.get(rule=rule, target="").reason
    assert "has 3 groups" in RuleState.objects.get(rule=by_host, target="").reason


def test_a_built_in_metric_has_its_integrations_as_series(alice, now):
    for kind, status in (("gmail", "error"), ("slack", "active")):
        Integration.objects.create(user=alice, integration_type=kind, status=status)
    rule = on_load(alice, metric_type="integration_health", condition_operator="<", threshold_value=50)
    run(now)
    assert states(rule) == {"gmail": "firing"}


def test_silences_match_labels_of_series_and_of_the_rule(olga, alice, now):
    push(now, {"host=a": 95, "host=b": 95, "host=c": 95})
    rule = on_load(alice, labels={"team": "db"}, action_type="alert")
    times = {"starts_at": now - MINUTE, "ends_at": now + MINUTE, "created_by": olga}
    Silence.objects.create(labels={"host": "a", "team": "db"}, comment="Both", **times)
    Silence.objects.create(labels={"host": "b", "team": "web"}, comment="Another team", **times)
    Silence.objects.create(labels={"host": "c"}, comment="One host", **times)
    run(now)
    silenced = RuleState.objects.exclude(silence=None).values_list("target", flat=True)
    assert sorted(silenced) == ['{host="a"}', '{host="c"}']
    assert states(rule).keys() == {'{host="a"}', '{host="b"}', '{host="c"}'}


def test_a_title_with_labels_names_no_series_for_all(alice, now):
    push(now, {"host=a,zone=z": 95, "host=b,zone=z": 96})
    for title in ("{{ labels.host }} is slow", "Zone {{ labels.zone }}"):
        on_load(alice, rule_name="Load", action_config={"title": title})
    on_load(alice, matchers=['host="a"'], action_config={"title": "{{ labels.host }} is slow"})
    run(now)
    titles = sorted(Notification.objects.values_list("title", flat=True))
    assert titles == ["Load (2 instances)", "Zone z (2 instances)", "a is slow"]


def test_a_message_about_many_series_begins_with_critical_ones(alice, now):
    push(now, {f"host=h{n:02d}": 99 if n == 11 else 91 for n in range(12)})
    on_load(alice, critical_threshold=98)
    run(now)
    assert Notification.objects.get().message.startswith('The load on {host="h11"} is 99: critical above 98.')


def test_an_evaluation_asks_as_often_for_many_series_that_fire_as_for_few(alice, now):
    on_load(alice, action_type="alert")
    asked = []
    for number, count in enumerate((2, 40)):
        push(now, {f"host={number}{host}": 95 for host in range(count)})
        with CaptureQueriesContext(connection) as queries:
            run(now + number * MINUTE)
        asked.append(len(queries))
    assert asked[1] <= asked[0]
    assert Notification.objects.count() == 2
    assert ActivityEntry.objects.filter(status="success", event_type="rule_fired").count() == 42


def test_notifications_are_grouped_by_labels(alice, now):
    push(now, {f"host=h{n},dc={'ab'[n % 2]}": 95 for n in range(6)} | {"host=alone": 95})
    on_load(alice, rule_name="Load", action_config={"group_notifications_by": "dc", "notify_resolved": True})
    run(now)
    assert sorted(Notification.objects.values_list("title", flat=True)) == [
        "Load", "Load (3 instances)", "Load (3 instances)",
    ]  # fmt: skip
    push(now, {f"host=h{n},dc=a": 5 for n in (0, 2)}, ago=-MINUTE)
    run(now + 2 * MINUTE)
    resolved = Notification.objects.get(title__startswith="Resolved")
    assert {each["series_labels"]["dc"] for each in resolved.metadata["instances"]} == {"a"}


def test_groups_beyond_a_hundred_share_one_notification(alice, now):
    push(now, {f"host=h{n}": 95 for n in range(105)})
    on_load(alice, rule_name="Load", action_config={"group_notifications_by": ["host"]})
    run(now)
    assert Notification.objects.filter(title="Load").count() == 100
    assert Notification.objects.get(title__contains="instances").title == "Load (5 instances)"


@pytest.mark.parametrize(("given", "message"), [
    ("a b", "“a b” is not the name of a label"), ("1a", "is not the name of a label"), ("a\0", "cannot be stored"),
    (",".join(f"l{n}" for n in range(11)), "At most 10 labels"), (["dc"], ""), ("dc, host,dc", ""), ("", ""),
])  # fmt: skip
def test_labels_to_group_by_are_checked(alice, given, message):
    body = {
        "rule_name": "CPU", "metric_type": "cpu", "condition_operator": ">", "threshold_value": 90,
        "action_type": "alert", "action_config": {"group_notifications_by": given},
    }  # fmt: skip
    answer = Program(alice).post("rules/", body, status=400 if message else 201)
    assert message in str(answer)


def test_the_log_is_filtered_by_labels_of_series(alice, now):
    push(now, {"host=a,dc=x": 95, "host=b,dc=x": 99, "host=c,dc=y": 99})
    on_load(alice)
    rule_of(alice, rule_name="Without series", action_type="log")
    run(now)
    program = Program(alice)
    for labels, count in [("host=a", 1), ("dc=x", 2), ("dc=x,host!=a", 1), ("dc=z", 0), ("nothing=x", 0)]:
        found = program.get(f"activity/?event=rule_fired&labels={labels}")["results"]
        assert len(found) == count, labels
    others = program.get("activity/?labels=dc!=x")["results"]
    assert {entry["context"].get("labels", {}).get("dc") for entry in others} >= {"y"}
    assert "Only = and !=" in program.get("activity/?labels=dc=~x", status=400)["labels"][0]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = ActivityFilter({"labels": "dc=x"}, ActivityEntry.objects.order_by()).qs.explain()
    assert "agent_activity_log_labels" in plan
