"""The state of a data source, by what the last evaluation found that asked it, and its last errors."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q

from rules.models import DataSource, MetricQuery

SOURCE_STATES = [
    ("answers", "answers"), ("partly", "some queries fail"), ("fails", "fails"), ("unasked", "not asked yet"),
    ("disabled", "disabled"),
]  # fmt: skip
SOURCE_STATE_LABELS = dict(SOURCE_STATES)
SOURCE_TONES = {
    "answers": "success", "some queries fail": "warning", "fails": "danger", "not asked yet": "info", "disabled": "",
}  # fmt: skip
_ANSWERS = Q(last_success_at__isnull=False) & (Q(last_error_at=None) | Q(last_error_at__lt=F("last_success_at")))
_FAILS = Q(last_error_at__isnull=False) & (Q(last_success_at=None) | Q(last_success_at__lt=F("last_error_at")))
SOURCE_STATE_QUERIES = {
    "answers": Q(enabled=True) & _ANSWERS,
    "partly": Q(enabled=True, last_success_at=F("last_error_at")),
    "fails": Q(enabled=True) & _FAILS,
    "unasked": Q(enabled=True, last_error_at=None, last_success_at=None),
    "disabled": Q(enabled=False),
}


def source_state(source: DataSource) -> str:
    """One of SOURCE_STATES, as SOURCE_STATE_QUERIES find it."""
    error, success = source.last_error_at, source.last_success_at
    if not source.enabled:
        return "disabled"
    if error is None:
        return "answers" if success else "unasked"
    if success is None or success < error:
        return "fails"
    return "partly" if success == error else "answers"


def source_in_words(source: DataSource) -> str:
    """`prom: answers.`; with its last error where it has failed since: `prom: fails. No answer within 10 s.`"""
    state = source_state(source)
    error = f" {source.last_error}" if state in ("partly", "fails") else ""
    return f"{source.name}: {SOURCE_STATE_LABELS[state]}.{error}"


def query_in_words(query: MetricQuery) -> str:
    """`http_errors (per second) is computed by mimir: sum(rate(http_requests_total[5m]))`"""
    unit = f" ({query.unit})" if query.unit else ""
    return f"{query.name}{unit} is computed by {query.source}: {query.expression}"


@dataclass(slots=True)
class KeptError:
    """An error with the metrics that had it, and when one had it last."""

    error: str
    at: datetime
    metrics: list[str]


def last_errors(source: DataSource) -> list[KeptError]:
    """The errors that are kept of `source`, each once, the latest first."""
    found: dict[str, KeptError] = {}
    for each in source.errors:
        one = found.setdefault(each["error"], KeptError(each["error"], datetime.fromisoformat(each["at"]), []))
        if each["metric"] not in one.metrics:
            one.metrics.append(each["metric"])
    return list(found.values())
