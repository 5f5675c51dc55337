"""Rules as a file, in a fixed order and without defaults, so that files differ only where rules do."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from rules.models import AutomationRule, DataSource, MetricQuery
from rules.provisioning.document import VERSION
from rules.provisioning.matches import id_of
from rules.provisioning.rule_writing import written
from rules.provisioning.source_entries import SOURCE_SECTIONS
from rules.provisioning.source_writing import sections_of
from rules.provisioning.yaml_text import dump

FILE_HEADER = "# Smart Agent rules. Preview changes: manage.py rules plan FILE. Apply: manage.py rules apply FILE.\n"


def chosen(rules: Any, *, owner: Any = None, labels: dict[str, str] | None = None, ids: Iterable[str] = ()) -> Any:
    """Filter `rules` by `owner`, by all `labels`, and by `ids` (uid or id), each if given."""
    if owner:
        rules = rules.filter(user=owner)
    for name, value in (labels or {}).items():
        rules = rules.filter(labels__contains={name: value})
    if ids := list(ids):
        rules = rules.filter(Q(uid__in=ids) | Q(pk__in=[found for each in ids if (found := id_of(each))]))
    return rules


def as_document(rules: Any, source: str = "") -> dict[str, Any]:
    """Return the file of `rules` as plain values."""
    entries = [entry_of(rule) for rule in rules.select_related("user")]
    entries.sort(key=lambda entry: (entry["owner"], entry["name"], entry["uid"]))
    return {"version": VERSION} | ({"source": source} if source else {}) | {"rules": entries}


def with_sources(document: dict[str, Any], user: Any = None, managed_by: str = "") -> dict[str, Any]:
    """Return the file with all data sources and queries, or those of one file, if `user` may see them (None: all).
    Secrets are left out."""
    sources, queries = DataSource.objects.all(), MetricQuery.objects.select_related("source")
    if user is not None and not user.has_perm("rules.view_datasource"):
        return document
    if managed_by:
        sources, queries = sources.filter(provisioned_by=managed_by), queries.filter(provisioned_by=managed_by)
    head = {name: value for name, value in document.items() if name != "rules"}
    return {**head, **sections_of(sources, queries), "rules": document["rules"]}


def entry_of(rule: AutomationRule) -> dict[str, Any]:
    """Return one rule as an entry of a file."""
    return {"uid": rule.uid or str(rule.pk)} | written(rule)


def as_yaml(document: dict[str, Any]) -> str:
    """Return the file as YAML, with a blank line between rules."""
    head = dump({name: value for name, value in document.items() if name not in SOURCE_SECTIONS and name != "rules"})
    for section in SOURCE_SECTIONS:
        if entries := document.get(section):
            head += f"{section}:\n" + "\n".join(dump([entry]) for entry in entries)
    if not document["rules"]:
        return f"{FILE_HEADER}{head}rules: []\n"
    return f"{FILE_HEADER}{head}rules:\n" + "\n".join(dump([entry]) for entry in document["rules"])
