"""The health of one rule, as its page and the API show it."""

from dataclasses import dataclass
from datetime import datetime

from rules.health.check import HealthFinding
from rules.health.examination import findings_of
from rules.health.feedback_counts import precision_of
from rules.health.noisiest import Noise, noise_of
from rules.health.precision import Precision
from rules.models import AutomationRule


@dataclass(frozen=True, slots=True)
class Health:
    """The findings on a rule, its noise, and its precision."""

    rule: AutomationRule
    findings: list[HealthFinding]
    noise: Noise
    precision: Precision


def health_of(rule: AutomationRule, now: datetime) -> Health:
    """The health of `rule`; `rules/health/box.html` shows it as `health`."""
    precision = precision_of([rule.pk], now).get(rule.pk, Precision())
    return Health(rule, findings_of(rule.pk, now), noise_of(rule.pk, now), precision)
