"""Copies of rules: a draft with everything but the identity of the original."""

from datetime import datetime
from typing import Any

from rules.authoring.fields import RULE_FIELDS
from rules.authoring.validation import MAX_RULE_NAME
from rules.models import AutomationRule

COPY = " (copy)"


def clone(rule: AutomationRule, user: Any, now: datetime) -> AutomationRule:
    """Create and return a draft like `rule`; `user` is the author of its first version."""
    columns = rule.columns()
    fields = {field.column.attname: columns[field.column.attname] for field in RULE_FIELDS if field.copied}
    copied = AutomationRule(
        **fields, rule_name=rule.rule_name[: MAX_RULE_NAME - len(COPY)] + COPY, status=AutomationRule.Status.DRAFT,
        created_at=now,
    )  # fmt: skip
    copied._history_user = user  # type: ignore[attr-defined]
    copied.save(force_insert=True)
    return copied
