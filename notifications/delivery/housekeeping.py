"""Housekeeping of a delivery worker: before its first batch, and periodically."""

from datetime import datetime

from notifications.delivery.clock_skew import pull_back
from notifications.delivery.digests import release
from notifications.delivery.failover import fail_over
from notifications.delivery.outcome import expire
from notifications.escalations.engine import escalate


def prepare(now: datetime) -> None:
    """Run due escalation steps, release held deliveries, expire old ones, fail over those of failing channels; first
    make due what a clock ahead has put off."""
    pull_back(now)
    escalate(now)
    release(now)
    expire(now)
    fail_over(now)
