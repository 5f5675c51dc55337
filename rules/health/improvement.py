"""A better threshold for a rule of which most is noise, with its backtest; or why there is none."""

from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.urls import reverse

from rules.backtesting.history import replay, watch_of
from rules.conditions import Match
from rules.health.judgements import judged_readings, precision_of
from rules.health.precision import Precision
from rules.health.proposal import Proposal, Refusal, propose
from rules.models import AutomationRule

DAYS = 30


@dataclass(frozen=True, slots=True)
class Backtest:
    """How often a rule fires and acts in the last 30 days, with its threshold and with the proposed one."""

    fired_now: int
    fired_then: int
    notified_now: int
    notified_then: int


@dataclass(frozen=True, slots=True)
class Improvement:
    """A proposal with its backtest, or the reason why there is none."""

    precision: Precision
    proposal: Proposal | None = None
    backtest: Backtest | None = None
    reason: str = ""
    link: str = ""

    def __str__(self) -> str:
        if self.proposal is None:
            return self.reason
        return f"{self.proposal}: {self._backtested()}{self._kept()}."

    def _backtested(self) -> str:
        if not self.backtest or not self.backtest.fired_now:
            return "the kept readings do not reach back far enough to try it, but of the judged firings "
        then, now = self.backtest.fired_then, self.backtest.fired_now
        return f"in the last {DAYS} days {then:,} instead of {now:,} firing{'' if now == 1 else 's'}, "

    def _kept(self) -> str:
        if self.proposal is None:
            return ""
        useful, dropped, noise = self.proposal.useful, self.proposal.dropped, self.proposal.noise
        kept = "the useful one kept" if useful == 1 else f"all {useful:,} useful ones kept"
        return f"{kept}, {dropped:,} of {noise:,} that were noise left out"


def improve(rule: AutomationRule, now: datetime) -> Improvement:
    """Propose something for `rule`; it is never changed by itself."""
    precision = precision_of([rule.pk], now).get(rule.pk, Precision())
    found = _proposal(rule, now)
    if isinstance(found, Refusal):
        return Improvement(precision, reason=found.reason)
    address = reverse("admin:rules_automationrule_change", args=[rule.pk], query={"threshold": plain(found.threshold)})
    return Improvement(precision, found, _backtest(rule, found.threshold, now), link=address)


def plain(value: float) -> str:
    """The number as a form takes it, without an exponent."""
    return f"{Decimal(repr(value)).normalize():f}"


def _proposal(rule: AutomationRule, now: datetime) -> Proposal | Refusal:
    if rule.match == Match.ANY and rule.more_conditions:
        return Refusal("It fires when any of several conditions holds, so its threshold alone does not decide.")
    critical = None if rule.critical_threshold is None else float(rule.critical_threshold)
    return propose(rule.condition_operator, float(rule.threshold_value), judged_readings(rule.pk, now), critical)


def _backtest(rule: AutomationRule, threshold: float, now: datetime) -> Backtest | None:
    try:
        watch_of(rule)
    except ValueError:  # a further condition cannot be read, so there is nothing to play; its failures say so
        return None
    moved = copy(rule)
    moved.threshold_value = Decimal(repr(threshold))
    start = now - timedelta(days=DAYS)
    present, then = replay(rule, start, now), replay(moved, start, now)
    return Backtest(present.fired, then.fired, present.notified, then.notified)
