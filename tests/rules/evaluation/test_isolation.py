"""What one rule does wrong, whatever another application wrote into the tables, stops no other rule."""

import time

import pytest
from django.core.management import call_command
from django.db import DataError, connection

from rules.evaluation import transitions, verdict_queries
from rules.evaluation.candidates import _from_another_place
from rules.evaluation.dispatcher import dispatch
from rules.isolation import NOT_EVALUATED, TimeBudget, isolate
from rules.models import ActivityEntry, AutomationRule, RuleState, Silence
from tests.rules.evaluation.test_dispatcher import minutes, rule_of, sample

BAD = {
    "a threshold that is no number": "threshold_value = 'NaN'",
    "an infinite threshold": "threshold_value = 'Infinity'",
    "a recovery threshold that is no number": "recovery_threshold = 'NaN'",
    "a critical threshold beyond 64 bits": "critical_threshold = '1e400'",
    "an absurd repeat": "repeat_every = '170000000 years'",
    "an absurd pending period": "pending_for = '170000000 years'",
    "a negative recovery period": "keep_firing_for = '-5 years'",
    "an absurd window": "reducer = 'avg', evaluation_window = '170000000 years'",
    "conditions that are no list": "more_conditions = '{\"a\": 5}'",
    "conditions of texts": "more_conditions = '[\"cpu\", 7, null]'",
    "a condition without an operator": "more_conditions = '[{\"metric\": \"cpu\", \"threshold\": 5}]'",
    "a condition with a huge threshold":
        "more_conditions = '[{\"metric\": \"cpu\", \"operator\": \">\", \"threshold\": 1e5000}]'",
    "an unknown aggregation": "reducer = 'median', evaluation_window = '5 min'",
}  # fmt: skip
HARMLESS = {
    "a tiny threshold": "threshold_value = '1e-400'",
    "labels that are a list": "labels = '[1]'",
    "options that are a list": "action_config = '[1, 2]'",
    "options nested too deeply": "action_config = (repeat('[', 3000) || repeat(']', 3000))::jsonb",
    "options with an endless number": "action_config = ('{\"a\": ' || repeat('9', 5000) || '}')::jsonb",
    "options with a number that is too large": "action_config = '{\"a\": 1.5e400, \"b\": 1e400}'",
    "an unknown action": "action_type = 'allert'",
    "an unknown severity": "severity = 'apocalyptic'",
    "a condition with a tiny threshold":
        "more_conditions = '[{\"metric\": \"cpu\", \"operator\": \">\", \"threshold\": 1e-5000}]'",
    "a counter at its end": "trigger_count = 2147483647",
}  # fmt: skip


def written(rule, sql):
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE automation_rules SET {sql} WHERE id = %s", [rule.pk])
    return rule


@pytest.fixture
def thousand(alice, now):
    """All fire."""
    AutomationRule.objects.bulk_create(
        AutomationRule(
            user=alice, rule_name=f"good {n}", metric_type="cpu", condition_operator=">", threshold_value=90,
            action_type="log",
        )
        for n in range(1000)
    )  # fmt: skip
    sample(alice, 95, now)


def test_of_a_thousand_rules_the_bad_ones_are_named_and_all_others_fire(alice, now, thousand):
    bad = {written(rule_of(alice, "cpu", ">", 90, "log"), sql).pk: name for name, sql in BAD.items()}
    harmless = [written(rule_of(alice, "cpu", ">", 90, "log"), sql).pk for sql in HARMLESS.values()]
    run = dispatch(now, "command")
    assert run.outcome == "completed"
    assert RuleState.objects.filter(rule__rule_name__startswith="good", condition="firing").count() == 1000
    assert RuleState.objects.filter(rule__in=harmless, condition="firing").count() == len(HARMLESS)
    named = set(RuleState.objects.filter(condition="error").exclude(reason="").values_list("rule", flat=True))
    assert {bad[key] for key in bad.keys() - named} == set()
    entries = ActivityEntry.objects.filter(event_type="rule_error", run=run)
    assert set(entries.values_list("rule", flat=True)) == set(bad)
    assert entries.filter(error_message=None).count() == 0
    assert dispatch(now + minutes(5), "command").errors == 0


