"""The stored data sources and metric queries that a file refers to, by name, in a statement for each kind."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rules.data_sources.watched import watching
from rules.models import DataSource, MetricQuery, MetricSeries
from rules.provisioning.problems import Problem
from rules.provisioning.source_entries import SourceEntry
from rules.provisioning.source_writing import Provisioned

MAX_SOURCES_NAMED = 5


@dataclass(frozen=True, slots=True)
class KnownSources:
    """Stored sources and queries by section and name; `left`: those of this file that are no longer in it; `pushed`:
    names of queries under which samples are pushed."""

    stored: Mapping[str, Mapping[str, Provisioned]]
    left: tuple[tuple[str, Provisioned], ...]
    pushed: frozenset[str]


def find_sources(entries: Collection[SourceEntry], source: str, *, lock: bool = False) -> KnownSources:
    """Return the stored counterparts of the entries of the file `source`."""
    names = {section: {e.name for e in entries if e.section == section} for section in ("data_sources", "queries")}
    wanted = names["data_sources"] | {str(e.values.get("data_source")) for e in entries if e.section == "queries"}
    sources, queries = (
        DataSource.objects.order_by("name"),
        MetricQuery.objects.select_related("source").order_by("name"),
    )
    if lock:
        sources, queries = sources.select_for_update(), queries.select_for_update(of=("self",))
    stored: dict[str, dict[str, Provisioned]] = {
        "data_sources": {each.name: each for each in sources.filter(name__in=wanted)},
        "queries": {each.name: each for each in queries.filter(name__in=names["queries"])},
    }
    left: list[tuple[str, Provisioned]] = [
        ("queries", each) for each in queries.filter(provisioned_by=source).exclude(name__in=names["queries"])
    ]
    left += [
        ("data_sources", each) for each in sources.filter(provisioned_by=source).exclude(name__in=names["data_sources"])
    ]
    new = names["queries"] - stored["queries"].keys()
    pushed = MetricSeries.objects.filter(metric__in=new).values_list("metric", flat=True).distinct() if new else ()
    return KnownSources(stored, tuple(left), frozenset(pushed))


def pruning_problems(left: Collection[tuple[str, Provisioned]], pruned_rules: Collection[UUID]) -> list[Problem]:
    """Why what is left cannot be deleted: rules watch it, or queries of others are in it."""
    sources = [each.pk for section, each in left if section == "data_sources"]
    names = {each.name for section, each in left if section == "queries"}
    found = []
    inside = MetricQuery.objects.filter(source__in=sources).exclude(name__in=names).order_by("name")
    if others := list(inside.values_list("name", flat=True)[:MAX_SOURCES_NAMED]):
        found.append(Problem(f"Pruning would delete a data source that still has queries: {', '.join(others)}."))
    watchers = watching(sorted(names)).exclude(pk__in=pruned_rules).order_by("rule_name") if names else None
    if watchers is not None and (rules := list(watchers.values_list("rule_name", flat=True)[:MAX_SOURCES_NAMED])):
        shown = ", ".join(f"“{name}”" for name in rules)
        found.append(Problem(f"Pruning would delete queries that rules still watch: {shown}."))
    return found


def permission_problems(items: Collection[Any], user: Any) -> list[Problem]:
    """What `user` may not do with data sources and queries; None is the installation itself."""
    if user is None:
        return []
    verbs = {"create": "add", "adopt": "change", "change": "change", "delete": "delete"}
    needed = {(verbs[item.kind], item.record._meta.model_name, item.noun) for item in items if item.kind in verbs}
    return [
        Problem(f"Your roles do not allow this: {verb} a {noun}. Ask an administrator.")
        for verb, model, noun in sorted(needed)
        if not user.has_perm(f"rules.{verb}_{model}")
    ]
