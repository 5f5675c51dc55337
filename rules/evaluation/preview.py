"""A preview of a rule at the present time, by the dispatcher's own statement, in a transaction that is rolled back."""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from rules.data_sources.asking import QueryOutcome, ask_queries
from rules.data_sources.watched import queries_named
from rules.evaluation.candidates import judge
from rules.evaluation.readings import gather, keep_changes
from rules.models import AutomationRule

MAX_PREVIEW_SECONDS = 15.0  # for data sources: somebody waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The verdict on the owner's reading (met, held, clear, missing, failed), whether it is critical, each condition
    where the rule is not a simple one, and for how many people it would fire."""

    verdict: str
    value: float | None = None
    observed_at: datetime | None = None
    cause: str = ""
    worsens: bool = False
    conditions: list[dict[str, Any]] | None = None
    people: int = 0
    met: int = 0


def preview(rule: AutomationRule, now: datetime) -> Preview:
    """Return what `rule`, saved or not, active or not, would do at `now`. Nothing is stored."""
    outcomes = ask_queries(queries_named(rule.watched), now, MAX_PREVIEW_SECONDS)
    with transaction.atomic():
        verdicts = _judged(rule, now, outcomes)
        transaction.set_rollback(True)
    own: dict[str, Any] = next((v for v in verdicts if v["subject_id"] == rule.user_id), {"verdict": "missing"})
    met = sum(verdict["verdict"] == "met" for verdict in verdicts)
    own = own | {"conditions": json.loads(own["conditions"]) if own.get("conditions") else None}
    return Preview(**{k: v for k, v in own.items() if k != "subject_id"}, people=len(verdicts), met=met)


def _judged(rule: AutomationRule, now: datetime, outcomes: list[QueryOutcome]) -> list[dict[str, Any]]:
    trial = AutomationRule(
        **{field.attname: getattr(rule, field.attname) for field in AutomationRule._meta.concrete_fields}
        | {"id": uuid.uuid4(), "uid": None, "status": AutomationRule.Status.ACTIVE, "deleted_at": None}
    )
    AutomationRule.objects.bulk_create([trial])  # makes no version in the history, and is rolled back
    gather(now, rule.watched, rule.user_id if rule.applies_to == AutomationRule.AppliesTo.OWNER else None, outcomes)
    keep_changes(now)
    return judge(now, trial.pk)
