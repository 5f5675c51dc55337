"""A copy of a rule: a draft that has everything of it but what makes it that one rule."""

from datetime import datetime
from typing import Any

from rules.authoring.validation import LONGEST_NAME
from rules.models import AutomationRule

# What a copy does not take over. A field that is in neither list is copied.
OWN = (
    "id", "uid", "provisioned_by", "written_by", "status", "rule_name", "last_triggered_at", "trigger_count",
    "deleted_at", "deleted_by", "created_at", "updated_at",
)  # fmt: skip
COPY = " (copy)"


def clone(rule: AutomationRule, user: Any, now: datetime) -> AutomationRule:
    """Make and return a draft like `rule`; its history begins with `user`."""
    fields = {
        field.attname: getattr(rule, field.attname)
        for field in AutomationRule._meta.concrete_fields
        if field.name not in OWN
    }
    copied = AutomationRule(
        **fields, rule_name=rule.rule_name[: LONGEST_NAME - len(COPY)] + COPY, status=AutomationRule.Status.DRAFT,
        created_at=now,
    )  # fmt: skip
    copied._history_user = user  # type: ignore[attr-defined]
    copied.save(force_insert=True)
    return copied
