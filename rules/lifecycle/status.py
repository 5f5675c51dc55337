"""Pausing and activating rules, many at a time, with a new version of each that changed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from rules.models import AutomationRule, RuleState
from rules.models.querysets import RuleQuerySet

STATUS_CHANGES_PER_QUERY = 1000


def pause(rules: RuleQuerySet, user: Any, now: datetime) -> int:
    """Stop evaluating `rules`; return how many were active."""
    return _change(rules.filter(status="active"), AutomationRule.Status.PAUSED, user, now)


def activate(rules: RuleQuerySet, user: Any, now: datetime) -> int:
    """Evaluate `rules` from now on; return how many were not active."""
    return _change(rules.exclude(status="active"), AutomationRule.Status.ACTIVE, user, now)


@transaction.atomic
def _change(rules: RuleQuerySet, status: str, user: Any, now: datetime) -> int:
    ids = list(rules.order_by("pk").values_list("pk", flat=True))
    changed = 0
    for start in range(0, len(ids), STATUS_CHANGES_PER_QUERY):
        chunk = list(
            AutomationRule.objects.filter(pk__in=ids[start : start + STATUS_CHANGES_PER_QUERY]).select_for_update()
        )
        chunk = [rule for rule in chunk if rule.status != status]  # others may have changed some meanwhile
        AutomationRule.objects.filter(pk__in=[rule.pk for rule in chunk]).update(status=status, updated_at=now)
        begin_anew(rule for rule in chunk if publishes(rule.status, status))
        for rule in chunk:
            rule.status = status
        AutomationRule.history.bulk_history_create(chunk, update=True, default_user=user, default_date=now)
        changed += len(chunk)
    return changed


DRAFT_STATUS = AutomationRule.Status.DRAFT


def publishes(before: str, after: str) -> bool:
    """Whether a change of status publishes a draft."""
    return before == DRAFT_STATUS != after


def begin_anew(rules: Iterable[AutomationRule]) -> None:
    """Delete the states of `rules`. Called wherever `publishes`, in the same transaction."""
    RuleState.objects.filter(rule__in=[rule.pk for rule in rules]).delete()
