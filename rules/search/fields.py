"""The fields of a search: the condition of each value, and the values that there are."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.db.models.lookups import Exact, In
from django.utils import timezone

from rules import registries
from rules.models import ActivityEntry
from rules.models.activity_facts import ACTOR, METRIC, SEVERITY, SUBJECT, TARGET
from rules.models.rule import Severity
from rules.search.names import (
    Named,
    event_names,
    events_named,
    keys_of_people,
    keys_of_rules,
    metric_names,
    people,
    rule_names,
    target_names,
)
from rules.search.query import SearchError
from rules.search.words import in_text
from smartagent.kernel.coerce import as_uuid
from smartagent.rest.filter_fields import TimeFilterField
from smartagent.rest.periods import PERIOD_LABELS, period

MATCHES_NOTHING = Q(pk__in=[])
TIME_FIELDS = ("after", "before", "within")
Bounds = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class SearchField:
    """`condition` gives that of a value for who asks (None: a program), SearchError where there is no such value.
    `values` lists some to choose from; `example` stands where there is no list."""

    help: str
    condition: Callable[[Any, str], Q]
    values: Callable[[Any], Named] = lambda asker: ()
    example: str = ""


def about(keys: Iterable[Any]) -> Q:
    """Entries about one of these people."""
    return _among(SUBJECT, keys)


def done_by(keys: Iterable[Any]) -> Q:
    """Entries of what one of these people did."""
    return _among(ACTOR, keys)


def of_metric(names: Iterable[str]) -> Q:
    """Entries that compare one of these metrics."""
    return _among(METRIC, names)


def of_target(names: Iterable[str]) -> Q:
    """Entries about one of these integrations."""
    return _among(TARGET, names)


def of_severity(severity: str) -> Q:
    """Entries of that severity."""
    return Q(Exact(SEVERITY, severity))


def _metric(asker: Any, text: str) -> Q:
    wanted = text.casefold()
    return of_metric({text, *(name for name, label in metric_names(asker) if wanted in (name, label.casefold()))})


def _target(asker: Any, text: str) -> Q:
    wanted = text.casefold()
    return of_target({text, text.lower(), *(name for name, _ in target_names(asker) if name.casefold() == wanted)})


def _event(_: Any, text: str) -> Q:
    if found := events_named(text):
        return Q(event_type__in=found)
    raise SearchError(f"event: “{text[:40]}” is not one of: {', '.join(name for name, _ in event_names())}.")


def _run(_: Any, text: str) -> Q:
    if run := as_uuid(text):
        return Q(run_id=run)
    raise SearchError(f"run: “{text[:40]}” is not the ID of a run.")


def _among(fact: Any, values: Iterable[Any]) -> Q:
    found = sorted(map(str, values))
    return Q(In(fact, found)) if found else MATCHES_NOTHING


def _one_of(field: str, text: str, known: Any) -> str:
    if text.lower() in known:
        return text.lower()
    raise SearchError(f"{field}: “{text[:40]}” is not one of: {', '.join(known)}.")


def bounds(field: str, text: str, now: datetime) -> Bounds:
    """From when (inclusive) until when (exclusive) a term of time is; None is open."""
    if field == "within":
        return period(_one_of("within", text, dict(PERIOD_LABELS)), now)
    try:
        found: datetime | None = TimeFilterField().clean(text)
    except ValidationError:
        found = None
    if found is None:
        raise SearchError(f"{field}: “{text[:40]}” is not a time. Example: 2026-03-02 or 2026-03-02T10:00.")
    return (found, None) if field == "after" else (None, found)


def _in_time(field: str) -> Callable[[Any, str], Q]:
    def condition(_: Any, text: str) -> Q:
        start, end = bounds(field, text, timezone.now())
        return (Q(created_at__gte=start) if start else Q()) & (Q(created_at__lt=end) if end else Q())

    return condition


def _plainly(values: Iterable[str]) -> Callable[[Any], Named]:
    return lambda asker: [(value, "") for value in values]


SEARCH_FIELDS: dict[str, SearchField] = {
    "person": SearchField(
        "Person whom the entry is about", lambda asker, text: about(keys_of_people(asker, text, whole=True)), people
    ),
    "owner": SearchField(
        "Owner of the rule", lambda asker, text: Q(user__in=keys_of_people(asker, text, whole=True)), people
    ),
    "by": SearchField("Who did it", lambda asker, text: done_by(keys_of_people(asker, text, whole=True)), people),
    "rule": SearchField(
        "Part of the rule's name", lambda asker, text: Q(rule__in=keys_of_rules(asker, text, whole=True)), rule_names
    ),
    "metric": SearchField("Metric", _metric, metric_names),
    "target": SearchField("Integration or series", _target, target_names),
    "severity": SearchField(
        "Severity", lambda _, text: of_severity(_one_of("severity", text, Severity.values)), _plainly(Severity.values)
    ),
    "event": SearchField("Event", _event, lambda asker: event_names()),
    "result": SearchField(
        "Result of the action",
        lambda _, text: Q(status=_one_of("result", text, ActivityEntry.Status.values)),
        _plainly(ActivityEntry.Status.values),
    ),
    "action": SearchField(
        "Action",
        lambda _, text: Q(action_taken=_one_of("action", text, dict(registries.action_choices()))),
        lambda asker: registries.action_choices(),
    ),
    "text": SearchField("Words of the error, comment or message", lambda _, text: in_text(text), example="timeout"),
    "after": SearchField("From this time on", _in_time("after"), example="2026-03-02T10:00"),
    "before": SearchField("Before this time", _in_time("before"), example="2026-03-03"),
    "within": SearchField("Period", _in_time("within"), lambda asker: PERIOD_LABELS),
    "run": SearchField("Run, by its ID", _run),
}
