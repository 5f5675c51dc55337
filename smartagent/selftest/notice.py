"""Notices to operators: above 10 % failed stages in 24 hours at most hourly, above 33 % at once."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Sum

from notifications.gateway import Message
from notifications.models import SelfTestRun
from smartagent.operator_notices.operators import operators

SPAN, PAUSE = timedelta(hours=24), timedelta(hours=1)
LEVELS = ((2, 33.0), (1, 10.0))  # level, above so many percent
MAX_NAMED = 5


def failure_rate(run: SelfTestRun, now: datetime) -> float:
    """Percent of the stages of 24 hours that failed, with those of this run, which is not stored yet."""
    earlier = SelfTestRun.objects.filter(started_at__gte=now - SPAN).exclude(pk=run.pk)
    sums = earlier.aggregate(passed=Sum("passed"), failed=Sum("failed"))
    failed = (sums["failed"] or 0) + run.failed
    tried = failed + (sums["passed"] or 0) + run.passed
    return 100 * failed / tried if tried else 0.0


def level_of(run: SelfTestRun, now: datetime) -> int:
    """The level of the notice that is due after this run; 0 for none. A run that passed gives none."""
    if not run.failed:
        return 0
    rate = failure_rate(run, now)
    level = next((level for level, above in LEVELS if rate > above), 0)
    noticed = SelfTestRun.objects.filter(started_at__gte=now - PAUSE, noticed_level__gte=level or 1)
    return level if level and not noticed.exists() else 0


def notices(run: SelfTestRun, now: datetime) -> Iterator[Message]:
    """The notification to each operator and administrator."""
    rate = failure_rate(run, now)
    failed = [stage for stage in run.stages if stage["status"] == "failed"]
    lines = [f"{stage['stage']}: {stage['error'] or 'failed'}" for stage in failed[:MAX_NAMED]]
    for person in operators():
        yield Message(
            user_id=person.pk, type="error", severity="high" if run.noticed_level > 1 else "medium", reason="other",
            title=f"The self-test fails: {rate:.0f} % of its stages in 24 hours", message="\n".join(lines),
            action_url="/reliability/#self-test", metadata={"self_test": str(run.pk)},
        )  # fmt: skip
