"""Application of a rules file, in one transaction.

Only rules that differ are saved, each as a version in the history whose reason names the file. Counters, instances and
activity are kept.
"""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from rules.authoring.fields import WRITTEN, names
from rules.lifecycle.recycle_bin import delete
from rules.lifecycle.status import begin_anew, publishes
from rules.models import AutomationRule
from rules.provisioning.document import Document
from rules.provisioning.matches import APPLIED
from rules.provisioning.plan import Item, Plan, make_plan, needs_adoption_of
from rules.provisioning.problems import FileRefused, Problem
from rules.provisioning.source_apply import apply_sources, delete_sources

PROVISIONING_LOCK_SQL = "SELECT pg_advisory_xact_lock(hashtextextended('rules.provisioning', 0))"
WRITTEN_COLUMNS = [*names(WRITTEN), "uid", "provisioned_by", "deleted_at", "deleted_by", "updated_at"]
CREATED_RULES_PER_QUERY = 500


class Outdated(Exception):
    """The plan is outdated: rules or options have changed since. Review the new plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        super().__init__(self.__doc__)


def apply(
    document: Document, user: Any, now: datetime, *, owner: Any = None, adopt: bool = False, prune: bool = False,
    fingerprint: str = "",
) -> Plan:  # fmt: skip
    """Apply `document` on behalf of `user`; return the plan that was applied.

    FileRefused if it has problems, or would take over rules without `adopt`; Outdated if `fingerprint` is that of
    another plan. Then nothing is changed.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(PROVISIONING_LOCK_SQL)
        plan = make_plan(document, user, owner=owner, prune=prune, lock=True)
        if problems := [*plan.problems, *([] if adopt else unasked(document, plan))]:
            raise FileRefused(problems)
        if fingerprint and plan.fingerprint != fingerprint:
            raise Outdated(plan)
        _carry_out(plan, user, now)
    return plan


def unasked(document: Document, plan: Plan) -> list[Problem]:
    """Return a problem for each rule that `plan` would take over."""
    entries = {entry.uid: entry for entry in document.entries}
    sources = {(entry.section, entry.name): entry for entry in document.sources}
    return [
        sources[item.section, item.name].problem(
            f"This {item.noun} already exists. {' '.join(item.notes)} To let this file take it over, apply it with "
            "--adopt (adopt=true).", "name",
        )
        for item in plan.sources
        if item.kind == "adopt"
    ] + [
        entries[item.uid].problem(
            f"A rule with this uid already exists: “{item.was}”. {needs_adoption_of(item.was)} To let this file take "
            "it over, apply it with --adopt (adopt=true).", "uid",
        )
        for item in plan.items
        if item.was and takes_over(item, document.source)
    ]  # fmt: skip


def takes_over(item: Item, source: str) -> bool:
    """Whether applying would take the rule over: it exists, and belongs to no file or another one."""
    return item.was is not None and item.kind in ("adopt", "restore") and item.was.provisioned_by != source


def _carry_out(plan: Plan, user: Any, now: datetime) -> None:
    reason = f"{APPLIED}{plan.source}"
    apply_sources(plan.sources, plan.source, user, now)
    made = [item.rule for item in plan.of("create")]
    changed = [item.rule for kind in ("restore", "adopt", "change") for item in plan.of(kind)]
    for rule in changed:
        rule.updated_at = now
    AutomationRule.objects.bulk_create(made, CREATED_RULES_PER_QUERY)
    AutomationRule._base_manager.bulk_update(changed, WRITTEN_COLUMNS, CREATED_RULES_PER_QUERY)
    begin_anew(item.rule for item in plan.items if item.was and publishes(item.was.status, item.rule.status))
    for rules, update in ((made, False), (changed, True)):
        AutomationRule.history.bulk_history_create(
            rules,
            CREATED_RULES_PER_QUERY,
            update=update,
            default_user=user,
            default_change_reason=reason,
            default_date=now,
        )
    # Into the recycle bin. They stay the file's: once they are in it again, they come back.
    pruned = [item.rule.pk for item in plan.of("delete")]
    delete(AutomationRule.objects.filter(pk__in=pruned), user, now, reason)
    delete_sources(plan.sources)
