"""Release of a file's rules, data sources and queries, so that people can edit them again; uids are kept."""

from datetime import datetime
from typing import Any

from django.db import transaction

from rules.models import AutomationRule, DataSource, MetricQuery


@transaction.atomic
def release(source: str, user: Any, now: datetime) -> int:
    """Unlock the rules of the file `source` that `user` may change (None: all); return their number,
    with that of its data sources and queries."""
    reachable = AutomationRule.objects.all() if user is None else AutomationRule.objects.changeable_by(user)
    kept = reachable.filter(provisioned_by=source).exclude(provisioned_by="")
    rules = list(kept.select_for_update(of=("self",)))
    AutomationRule.objects.filter(pk__in=[rule.pk for rule in rules]).update(provisioned_by="", updated_at=now)
    for rule in rules:
        rule.provisioned_by = ""
    AutomationRule.history.bulk_history_create(
        rules, update=True, default_user=user, default_change_reason=f"released by {source}", default_date=now
    )
    return len(rules) + _release_sources(source, user)


def _release_sources(source: str, user: Any) -> int:
    """Unlock the data sources and queries of the file, where `user` may change them; return their number."""
    released = 0
    for model in (DataSource, MetricQuery) if source else ():
        if user is None or user.has_perm(f"rules.change_{model._meta.model_name}"):
            released += model._default_manager.filter(provisioned_by=source).update(provisioned_by="")
    return released
