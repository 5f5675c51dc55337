"""The recycle bin: deleted rules stay there for thirty days, and are restored as paused.

A deleted rule has the status `disabled`, so that the old application on the same table ignores it too.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from rules.lifecycle.status import begin_anew
from rules.models import AutomationRule
from rules.models.querysets import RuleQuerySet
from rules.models.recorded import DELETED, ConfigurationChange, write_changes

RETENTION = timedelta(days=30)
MAX_BINNED_RULES = 200  # in one answer or on one page
PURGED_RULES_PER_QUERY = 500


def delete(rules: RuleQuerySet, user: Any, now: datetime, reason: str = "deleted") -> int:
    """Move `rules` into the bin and delete their instances; return their number."""
    changes = {"status": AutomationRule.Status.DISABLED, "deleted_at": now, "deleted_by": user}
    return _change(rules, user, now, changes, reason)


def undelete(rules: RuleQuerySet, user: Any, now: datetime) -> int:
    """Restore `rules` from the bin as paused, so that somebody checks them before they act; return their number."""
    changes = {"status": AutomationRule.Status.PAUSED, "deleted_at": None, "deleted_by": None}
    return _change(rules, user, now, changes, "restored from the recycle bin")


@transaction.atomic
def delete_for_good(rules: RuleQuerySet, user: Any = None, now: datetime | None = None) -> int:
    """Delete `rules` of the bin permanently; their activity entries stay. Return their number. It is in the log as a
    change of `user`, where one is given."""
    gone = list(rules.order_by().only("pk", "rule_name", "user_id")) if user else []
    count = int(rules.order_by().delete()[1].get("rules.AutomationRule", 0))
    write_changes([_gone(rule) for rule in gone], user, now or timezone.now())
    return count


def _gone(rule: AutomationRule) -> ConfigurationChange:
    return ConfigurationChange(
        kind="rule", key=rule.pk, name=rule.rule_name, owner=rule.user_id, event=DELETED, reason="deleted permanently"
    )


def empty_bin(now: datetime | None = None) -> int:
    """Delete permanently what has been in the bin for thirty days, in limited batches; return the number."""
    old, deleted = AutomationRule.binned.filter(deleted_at__lt=(now or timezone.now()) - RETENTION), 0
    while ids := list(old.order_by("deleted_at").values_list("pk", flat=True)[:PURGED_RULES_PER_QUERY]):
        deleted += delete_for_good(AutomationRule.binned.filter(pk__in=ids))
    return deleted


@transaction.atomic
def _change(rules: RuleQuerySet, user: Any, now: datetime, changes: dict[str, Any], reason: str) -> int:
    ids, changed = list(rules.order_by("pk").values_list("pk", flat=True)), 0
    for first in range(0, len(ids), PURGED_RULES_PER_QUERY):
        found = list(rules.filter(pk__in=ids[first : first + PURGED_RULES_PER_QUERY]).select_for_update(of=("self",)))
        keys = [rule.pk for rule in found]
        begin_anew(found)
        AutomationRule._base_manager.filter(pk__in=keys).update(**changes, updated_at=now)
        for rule in found:
            for name, value in changes.items():
                setattr(rule, name, value)
        AutomationRule.history.bulk_history_create(
            found, update=True, default_user=user, default_change_reason=reason, default_date=now
        )
        changed += len(found)
    return changed
