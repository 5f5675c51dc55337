"""Rules with `optimize` and `adjust`: what they propose where they fire, with each option and its limits."""

import pytest

from optimizer.actions import AdjustForm, OptimizeForm
from optimizer.execution.runner import apply, dry_run
from optimizer.models import OptimizationEvent
from optimizer.proposals.decisions import approve
from rules.evaluation.dispatcher import dispatch
from rules.models import ActivityEntry, AutomationRule
from tests.optimizer.step_cast import MINUTE, integration_of, metric_of, readings


def fire(user, now, action="optimize", metric="cpu", **fields):
    """A rule that fires now; what it proposed."""
    rule = AutomationRule.objects.create(
        user=user, rule_name="Too hot", metric_type=metric, condition_operator=">", threshold_value=90,
        action_type=action, **fields,
    )  # fmt: skip
    readings(user, metric, [95.0], now)
    dispatch(now, "command")
    entry = ActivityEntry.objects.get(rule=rule, event_type="rule_fired")
    assert entry.status == "success", entry.error_message
    return OptimizationEvent.objects.filter(rule=rule).first(), entry


def refused(user, now, action, config):
    """Why a rule with these options did nothing."""
    with pytest.raises(AssertionError):
        fire(user, now, action, action_config=config)
    return ActivityEntry.objects.get(event_type="rule_fired", status="failed").error_message


def adjust(user, now, **config):
    return fire(user, now, "adjust", action_config=config)[0]


@pytest.mark.parametrize("kind", ["auto", "manual", "scheduled"])
def test_optimize_proposes_by_the_strategy_for_the_metric_as_the_rule_says(alice, now, kind):
    event, entry = fire(alice, now, action_config={"optimization_type": kind})
    assert (event.status, event.strategy, event.optimization_action) == ("proposed", "general", kind)
    assert event.reason == "The cpu is 95 (threshold: above 90)."
    assert (event.entry_id, event.user, event.metric, event.operator) == (entry.pk, alice, "cpu", ">")
    assert entry.context["outcome"]["optimization"] == str(event.pk)


def test_without_a_word_it_is_left_to_the_policy(alice, now):
    assert fire(alice, now)[0].optimization_action == "auto"


def test_another_rule_for_the_same_says_what_is_in_its_way(alice, now):
    fire(alice, now)
    event, entry = fire(alice, now + MINUTE)
    assert event is None
    assert entry.context["outcome"]["not_proposed"] == "An optimization is already proposed."


def test_the_optimization_is_for_the_person_concerned_not_for_the_owner_of_the_rule(ada, bob, now):
    rule = AutomationRule.objects.create(
        user=ada, rule_name="Everyone", metric_type="cpu", condition_operator=">", threshold_value=90,
        action_type="optimize", applies_to="everyone",
    )  # fmt: skip
    readings(bob, "cpu", [95.0], now)
    dispatch(now, "command")
    assert OptimizationEvent.objects.get(rule=rule).user == bob


@pytest.mark.parametrize(
    ("config", "parameters", "expected"),
    [
        ({"step": 0.05}, {"step": 0.05}, "The weight becomes 0.25, and the fusion score changes accordingly."),
        ({"step": -0.05}, {"step": -0.05}, "The weight becomes 0.15, and the fusion score changes accordingly."),
        (
            {"step": 0.5, "highest": 0.3},
            {"step": 0.5, "highest": 0.3},
            "The weight becomes 0.3, and the fusion score changes accordingly.",
        ),
        (
            {"step": -0.5, "lowest": 0.1},
            {"step": -0.5, "lowest": 0.1},
            "The weight becomes 0.1, and the fusion score changes accordingly.",
        ),
        ({"step": -0.5}, {"step": -0.5}, "The weight becomes 0.01, and the fusion score changes accordingly."),
    ],
)
def test_a_weight_is_adjusted_by_a_step_within_limits(alice, ada, now, config, parameters, expected):
    row = metric_of(alice, "mail", "0.2", 0.5)
    event = adjust(alice, now, parameter="weight", name="mail", **config)
    step = event.steps.get()
    assert (event.strategy, step.operation) == ("adjust", "adjust_weight")
    assert step.parameters == {"metric": "mail"} | parameters
    assert step.expected == expected
    assert event.reason == "“Too hot” asks for it: cpu at 95, > 90."
    assert step.reason == f"The rule says: the weight of mail, which is 0.2, by {config['step']:+g}."
    ((_, changes, why),) = dry_run(event, now)
    assert (why, f"The weight becomes {changes[0].after},") == ("", expected.split(" and")[0])
    apply_by(ada, event, now)
    row.refresh_from_db()
    assert f"The weight becomes {row.weight.normalize():f}," == expected.split(" and")[0]


def apply_by(person, event, now):
    approve(event, person, now)
    assert apply(event.pk, now).status == "applied"


