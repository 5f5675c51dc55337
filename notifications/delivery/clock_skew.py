"""Repair after a clock that was ahead: nothing waits for a time that only that clock has given."""

from datetime import datetime, timedelta

from django.db import connection

SKEW = timedelta(minutes=2)  # of the clocks of two machines
DUE = """UPDATE deliveries SET due_at = %(now)s
          WHERE status = 'due' AND due_at > %(late)s AND created_at > %(late)s"""
RETRIED = """UPDATE deliveries d SET due_at = %(now)s
              WHERE d.status = 'due' AND d.due_at > %(late)s AND d.attempt_count > 0 AND EXISTS (
                    SELECT FROM delivery_attempts a WHERE a.delivery_id = d.id AND a.started_at > %(late)s)"""
# Whoever has taken it may still be sending it.
LEASED = """UPDATE deliveries d SET leased_until = %(late)s
             WHERE d.status = 'sending' AND d.leased_until > %(late)s AND EXISTS (
                   SELECT FROM delivery_attempts a WHERE a.delivery_id = d.id AND a.started_at > %(late)s)"""
CHANNELS = """UPDATE channels SET opened_at = least(opened_at, %(now)s), retry_at = least(retry_at, %(now)s),
                     tokens_at = least(tokens_at, %(now)s)
               WHERE opened_at > %(late)s OR tokens_at > %(late)s OR (opened_at IS NULL AND retry_at > %(late)s)"""


def pull_back(now: datetime) -> None:
    """Make due what a clock ahead has put off: deliveries and their retries, leases, and channels that wait."""
    times = {"now": now, "late": now + SKEW}
    with connection.cursor() as cursor:
        for statement in (DUE, RETRIED, LEASED, CHANNELS):
            cursor.execute(statement, times)
