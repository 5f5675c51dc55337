"""What evaluations found about each data source: when it answered, how fast, and its last errors."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from statistics import median
from typing import Any

from rules.data_sources.answers import MAX_WARNINGS
from rules.data_sources.asking import QueryOutcome
from rules.models import DataSource

MAX_RECENT = 288  # evaluations: a day of five minutes each
MAX_ERRORS_KEPT = 20


def record_outcomes(outcomes: Sequence[QueryOutcome], at: datetime) -> None:
    """Store the outcomes of one evaluation on their sources."""
    asked = sorted((each for each in outcomes if each.seconds is not None), key=lambda each: str(each.query.source_id))
    for key, group in groupby(asked, key=lambda each: each.query.source_id):
        source = DataSource.objects.filter(pk=key).first()
        if source is not None:
            _record(source, list(group), at)


def _record(source: DataSource, outcomes: Sequence[QueryOutcome], at: datetime) -> None:
    failed = [each for each in outcomes if each.error]
    before = [{name: value for name, value in each.items() if name != "warnings"} for each in source.recent]
    update: dict[str, Any] = {"recent": [*before, _summary(outcomes, at)][-MAX_RECENT:]}
    if len(failed) < len(outcomes):
        update["last_success_at"] = at
    if failed:
        named = [{"at": at.isoformat(), "metric": each.query.name, "error": each.error} for each in failed]
        errors = [*named[:MAX_ERRORS_KEPT], *source.errors][:MAX_ERRORS_KEPT]
        update |= {"last_error_at": at, "last_error": failed[0].error, "errors": errors}
    DataSource.objects.filter(pk=source.pk).update(**update)


def _summary(outcomes: Sequence[QueryOutcome], at: datetime) -> dict[str, Any]:
    warnings = dict.fromkeys(words for each in outcomes for words in each.warnings)
    milliseconds = [1000 * (each.seconds or 0) for each in outcomes]
    return {
        "at": at.isoformat(), "queries": len(outcomes), "failed": sum(bool(each.error) for each in outcomes),
        "series": sum(len(each.series) for each in outcomes), "median": round(median(milliseconds), 1),
        "slowest": round(max(milliseconds), 1), "warnings": list(warnings)[:MAX_WARNINGS],
    }  # fmt: skip