@pytest.fixture
def raising(monkeypatch):
    """The statement raises for rules of this name, whatever the reason may be."""

    with connection.cursor() as cursor:
        cursor.execute("""
            CREATE FUNCTION pg_temp.never(name text, it uuid) RETURNS int LANGUAGE plpgsql AS $$ BEGIN
                IF EXISTS (SELECT FROM automation_rules r WHERE r.id = it AND r.rule_name LIKE name || '%')
                THEN RAISE division_by_zero; END IF; RETURN 1; END $$""")
    cause = "coalesce(f.cause, '')"
    assert cause in verdict_queries.simple("")
    simple = verdict_queries.simple

    def sql(only, *, everyone=True):
        return simple(only, everyone=everyone).replace(cause, f"repeat({cause}, pg_temp.never('bad', i.rule_id))")

    monkeypatch.setattr(verdict_queries, "simple", sql)


@pytest.mark.parametrize("count", [1, 30])
def test_a_rule_that_makes_the_statement_fail_is_found_and_named(alice, now, thousand, raising, count):
    for number in range(count):
        rule_of(alice, "cpu", ">", 90, "log", reducer="last")
        AutomationRule.objects.filter(rule_name="cpu > 90").update(rule_name=f"bad {number}")
    run = dispatch(now, "command")
    assert (run.outcome, run.triggered, run.errors) == ("completed", 1000, count)
    assert "Rules that could not be evaluated: " in run.error_message
    state = RuleState.objects.filter(rule__rule_name="bad 0").get()
    assert (state.condition, state.reason) == ("error", f"{NOT_EVALUATED}division_by_zero")
    again = dispatch(now + minutes(5), "command")
    assert (again.outcome, again.errors) == ("completed", 0)


def test_what_cannot_be_recorded_is_found_and_named(alice, now, thousand):
    rule_of(alice, "cpu", ">", 90, "log")
    AutomationRule.objects.filter(rule_name="cpu > 90").update(rule_name="bad")
    with connection.cursor() as cursor:
        cursor.execute("""
            CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW.event_type = 'rule_fired' AND NEW.context->>'rule_name' = 'bad'
                THEN RAISE check_violation USING MESSAGE = 'not this one'; END IF; RETURN NEW; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON agent_activity_log
                FOR EACH ROW EXECUTE FUNCTION pg_temp.refuse()""")
    run = dispatch(now, "command")
    assert (run.outcome, run.triggered, run.errors) == ("completed", 1000, 1)
    state = RuleState.objects.get(rule__rule_name="bad")
    assert (state.condition, state.reason) == ("error", f"{NOT_EVALUATED}not this one")


def test_options_in_a_column_of_text_stop_no_rule(alice, now, thousand):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE automation_rules ALTER action_config DROP DEFAULT, ALTER action_config TYPE text")
    run = dispatch(now, "command")
    assert (run.triggered, run.error_message) == (1000, None)


def test_the_command_says_which_rules_could_not_be_evaluated(alice, monkeypatch, capsys):
    monkeypatch.setattr(transitions, "FETCH", transitions.FETCH.replace("r.status = 'draft'", "1 / 0 = 1"))
    rule = rule_of(alice, "anomaly_count", ">=", 0, "log")
    call_command("dispatch")
    assert f"Rules that could not be evaluated: {rule.pk}." in capsys.readouterr().err


@pytest.mark.parametrize("field", ["since", "handled_until"])
def test_a_state_with_a_time_that_is_none_stops_no_rule_and_fires(alice, now, thousand, field):
    rule = rule_of(alice, "cpu", ">", 90, "log")
    RuleState.objects.create(rule=rule, user=alice, since=now - minutes(5))
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE rule_states SET {field} = '-infinity' WHERE rule_id = %s", [rule.pk])
    run = dispatch(now, "command")
    assert (run.outcome, run.triggered, run.errors) == ("completed", 1001, 0)
    assert ActivityEntry.objects.get(rule=rule).event_type == "rule_fired"


def test_a_culprit_costs_two_attempts_for_each_halving(db):
    tried = []

    def attempt(some):
        tried.append(len(some))
        if 700 in some:
            raise DataError("out of range")

    found = isolate(range(1024), attempt)
    assert found.culprits == {700: "out of range"}
    assert len(tried) == 1 + 2 * 10


def test_what_there_is_no_time_for_is_left(db):
    def attempt(some):
        raise DataError("out of range")

    assert isolate([1, 2, 3], attempt, seconds=0).left == [1, 2, 3]


