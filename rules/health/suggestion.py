"""A better threshold for a noisy rule, with its backtest; or why there is none."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.urls import reverse

from rules.engine.conditions import Match
from rules.health.better_threshold import Refusal, ThresholdProposal, propose
from rules.health.feedback_counts import JudgedFiring, judged_firings, precision_of
from rules.health.precision import Precision
from rules.health.threshold_backtest import REPLAYED_DAYS, Backtest, backtest
from rules.models import AutomationRule
from smartagent.kernel.formats import counted


@dataclass(frozen=True, slots=True)
class Improvement:
    """A proposal with its backtest, or the reason why there is none."""

    precision: Precision
    proposal: ThresholdProposal | None = None
    backtest: Backtest | None = None
    reason: str = ""
    link: str = ""

    def __str__(self) -> str:
        if self.proposal is None:
            return self.reason
        return f"{self.proposal}: {_effect(self.proposal, self.backtest)}."


def improve(rule: AutomationRule, now: datetime) -> Improvement:
    """Propose a threshold for `rule`, which is not changed."""
    precision = precision_of([rule.pk], now).get(rule.pk, Precision())
    judged = judged_firings(rule.pk, now)
    found = _proposal(rule, judged)
    if isinstance(found, Refusal):
        return Improvement(precision, reason=found.reason)
    address = reverse("admin:rules_automationrule_change", args=[rule.pk], query={"threshold": plain(found.threshold)})
    return Improvement(precision, found, backtest(rule, found.threshold, judged, now), link=address)


def plain(value: float) -> str:
    """The number as in a form field, without an exponent."""
    return f"{Decimal(repr(value)).normalize():f}"


def _proposal(rule: AutomationRule, judged: list[JudgedFiring]) -> ThresholdProposal | Refusal:
    if rule.match == Match.ANY and rule.more_conditions:
        return Refusal("The rule fires when any of several conditions is met, so its threshold alone does not decide.")
    critical = None if rule.critical_threshold is None else float(rule.critical_threshold)
    readings = [(firing.value, firing.useful) for firing in judged]
    return propose(rule.condition_operator, float(rule.threshold_value), readings, critical)


def _effect(proposal: ThresholdProposal, tried: Backtest | None) -> str:
    if tried is None:
        kept = _kept(proposal.useful, proposal.useful, proposal.dropped, proposal.noise)
        return f"of the rated alerts, {kept}. There are no readings of the last {REPLAYED_DAYS} days for a backtest"
    fired = f"{tried.fired_then:,} instead of {counted(tried.fired_now, 'firing')}"
    kept = _kept(tried.useful_kept, proposal.useful, tried.noise_dropped, proposal.noise)
    return f"in the last {REPLAYED_DAYS} days {fired}, {kept}"


def _kept(kept: int, useful: int, dropped: int, noise: int) -> str:
    """`all 3 useful ones kept, 9 of 12 that were noise left out`"""
    all_kept = "the useful alert" if useful == 1 else f"all {useful:,} useful alerts"
    some_kept = f"{kept:,} of {useful:,} useful alerts"
    return f"{all_kept if kept == useful else some_kept} kept, {dropped:,} of {noise:,} noisy alerts excluded"
