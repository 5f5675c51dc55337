"""A preview of a rule at the present time, by the dispatcher's own statement, in a transaction that is rolled back."""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from rules.data_sources.asking import QueryOutcome, ask_queries
from rules.data_sources.watched import queries_named, query_names
from rules.evaluation.candidates import judge, only
from rules.evaluation.readings import gather, keep_changes
from rules.evaluation.series.selection import NO_SERIES, select_series
from rules.models import AutomationRule

MAX_PREVIEW_SECONDS = 15.0  # for data sources: somebody waits
MAX_INSTANCES_PREVIEWED = 40


WORST_VERDICT_FIRST = ("met", "held", "failed", "missing", "clear")


@dataclass(frozen=True, slots=True)
class InstancePreview:
    """One instance of a rule on series: its key, and the verdict on its value."""

    target: str
    value: float | None
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The verdict on the owner's reading (met, held, clear, missing, failed), whether it is critical, each condition
    where the rule is not a simple one, and of how many instances or people it would fire for how many. For a rule on
    series it is that of the owner's worst instance, whose key is `target`, and `instances` has the first of all."""

    verdict: str
    value: float | None = None
    observed_at: datetime | None = None
    cause: str = ""
    worsens: bool = False
    conditions: list[dict[str, Any]] | None = None
    people: int = 0
    met: int = 0
    target: str = ""
    instances: tuple[InstancePreview, ...] = ()


def preview(rule: AutomationRule, now: datetime) -> Preview:
    """Return what `rule`, saved or not, active or not, would do at `now`. Nothing is stored."""
    outcomes = ask_queries(queries_named(rule.watched), now, MAX_PREVIEW_SECONDS)
    with transaction.atomic():
        verdicts = _judged(rule, now, outcomes)
        transaction.set_rollback(True)
    verdicts.sort(key=lambda each: _badness(each, rule.condition_operator))
    own: dict[str, Any] = next((v for v in verdicts if v["subject_id"] == rule.user_id), {"verdict": "missing"})
    met = sum(verdict["verdict"] == "met" for verdict in verdicts)
    own = own | {"conditions": json.loads(own["conditions"]) if own.get("conditions") else None}
    shown = verdicts[:MAX_INSTANCES_PREVIEWED] if rule.watches_series else []
    instances = tuple(InstancePreview(each["target"], each["value"], each["verdict"]) for each in shown)
    known = {name: value for name, value in own.items() if name not in ("subject_id", "labels")}
    return Preview(**known, people=len(verdicts), met=met, instances=instances)


def _badness(verdict: dict[str, Any], operator: str) -> tuple[int, float, str]:
    """The place of an instance among those of its rule, the worst first: by verdict, then by how far its value is past
    the threshold, or how near."""
    value = verdict["value"] or 0.0
    further = -value if operator in (">", ">=") else value if operator in ("<", "<=") else 0.0
    return WORST_VERDICT_FIRST.index(verdict["verdict"]), further, verdict["target"]


def _judged(rule: AutomationRule, now: datetime, outcomes: list[QueryOutcome]) -> list[dict[str, Any]]:
    trial = AutomationRule(
        **rule.columns() | {"id": uuid.uuid4(), "uid": None, "status": AutomationRule.Status.ACTIVE, "deleted_at": None}
    )
    AutomationRule.objects.bulk_create([trial])  # makes no version in the history, and is rolled back
    gather(now, rule.watched, rule.user_id if rule.applies_to == AutomationRule.AppliesTo.OWNER else None, outcomes)
    keep_changes(now)
    series = select_series(now, *only(None, trial.pk), query_names()) if rule.watches_series else NO_SERIES
    return judge(now, trial.pk, series)