def test_chunks_share_the_time_for_culprits(alice, now, thousand, monkeypatch):
    monkeypatch.setattr(transitions, "TRANSITIONS_PER_QUERY", 10)
    monkeypatch.setattr(
        TimeBudget, "isolate", lambda budget, keys, attempt: budgets.append(budget) or isolate([], attempt)
    )
    budgets = []

    def refuse(*args):
        raise DataError("out of range")

    monkeypatch.setattr(transitions, "_record_chunk", refuse)
    assert dispatch(now, "command").outcome == "completed"
    assert len(budgets) == 100
    assert len({id(budget) for budget in budgets}) == 1


def test_a_budget_is_spent_by_what_it_was_used_for(db):
    budget = TimeBudget(0.05)
    budget.isolate([1], lambda some: time.sleep(0.1))
    assert budget.seconds < 0
    assert budget.isolate([1], lambda some: None).left == [1]


def test_where_the_time_does_not_suffice_it_is_not_always_the_same_rules_that_are_left(now):
    keys = list(range(1000))
    firsts = {_from_another_place(keys, now + minutes(5 * n))[0] // 100 for n in range(50)}
    assert firsts == set(range(10))
    assert sorted(_from_another_place(keys, now)) == keys
    assert _from_another_place([], now) == []


@pytest.mark.parametrize(
    ("written", "is_named"),
    [("recurrence = 'now and then', duration = '1 hour'", True), ("starts_at = '-infinity'", False)],
)
def test_a_silence_that_cannot_be_read_stops_nobody_and_is_named(alice, now, written, is_named):
    rule_of(alice, "cpu", ">", 90, "log")
    sample(alice, 95, now)
    for metric in ("memory", "cpu"):
        Silence.objects.create(
            user=alice, metric=metric, starts_at=now - minutes(5), ends_at=now + minutes(60), comment="x",
            created_by=alice,
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE silences SET {written} WHERE metric = 'memory'")
    run = dispatch(now, "command")
    assert (run.outcome, run.triggered) == ("completed", 1)
    assert RuleState.objects.get().silence.metric == "cpu"
    named = f"Silences that cannot be read: {Silence.objects.get(metric='memory').pk}: "
    assert (named in (run.error_message or "")) == is_named


@pytest.mark.parametrize(("part", "problem"), [
    ("keep_changes", "Changes of built-in metrics were not stored: division by zero."),
    ("gather_silenced", "Silences were not applied: division by zero."),
    ("add_unwatched", "Instances no longer evaluated were not resolved: division by zero."),
])  # fmt: skip
def test_a_part_that_fails_is_named_on_the_run_and_stops_no_rule(alice, now, monkeypatch, part, problem):
    def divide(*args):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    monkeypatch.setattr(f"rules.evaluation.dispatcher.{part}", divide)
    rule_of(alice, "cpu", ">", 90, "log")
    sample(alice, 95, now)
    run = dispatch(now, "command")
    assert (run.outcome, run.triggered, run.error_message) == ("completed", 1, problem)


@pytest.mark.parametrize("value", ["1e400", "-1e400", "NaN", "Infinity"])
@pytest.mark.parametrize(("metric", "insert"), [
    ("fusion_score", """INSERT INTO fusion_scores (id, user_id, fusion_score, calculated_at)
        VALUES (gen_random_uuid(), %s, %s, %s)"""),
    ("efficiency_index", """INSERT INTO fusion_optimization_events
        (id, user_id, efficiency_index, created_at, source_event_type, optimization_action)
        VALUES (gen_random_uuid(), %s, %s, %s, 'x', 'x')"""),
])  # fmt: skip
def test_a_number_of_one_person_beyond_64_bits_leaves_the_metric_to_all_others(alice, bob, now, metric, insert, value):
    rule_of(alice, metric, ">", 90, "log")
    rule_of(bob, metric, ">", 90, "log")
    with connection.cursor() as cursor:
        for table, column in (("fusion_scores", "fusion_score"), ("fusion_optimization_events", "efficiency_index")):
            cursor.execute(f"ALTER TABLE {table} ALTER {column} TYPE numeric")
        cursor.execute(insert, [alice.pk, value, now])
        cursor.execute(insert, [bob.pk, 95, now])
    run = dispatch(now, "command")
    assert (run.outcome, run.triggered, run.errors, run.no_data) == ("completed", 1, 0, 1)
