"""The rule on the alerts that Alertmanager sends: one for each person, made where it is asked for."""

from datetime import datetime

from django.db import connection, transaction

from rules.authoring.rule_limit import rule_limit_problem
from rules.authoring.templates import ALERTMANAGER_TEMPLATE
from rules.ingest.protocols.alertmanager import ALERT_METRIC
from rules.models import AutomationRule
from smartagent.models import User

RULE_LOCK_SQL = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


class NoRule(ValueError):
    """The rule cannot be made."""


@transaction.atomic
def ensure_alertmanager_rule(owner: User, by: User, now: datetime) -> bool:
    """Make the rule of `owner` where there is none on such alerts, and return whether; NoRule where it cannot be made.

    One that its owner has changed, paused or moved to the recycle bin stays as it is.
    """
    with connection.cursor() as cursor:
        cursor.execute(RULE_LOCK_SQL, [f"{ALERT_METRIC} {owner.pk}"])
    known = {"user": owner, "metric_type": ALERT_METRIC}
    if AutomationRule.objects.filter(**known).exists() or AutomationRule.binned.filter(**known).exists():
        return False
    if problem := rule_limit_problem(owner):
        raise NoRule(problem)
    rule = ALERTMANAGER_TEMPLATE.rule(owner)
    rule.created_at, rule._history_user = now, by  # type: ignore[attr-defined]
    rule.save(force_insert=True)
    return True
