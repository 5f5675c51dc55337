"""What silences cover: by rule, metric, person, labels and owner; in SQL and in Python alike."""

from datetime import timedelta

import pytest
from django.db import connection

from rules.models import RuleState, Silence
from rules.silences.coverage import covered, gather_silenced
from rules.silences.matchers import agrees, covers_in_words, labels_in_words, read_pairs, windows_for
from tests.rules.evaluation.test_series import push
from tests.rules.rule_cast import state_of

HOUR = timedelta(hours=1)
INSTANCES = """
SELECT r.rule_name, u.full_name, t.words
  FROM eval_silenced t JOIN automation_rules r ON r.id = t.rule_id JOIN smartagent_users u ON u.id = t.subject_id
"""


def gathered(now):
    """(rule name, person) of the instances that are silenced, with the words."""
    gather_silenced(now)
    with connection.cursor() as cursor:
        cursor.execute(INSTANCES)
        return {(rule, person): words for rule, person, words in cursor.fetchall()}


@pytest.fixture
def rules(rule_on, alice, bob, olga):
    more = [{"metric": "cpu", "target": "", "reducer": "last", "window": 0, "operator": ">", "threshold": 1}]
    return {
        "a": rule_on(alice, rule_name="a", labels={"team": "db", "tier": "1"}),
        "b": rule_on(bob, rule_name="b", metric_type="memory", more_conditions=more),
        "all": rule_on(olga, rule_name="all", metric_type="memory", applies_to="everyone", labels={"team": "db"}),
        "paused": rule_on(alice, rule_name="paused", status="paused"),
    }


A, B = ("a", "Alice"), ("b", "Bob")
ALL = [("all", name) for name in ("Alice", "Bob", "Olga")]
MATCHERS = [
    ({"rule": "a"}, [A]),
    ({"rule": "all"}, ALL),
    ({"rule": "all", "person": "bob"}, [("all", "Bob")]),
    ({"rule": "paused"}, []),
    ({"metric": "cpu"}, [A, B]),
    ({"metric": "memory"}, [B, *ALL]),
    ({"metric": "memory", "user": "bob"}, [B]),
    ({"metric": "cpu", "user": "bob"}, [B]),
    ({"metric": "nothing"}, []),
    ({"labels": {"team": "db"}}, [A, *ALL]),
    ({"labels": {"team": "db", "tier": "1"}}, [A]),
    ({"labels": {"team": "web"}}, []),
    ({"person": "bob"}, [B, ("all", "Bob")]),
    ({"person": "bob", "user": "olga"}, [("all", "Bob")]),
    ({"person": "bob", "labels": {"team": "db"}}, [("all", "Bob")]),
    ({"user": "alice"}, [A]),
    ({"rule": "a", "user": "bob"}, []),
    ({}, [A, B, *ALL]),
]


@pytest.mark.parametrize(("matchers", "expected"), MATCHERS)
def test_what_agrees_with_all_matchers(rules, quiet, alice, bob, olga, now, matchers, expected):
    people = {"alice": alice, "bob": bob, "olga": olga}
    fields = {name: people.get(value, rules.get(value, value)) if isinstance(value, str) else value
              for name, value in matchers.items()}  # fmt: skip
    silence = quiet(olga, **fields)
    assert sorted(gathered(now)) == sorted(expected)
    assert covered(silence).instances == len(expected)
    subjects = [(rule, person) for rule in rules.values() if rule.status == "active" for person in people.values()
                if rule.applies_to == "everyone" or rule.user == person]  # fmt: skip
    alike = [(rule.rule_name, person.full_name) for rule, person in subjects if agrees(silence, rule, person.pk)]
    assert sorted(alike) == sorted(expected)


def test_the_words(rules, quiet, olga, now):
    quiet(olga, rule=rules["a"])
    assert gathered(now)[A] == "Silenced by “Database upgrade” (Olga) until 2 Mar 2026, 11:00 UTC"


