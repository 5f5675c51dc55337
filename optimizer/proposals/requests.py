"""A person asks for a proposal, without waiting for a rule to fire. They do not approve it themselves."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from optimizer.proposals.creation import ProposalRequest, ProposalResult, proposal_of, propose
from optimizer.proposals.facts import FactsLoader
from optimizer.registries import strategy_for
from rules.evaluation.preview import preview
from rules.ingest.samples import METRIC_NAME
from rules.models import AutomationRule
from rules.registries import metrics
from smartagent.kernel.coerce import as_number
from smartagent.models import User

KIND_PHRASES = {"manual": "after approval", "scheduled": "in the change window, after approval"}
LOOKED_AT = 50


class NoLimit(Exception):
    """No rule watches this metric for this person. Enter an operator and a threshold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualRequest:
    """A request by a person: whose metric, and which limit; without a limit, that of a rule. Without a value, it is
    the current reading."""

    person: User
    metric: str
    target: str = ""
    operator: str = ""
    threshold: float | None = None
    kind: str = "manual"
    value: float | None = None
    rule: UUID | None = None


def ask(wanted: ManualRequest, by: User | None, now: datetime) -> ProposalResult:
    """Propose something for it, at once; NoLimit where nobody says what would be bad. `by` is None for a program that
    acts for nobody."""
    operator, threshold = _limit(wanted)
    facts = FactsLoader({wanted.person.pk}, now).of(
        wanted.person.pk, metric=wanted.metric, threshold=threshold, operator=operator, target=wanted.target,
        value=_reading(wanted, now) if wanted.value is None else wanted.value,
    )  # fmt: skip
    strategy = strategy_for(wanted.metric)
    found = proposal_of(strategy, facts)
    proposal = replace(found, reason=f"Requested by {by or 'another program'}. {found.reason}")
    requested = ProposalRequest(facts=facts, kind=wanted.kind, rule=wanted.rule, by=by.pk if by else None)
    with transaction.atomic():
        return propose([(requested, strategy.kind, proposal)], now)[0]


def is_metric(name: str) -> bool:
    """Whether a metric can be called so."""
    return name in metrics or METRIC_NAME.fullmatch(name) is not None


def _limit(wanted: ManualRequest) -> tuple[str, float]:
    """The condition for a bad value: as requested, else that of a rule on the metric, the person's own rules first."""
    if wanted.operator and wanted.threshold is not None:
        return wanted.operator, wanted.threshold
    watching = AutomationRule.objects.active().filter(
        Q(user=wanted.person) | Q(applies_to=AutomationRule.AppliesTo.EVERYONE), metric_type=wanted.metric
    )
    rules = sorted(watching.order_by("-created_at")[:LOOKED_AT], key=lambda rule: _distance(rule, wanted))
    if not rules:
        raise NoLimit(NoLimit.__doc__)
    return rules[0].condition_operator, as_number(rules[0].threshold_value) or 0.0


def _distance(rule: AutomationRule, wanted: ManualRequest) -> tuple[bool, bool]:
    return (rule.target_integration or "") != wanted.target, rule.user_id != wanted.person.pk


def _reading(wanted: ManualRequest, now: datetime) -> float | None:
    rule: Any = AutomationRule(
        user=wanted.person, rule_name="reading", metric_type=wanted.metric, condition_operator=">", threshold_value=0,
        action_type="log", target_integration=wanted.target,
    )  # fmt: skip
    return preview(rule, now).value
