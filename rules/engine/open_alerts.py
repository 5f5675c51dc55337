"""Whether an instance fires now, and whether its alert is open: each in Python, as SQL and as Q, side by side.

*Fires now*: it is firing, or recovering, which still is. What is shown, counted and reported as firing.
*Open*: it fires now, or an error has interrupted its episode: the source cannot be read, so nobody knows whether it is
over. What may be handled, escalates further, and does not act a second time once the source can be read again.
"""

from datetime import datetime

from django.db.models import Q

FIRING_STATES = ["firing", "recovering"]
STATES_SQL = "('firing', 'recovering')"
FIRES_NOW = Q(condition__in=FIRING_STATES)
OPEN_ALERT = FIRES_NOW | Q(condition="error", fired_at__isnull=False)


def fires_now(condition: str) -> bool:
    """Whether an instance in this state fires now."""
    return condition in FIRING_STATES


def is_open(condition: str, fired_at: datetime | None) -> bool:
    """Whether the alert of an instance in this state is open."""
    return fires_now(condition) or (condition == "error" and fired_at is not None)


def fires_now_sql(row: str = "s") -> str:
    """Whether a row of rule_states fires now; without a name before its columns where `row` is empty."""
    return f"{_column(row, 'condition')} IN {STATES_SQL}"


def open_sql(row: str = "s") -> str:
    """Whether the alert of a row of rule_states is open."""
    interrupted = f"{_column(row, 'condition')} = 'error' AND {_column(row, 'fired_at')} IS NOT NULL"
    return f"({fires_now_sql(row)} OR ({interrupted}))"


def _column(row: str, name: str) -> str:
    return f"{row}.{name}" if row else name