def test_only_while_it_is_on(rules, quiet, now):
    quiet(rule=rules["a"])
    assert not gathered(now - HOUR)
    assert gathered(now + HOUR - timedelta(seconds=1))
    assert not gathered(now + HOUR)


def test_of_several_the_one_that_lasts_longest_counts_once(rules, quiet, now):
    quiet(metric="cpu", comment="short")
    quiet(rule=rules["a"], comment="long", ends_at=now + 3 * HOUR)
    quiet(comment="middle", ends_at=now + 2 * HOUR)
    assert gather_silenced(now) == 5
    assert "“long”" in gathered(now)[A]
    assert "“middle”" in gathered(now)[B]


def test_a_recurring_one_in_and_between_its_windows(rules, quiet, now):
    quiet(rule=rules["a"], ends_at=now + timedelta(days=7), recurrence="FREQ=DAILY", duration=HOUR)
    assert A in gathered(now + timedelta(days=2))
    assert "until 4 Mar 2026, 11:00 UTC" in gathered(now + timedelta(days=2))[A]
    assert not gathered(now + timedelta(days=2, hours=2))


def test_the_last_window_goes_beyond_the_end(rules, quiet, now):
    quiet(rule=rules["a"], ends_at=now + timedelta(days=1), recurrence="FREQ=DAILY", duration=8 * HOUR)
    assert A in gathered(now + timedelta(days=1, hours=7))


def test_ended_early_it_covers_nothing(rules, quiet, now):
    quiet(rule=rules["a"], cancelled_at=now)
    assert not gathered(now)


def test_one_that_cannot_be_read_covers_nothing_and_the_others_go_on(rules, quiet, now):
    quiet(rule=rules["b"], recurrence="NONSENSE", duration=HOUR)
    quiet(rule=rules["b"], recurrence="FREQ=DAILY", duration=HOUR, time_zone="Mars/Olympus")
    quiet(rule=rules["b"], recurrence="FREQ=DAILY")
    quiet(rule=rules["a"])
    assert list(gathered(now)) == [A]


def test_deleted_rules_and_people_who_left_are_not_counted(rules, quiet, olga, bob, now):
    bob.is_active = False
    bob.save()
    rules["a"].deleted_at = now
    rules["a"].save()
    assert sorted(gathered(now)) == []
    silence = quiet(olga)
    assert covered(silence).instances == 2


def test_as_many_queries_for_many_silences_as_for_few(rules, quiet, now, django_assert_num_queries):
    quiet(rule=rules["a"])
    with django_assert_num_queries(8):
        gather_silenced(now)
    for number in range(20):
        quiet(rule=rules["a"], ends_at=now + (number + 1) * HOUR)
    with django_assert_num_queries(8):
        gather_silenced(now)


def test_no_silence_costs_two_queries(rules, now, django_assert_num_queries):
    with django_assert_num_queries(2):
        assert gather_silenced(now) == 0


