"""Housekeeping of a delivery worker: before its first batch, and now and then afterwards."""

from datetime import datetime

from notifications.delivery.digests import release
from notifications.delivery.failover import fail_over
from notifications.delivery.outcome import expire
from notifications.escalations.engine import escalate


def prepare(now: datetime) -> None:
    """Tell whom an escalation comes to, let out what was held until now, give up what has expired, hand over what a
    broken channel keeps."""
    escalate(now)
    release(now)
    expire(now)
    fail_over(now)
