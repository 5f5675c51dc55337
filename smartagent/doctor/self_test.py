"""Whether the self-test passes."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Sum

from notifications.models import SelfTestRun
from smartagent.doctor.findings import Finding, error, warning
from smartagent.doctor.schema_findings import about

SPAN = timedelta(hours=24)
ERROR_ABOVE = 33.0  # percent of the stages of a day
MAX_NAMED = 3


def check_self_test(now: datetime) -> Iterator[Finding]:
    """The last run of the last day passed; above a third of failed stages in that day it is an error."""
    runs = SelfTestRun.objects.filter(started_at__gte=now - SPAN)
    last = runs.order_by("-started_at").first()
    if last is None or not last.failed:
        return
    sums = runs.aggregate(passed=Sum("passed"), failed=Sum("failed"))
    rate = 100 * sums["failed"] / (sums["passed"] + sums["failed"])
    failed = [stage for stage in last.stages if stage["status"] == "failed"]
    named = "; ".join(f"{stage['stage']}: {stage['error'] or 'failed'}" for stage in failed[:MAX_NAMED])
    problem = (
        f"The last self-test, {about(now - last.started_at)} ago, failed ({rate:.0f} % of the stages of a day): {named}"
    )
    report = error if rate > ERROR_ABOVE else warning
    yield report("self-test", problem, "Fix the cause, then run `manage.py selftest`. Reliability lists the runs.")
