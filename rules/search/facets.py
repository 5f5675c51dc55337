"""The commonest values of some facts among entries, counted in one query."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import QuerySet

from rules.models import AutomationRule
from rules.models.activity_facts import SEVERITY, SUBJECT, TARGET
from rules.models.rule import Severity
from rules.search.names import plain
from rules.search.query import Term
from rules.text.event_names import event_label
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.scope import people_visible_to
from smartagent.postgres.queries import sql_of

MAX_COUNTED, MAX_VALUES = 10_000, 8
FACET_NAMES = ("event", "result", "severity", "rule", "person", "target")


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value, how many entries have it, and the term that searches for it."""

    label: str
    count: int
    term: Term


@dataclass(frozen=True, slots=True)
class Facet:
    """The values of one field, the commonest first; `more` have not been listed."""

    field: str
    values: list[FacetValue]
    more: int


@dataclass(frozen=True, slots=True)
class Facets:
    """Of all entries, or of the newest MAX_COUNTED where there are more."""

    facets: list[Facet]
    is_capped: bool


def facets(entries: QuerySet[Any], viewer: Any) -> Facets:
    """Count the values of each of FACET_NAMES among the newest of `entries`."""
    found = _counts(entries)
    total = sum(found["result"].values())
    labels = _labels(found, viewer)
    return Facets([_facet(name, found[name], labels[name]) for name in FACET_NAMES], total >= MAX_COUNTED)


def _counts(entries: QuerySet[Any]) -> dict[str, Counter[str]]:
    """How many entries have which value, by field."""
    rows = entries.order_by("-created_at", "-id").values_list("event_type", "status", SEVERITY, "rule", SUBJECT, TARGET)
    found: dict[str, Counter[str]] = {name: Counter() for name in FACET_NAMES}
    sql, params = sql_of(rows[:MAX_COUNTED])
    columns = "event, result, severity, rule, person, target"
    sets = ", ".join(f"({name})" for name in FACET_NAMES)
    counted = f"SELECT grouping({columns}), {columns}, count(*) FROM ({sql}) AS e ({columns})"
    with connection.cursor() as cursor:
        cursor.execute(f"{counted} GROUP BY GROUPING SETS ({sets})", params)
        for which, *values, count in cursor.fetchall():
            place = _place(which)
            if values[place] not in (None, ""):
                found[FACET_NAMES[place]][str(values[place])] = count
    return found


def _place(grouping: int) -> int:
    """The column that is grouped by: the one whose bit is not set, the last column being the lowest bit."""
    return next(place for place in range(len(FACET_NAMES)) if not grouping >> (len(FACET_NAMES) - 1 - place) & 1)


def _facet(field: str, counts: Counter[str], labels: dict[str, tuple[str, str]]) -> Facet:
    shown = [(value, count) for value, count in counts.most_common() if value in labels]
    values = [FacetValue(labels[value][0], count, Term(labels[value][1], field)) for value, count in shown[:MAX_VALUES]]
    return Facet(field, values, max(len(shown) - MAX_VALUES, 0))


def _labels(found: dict[str, Counter[str]], viewer: Any) -> dict[str, dict[str, tuple[str, str]]]:
    """Of each field the label of each value and what a term says for it; values that the viewer may not know are left
    out."""
    rules = AutomationRule.objects.visible_to(viewer).filter(pk__in=_common(found["rule"]))
    keys = [key for key in map(as_uuid, _common(found["person"])) if key]
    people = people_visible_to(viewer) if viewer else get_user_model().objects.all()
    return {
        "event": {event: (event_label(event), plain(event_label(event))) for event in found["event"]},
        "result": {status: (status, status) for status in found["result"]},
        "severity": {severity: (severity, severity) for severity in found["severity"] if severity in Severity.values},
        "rule": {str(rule.pk): (rule.rule_name, rule.rule_name) for rule in rules},
        "person": {str(one.pk): (str(one), one.full_name or one.email) for one in people.filter(pk__in=keys)},
        "target": {target: (target, target) for target in found["target"]},
    }


def _common(counts: Counter[str]) -> list[str]:
    return [value for value, _ in counts.most_common(MAX_VALUES * 4)]