def test_a_preview_of_what_is_not_saved(rules, alice, olga, now):
    state_of(rules["a"], now)
    RuleState.objects.create(rule=rules["all"], user=alice, condition="recovering", since=now)
    silence = Silence(comment="x", labels={"team": "db"}, starts_at=now, ends_at=now + HOUR)
    seen = covered(silence)
    assert str(seen) == "Matches 2 rules, 4 instances, 2 firing now."
    assert [(one.name, one.owner, one.instances, one.firing) for one in seen.listing] == [
        ("a", "Alice", 1, 1), ("all", "Olga", 3, 1),
    ]  # fmt: skip
    assert str(covered(silence, owner=alice.pk)) == "Matches 1 rule, 1 instance, 1 firing now."
    first = covered(silence, maximum=1)
    assert (first.rules, first.instances, first.others) == (2, 4, 1)
    assert "Matches nothing" in str(covered(Silence(comment="x", metric="none", starts_at=now, ends_at=now + HOUR)))


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({"host": "a"}, "Matches 2 rules, 3 instances, none firing now."),
        ({"host": "b"}, "Matches 2 rules, 2 instances, none firing now."),
        ({"disk": "x"}, "Matches 1 rule, 2 instances, none firing now."),
        ({"team": "db", "host": "a"}, "Matches 1 rule, 2 instances, none firing now."),
        (
            {"host": "old"},
            "Matches nothing now. Alerts of 4 rules on series would be silenced if the series had these labels.",
        ),
        ({"team": "db"}, "Matches 1 rule, 3 instances, none firing now."),
    ],
)
def test_instances_of_series_that_never_fired_are_counted(rule_on, alice, bob, now, labels, words):
    of_series = {"metric_type": "load"}
    rule_on(alice, series_mode="each", matchers=['host=~"a|b"'], labels={"team": "db"}, **of_series)
    rule_on(alice, series_mode="by", group_by=["host"], matchers=['disk!="z"'], **of_series)
    rule_on(alice, series_mode="each", matchers=['host="c"'], **of_series)
    rule_on(bob, series_mode="each", **of_series)
    rule_on(bob, metric_type="load")
    push(now, {"host=a,disk=x": 1, "host=a,disk=y": 1, "host=b,disk=x": 1}, user=alice)
    push(now, {"host=old": 1}, user=alice, ago=99 * HOUR)
    silence = Silence(comment="x", labels=labels, starts_at=now, ends_at=now + HOUR)
    assert str(covered(silence, now=now)) == words


@pytest.mark.parametrize(
    "labels",
    [
        {"team": "db", "tier": "1"}, {"a": "x, y=z", "b": ""}, {"a": 'q"uo\\te'}, {"a": " lead "}, {"a": "two\nlines"},
        {"a": "~x", "b c": "a = b"}, {"a": "\u202ex"},
    ],
)  # fmt: skip
def test_labels_that_are_written_are_read(labels):
    assert read_pairs(labels_in_words(labels)) == labels


@pytest.mark.parametrize("text", ['host=~"a"', "host!=a", "host", "=a", 'host!~"x"', "host=~a"])
def test_what_is_no_label_of_a_silence_is_said(text):
    with pytest.raises(ValueError, match="Example: team=db, tier=1"):
        read_pairs(text)


# -- for the backtest ------------------------------------------------------------------------------


def test_the_spans_of_one_instance(rules, quiet, alice, bob, olga, now):
    quiet(olga, rule=rules["a"], comment="one")
    quiet(olga, metric="cpu", comment="two", starts_at=now + HOUR / 2, ends_at=now + 2 * HOUR)
    quiet(olga, user=bob, comment="of others")
    quiet(olga, rule=rules["a"], comment="cut", starts_at=now + 4 * HOUR, ends_at=now + 9 * HOUR,
          cancelled_at=now + 5 * HOUR)  # fmt: skip
    spans = windows_for(rules["a"], alice, now - HOUR, now + 10 * HOUR)
    assert [(start - now, end - now, words.split("“")[1].split("”")[0]) for start, end, words in spans] == [
        (0 * HOUR, HOUR / 2, "one"), (HOUR / 2, 2 * HOUR, "two"), (4 * HOUR, 5 * HOUR, "cut"),
    ]  # fmt: skip
    assert windows_for(rules["a"], alice.pk, now + 6 * HOUR, now + 10 * HOUR) == []


def test_in_words(rules, quiet, alice, bob):
    assert covers_in_words(quiet(rule=rules["a"], person=bob)) == "the rule “a”, readings of Bob"
    assert covers_in_words(quiet(metric="cpu", labels={"team": "db"})) == (
        "the metric cpu, labels team=db, everyone's rules"
    )
    assert covers_in_words(quiet(user=alice, metric="cpu")) == "the metric cpu, rules of Alice"
    assert covers_in_words(quiet()) == "everything"
    assert covers_in_words(quiet(user=alice)) == "all rules of Alice"