@pytest.mark.parametrize(
    ("config", "minutes"),
    [
        ({"step": 10}, 25), ({"step": -10}, 5), ({"step": 100, "highest": 60}, 60), ({"step": -14, "lowest": 10}, 10),
        ({"step": -100}, 1), ({"step": 9999}, 1440), ({"step": 9999, "highest": 99999}, 1440),
    ],
)  # fmt: skip
def test_a_sync_interval_is_adjusted_by_a_step_within_limits(alice, ada, now, config, minutes):
    one = integration_of(alice, config={"sync_interval_minutes": 15})
    event = adjust(alice, now, parameter="sync_interval", name="gmail", **config)
    step = event.steps.get()
    assert (step.operation, step.integration, step.parameters) == ("adjust_sync_interval", one, {"minutes": minutes})
    apply_by(ada, event, now)
    one.refresh_from_db()
    assert one.config["sync_interval_minutes"] == minutes


def test_where_the_settings_say_none_half_an_hour_is_meant(alice, now):
    integration_of(alice)
    event = adjust(alice, now, parameter="sync_interval", name="gmail", step=5)
    assert event.steps.get().parameters == {"minutes": 35}


@pytest.mark.parametrize(
    ("config", "advice"),
    [
        ({"parameter": "weight", "name": "mail", "step": 0.1, "highest": 0.2},
         "The weight of mail is 0.2, already at its limit."),
        ({"parameter": "weight", "name": "mail", "step": 0.1, "highest": 0.1},
         "The weight of mail is 0.2, already at its limit."),
        ({"parameter": "weight", "name": "other", "step": 0.1}, "Fusion metric other not found."),
        ({"parameter": "sync_interval", "name": "gmail", "step": 5, "highest": 15},
         "gmail synchronises every 15 minutes, already at its limit."),
        ({"parameter": "sync_interval", "name": "gmail", "step": -5, "lowest": 20},
         "gmail synchronises every 15 minutes, already at its limit."),
        ({"parameter": "sync_interval", "name": "slack", "step": 5}, "Integration slack not found."),
    ],
)  # fmt: skip
def test_where_nothing_can_be_adjusted_it_says_why(alice, now, config, advice):
    metric_of(alice, "mail", "0.2", 0.5)
    integration_of(alice, config={"sync_interval_minutes": 15})
    assert refused(alice, now, "adjust", config) == advice
    assert not OptimizationEvent.objects.filter(strategy="adjust").exists()


@pytest.mark.parametrize(
    ("action", "config", "message"),
    [
        ("adjust", {}, "Nothing was adjusted: the options of the rule lack parameter, name, step."),
        ("adjust", {"parameter": "weight"}, "Nothing was adjusted: the options of the rule lack name, step."),
        ("adjust", {"parameter": "colour", "name": "x", "step": 1}, "“colour” is not a parameter. Use weight"),
        ("adjust", {"parameter": "weight", "name": "mail", "step": "much"}, "step in the options of the rule is not"),
        ("adjust", [1, 2], "lack parameter, name, step. The action options are not a valid object"),
        ("optimize", {"optimization_type": "immediate"}, "“immediate” is not an optimization type."),
        ("optimize", {"optimization_type": ["auto"]}, '“["auto"]” is not an optimization type'),
    ],
)  # fmt: skip
def test_what_options_of_another_application_leave_undone_fails_with_words(alice, now, action, config, message):
    integration_of(alice)
    assert message in refused(alice, now, action, config)


@pytest.mark.parametrize("config", [[1, 2], "as you like", 7])
@pytest.mark.parametrize("action", ["alert", "notify", "log", "optimize"])
def test_options_that_are_no_object_are_not_used_and_the_entry_says_so(alice, now, action, config):
    _, entry = fire(alice, now, action, action_config=config)
    assert "not a valid object and were ignored" in entry.context["outcome"]["problem"]


def test_options_in_a_text_of_json_are_options(alice, now):
    event, entry = fire(alice, now, action_config='{"optimization_type": "manual"}')
    assert (event.optimization_action, "problem" in entry.context["outcome"]) == ("manual", False)


def test_two_rules_adjust_two_things(alice, now):
    metric_of(alice, "mail", "0.2", 0.5)
    integration_of(alice)
    for config in ({"parameter": "weight", "name": "mail", "step": 0.1},
                   {"parameter": "sync_interval", "name": "gmail", "step": 5}):  # fmt: skip
        assert adjust(alice, now, **config).steps.exists()


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"parameter": "weight", "name": "mail", "step": "0.1"}, {}),
        ({"parameter": "weight", "name": "mail", "step": "0.1", "lowest": "0.1", "highest": "0.5"}, {}),
        ({"parameter": "weight", "name": "mail", "step": "0"}, {"step"}),
        ({"parameter": "weight", "name": "mail", "step": "0.1", "lowest": "2", "highest": "1"}, {"highest"}),
        ({"parameter": "colour", "name": "", "step": "x"}, {"parameter", "name", "step"}),
        ({}, {"parameter", "name", "step"}),
    ],
)
def test_the_form_of_adjust_refuses_what_makes_no_sense(given, wrong):
    form = AdjustForm(given)
    assert set(form.errors) == set(wrong)
    if not wrong:
        assert form.cleaned_data["step"] == 0.1


@pytest.mark.parametrize(("given", "ok"), [("", True), ("auto", True), ("scheduled", True), ("now", False)])
def test_the_form_of_optimize_knows_three_ways(given, ok):
    assert OptimizeForm({"optimization_type": given}).is_valid() is ok
