"""Strategies: out of facts, operations with reasons that have the numbers; the same facts, the same proposal."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from optimizer.registries import strategies, strategy_for
from optimizer.strategies.proposal import Facts, FusionMetricFact, IntegrationFact, Proposal, ProposedStep

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALL = {"can_probe": True, "can_validate": True, "can_renew": True, "can_refresh": True}


def integration(kind="gmail", status="active", **fields):
    return IntegrationFact(id=uuid.uuid5(uuid.NAMESPACE_DNS, kind), kind=kind, status=status,
                           **{"last_sync_at": NOW - HOUR} | fields)  # fmt: skip


def metric(name, weight="0.5", value="0.5", history=()):
    return FusionMetricFact(name=name, weight=Decimal(weight), value=value and Decimal(value), history=history)


def facts(name="integration_health", *integrations, value=25.0, **fields):
    return Facts(person=uuid.UUID(int=1), metric=name, value=value, integrations=integrations, now=NOW,
                 **{"threshold": 70.0, "operator": "<", "target": ""} | fields)  # fmt: skip


def propose(found):
    return strategy_for(found.metric).propose(found)


def steps(proposal):
    return [step.operation for step in proposal.steps]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("integration_health", "integration_recovery"), ("integration_error_count", "integration_recovery"),
     ("anomaly_count", "integration_recovery"), ("fusion_score", "fusion_enhancement"),
     ("efficiency_index", "efficiency_boost"), ("cpu", "general")],
)  # fmt: skip
def test_each_metric_has_its_strategy(name, kind):
    assert strategy_for(name).kind == kind


@pytest.mark.parametrize(
    ("fact", "proposed"),
    [
        (integration(status="error", **ALL), ["refresh_oauth_token", "retry_connection", "refresh_data"]),
        (integration(status="inactive", **ALL), ["refresh_oauth_token", "retry_connection", "refresh_data"]),
        (integration(status="error", **ALL | {"can_renew": False}),
         ["validate_credentials", "retry_connection", "refresh_data"]),
        (integration(status="error", can_probe=True), ["retry_connection"]),
        (integration(status="error"), []),
        (integration(last_sync_at=NOW - 2 * DAY, **ALL), ["retry_connection", "refresh_data"]),
        (integration(last_sync_at=NOW - 2 * DAY, token_expires_at=NOW - HOUR, **ALL),
         ["refresh_oauth_token", "retry_connection", "refresh_data"]),
        (integration(last_sync_at=NOW - HOUR, sync_minutes=15, can_refresh=True), ["refresh_data"]),
        (integration(last_sync_at=None, can_refresh=True), ["refresh_data"]),
        (integration(**ALL), []),
    ],
)  # fmt: skip
def test_what_brings_an_integration_back(fact, proposed):
    assert steps(propose(facts("integration_health", fact))) == proposed


def test_only_the_integration_that_the_rule_names_is_concerned():
    ill = [integration(kind, "error", can_probe=True) for kind in ("gmail", "slack")]
    assert [step.integration for step in propose(facts("integration_health", *ill, target="slack")).steps] == [
        ill[1].id
    ]
    assert len(propose(facts("integration_health", *ill)).steps) == 2


def test_a_reason_has_the_numbers():
    ill = integration(status="error", error="401 from its API", token_expires_at=NOW - HOUR, **ALL)
    found = propose(facts("integration_health", ill, target="gmail"))
    assert found.reason == (
        "The integration health of gmail is 25 (threshold: below 70). Of the integrations, gmail is error."
    )
    assert [step.reason for step in found.steps] == [
        "gmail is error: 401 from its API; the token expired 1h ago.", "gmail is error: 401 from its API.",
        "gmail synchronised 1h ago.",
    ]  # fmt: skip


def test_without_a_reading_the_reason_says_so():
    assert propose(facts("cpu", value=None)).reason == "The cpu has no reading (threshold: below 70)."


@pytest.mark.parametrize(
    ("found", "advice"),
    [
        (facts("integration_health", integration("slack", "error")),
         "Reconnect slack manually: it is error, and its settings have no URL to call."),
        (facts("integration_health", integration("slack", last_sync_at=None)),
         "Reconnect slack manually: it has not synchronised for a long time, and its settings "
         "have no URL to call."),
        (facts("integration_health", integration()),
         "All integrations report to be healthy; check the data they deliver."),
        (facts("anomaly_count", integration(), errors=(("login_failed", 1200),)),
         "Find the common cause of 1,200 × login_failed in the last 24 hours."),
        (facts("fusion_score"),
         "The components of the score are unknown; check when the score fell and what changed then."),
        (facts("fusion_score", metrics=(metric("mail", value="0.7"), metric("chat", value="0.31"))),
         "Start with chat: at 31 of 100 it is the lowest component."),
    ],
)  # fmt: skip
def test_where_nothing_can_be_asked_a_person_is_advised(found, advice):
    proposal = propose(found)
    assert advice in proposal.advice
    assert proposal.steps == ()


STEADY, LIVELY = (0.5, 0.5, 0.51), (0.1, 0.9, 0.5)


@pytest.mark.parametrize(
    ("metrics", "proposed"),
    [
        ((metric("a", history=STEADY), metric("b", history=LIVELY)), ["reweight_fusion_metrics"]),
        ((metric("a", history=STEADY),), []),
        ((metric("a", history=STEADY), metric("b", history=LIVELY[:2])), []),
        ((metric("a", history=STEADY), metric("b", value=None, history=LIVELY)), []),
        ((metric("a", history=STEADY), metric("b", history=STEADY)), []),  # the weights are as they should be
        ((), []),
    ],
)
def test_metrics_are_reweighted_where_enough_is_known_and_it_would_change_something(metrics, proposed):
    assert steps(propose(facts("fusion_score", metrics=metrics))) == proposed


def test_a_reweighting_says_how_much_each_varied():
    found = propose(facts("fusion_score", metrics=(metric("a", history=STEADY), metric("b", history=LIVELY))))
    assert found.steps[0].reason == "The metrics vary unequally: a 0.5 to 0.51, b 0.1 to 0.9."


@pytest.mark.parametrize(
    ("minutes", "slower", "saves"), [(5, 10, 50), (1, 2, 50), (20, 30, 33), (29, 30, 3), (30, None, 0), (None, None, 0)]
)
def test_what_synchronises_often_may_do_so_less_often(minutes, slower, saves):
    found = propose(facts("efficiency_index", integration(sync_minutes=minutes), value=60.0))
    adjusted = [(step.parameters["minutes"], step.expected) for step in found.steps if step.parameters]
    assert adjusted == ([(slower, f"Synchronising every {slower} minutes costs {saves} % less.")] if slower else [])
    assert steps(found)[-1] == "analyze_slow_queries"


def test_the_engine_is_asked_where_there_is_one_with_all_numbers():
    found = propose(facts("efficiency_index", integration(), has_engine=True, metrics=(metric("a", value=None),)))
    (step,) = (step for step in found.steps if step.operation == "call_engine")
    assert step.parameters == {
        "metric": "efficiency_index", "target": "", "value": 25.0, "operator": "<", "threshold": 70.0,
        "integrations": [{"type": "gmail", "status": "active"}],
        "fusion_metrics": [{"name": "a", "weight": 0.5, "value": None}],
    }  # fmt: skip
    assert "call_engine" not in steps(propose(facts("efficiency_index", integration())))


some_integration = some.builds(
    integration, some.sampled_from(["gmail", "slack", "trello"]),
    some.sampled_from(["active", "inactive", "error", "syncing"]),
    last_sync_at=some.none() | some.sampled_from([NOW, NOW - DAY, NOW - 9 * DAY]),
    sync_minutes=some.none() | some.integers(1, 60), token_expires_at=some.none() | some.just(NOW - HOUR),
    can_probe=some.booleans(), can_validate=some.booleans(), can_renew=some.booleans(), can_refresh=some.booleans(),
)  # fmt: skip
some_metric = some.builds(
    metric, some.sampled_from("abc"), value=some.none() | some.sampled_from(["0", "0.5", "1"]),
    history=some.lists(some.floats(0, 1), max_size=6).map(tuple),
)  # fmt: skip
some_facts = some.builds(
    lambda name, integrations, **fields: facts(name, *integrations, **fields),
    some.sampled_from(["integration_health", "fusion_score", "efficiency_index", "anomaly_count", "cpu"]),
    some.lists(some_integration, max_size=4), metrics=some.lists(some_metric, max_size=4).map(tuple),
    value=some.none() | some.floats(0, 100), has_engine=some.booleans(), target=some.sampled_from(["", "gmail"]),
)  # fmt: skip


@given(some_facts)
def test_the_same_facts_give_the_same_proposal_and_all_of_it_has_reasons(found):
    for strategy in strategies:
        first, second = strategy.propose(found), strategy.propose(found)
        assert first == second
        assert first.reason
        assert first.steps or first.advice
        assert all(step.reason and step.expected for step in first.steps)


def test_nothing_is_proposed_without_a_reason():
    with pytest.raises(ValueError, match="A proposal has a reason"):
        Proposal(reason=" ", advice=("Look.",))
    with pytest.raises(ValueError, match="steps, or advice at least"):
        Proposal(reason="So.")
    with pytest.raises(ValueError, match="The step call_engine has no reason"):
        ProposedStep(operation="call_engine", reason="", expected="")
