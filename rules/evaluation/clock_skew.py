"""Repair after a wrong clock: timestamps in the future must not keep instances from changing."""

from datetime import datetime, timedelta

from django.db.models import Case, F, Q, Value, When

from rules.models import DispatchRun, RuleState

SKEW = timedelta(hours=1)  # at most, and an evaluation that is behind another is only late


def pull_back(now: datetime, skew: timedelta = SKEW) -> int:
    """Set times of instances that are more than `skew` in the future back to `now`; return how many there were.

    Only a run of the future can have written such times, so without one nothing is examined.
    """
    late = now + skew
    if not DispatchRun.objects.filter(evaluated_at__gt=late).exists():
        return 0
    ahead = RuleState.objects.filter(Q(since__gt=late) | Q(last_notified_at__gt=late))
    times = {name: _not_after(now, name) for name in ("since", "fired_at", "last_notified_at", "handled_until")}
    return ahead.update(**times, retry_at=None, changes=[])


def _not_after(now: datetime, name: str) -> Case:
    """The column `name`, at most `now`; null stays null, unlike in `Least`."""
    return Case(When(**{f"{name}__gt": now}, then=Value(now)), default=F(name))
