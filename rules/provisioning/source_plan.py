"""The plan for the data sources and metric queries of a file, found by name."""

import os
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from rules.data_sources.connections import SourceSecrets, keep_secrets, known_secrets_of
from rules.data_sources.validation import ENTER_AGAIN_ELSEWHERE, expression_problem, source_errors
from rules.ingest.samples import METRIC_NAME
from rules.models import DataSource, MetricQuery
from rules.provisioning.problems import Problem
from rules.provisioning.source_entries import NOUNS, SourceEntry
from rules.provisioning.source_matches import KnownSources
from rules.provisioning.source_writing import QUERY_FILE_FIELDS, SOURCE_FILE_FIELDS, Provisioned, written_source
from rules.registries import metrics
from smartagent.kernel.certificates import authorities_in_words

SECRET_OF_FIELD = {"password": "password_env", "token": "token_env", "headers": "headers_env"}
NOT_A_METRIC = "A metric name starts with a letter or _ and contains only letters, digits and _ . : - after it."
NO_SOURCE = "There is no data source of this name. Add it under “data_sources:”, or create it first."


@dataclass(frozen=True, slots=True)
class SourceItem:
    """The planned change of one data source or query. `record` is the result, unsaved; secrets are only named."""

    kind: str
    section: str
    name: str
    record: Provisioned
    changes: tuple[tuple[str, Any, Any], ...] = ()  # field, before, after
    notes: tuple[str, ...] = ()
    was: Provisioned | None = None

    @property
    def noun(self) -> str:
        """data source, or query."""
        return NOUNS[self.section]


@dataclass(slots=True)
class SourcePlanner:
    """Plans the entries of one file; `problems` grow with them."""

    source: str
    known: KnownSources
    problems: list[Problem] = field(default_factory=list)
    planned: dict[str, DataSource] = field(default_factory=dict)

    def items(self, entries: tuple[SourceEntry, ...]) -> Iterator[SourceItem]:
        """The items of all entries, sources first."""
        for entry in entries:
            if entry.values:
                yield self._source(entry) if entry.section == "data_sources" else self._query(entry)

    def _source(self, entry: SourceEntry) -> SourceItem:
        was = self.known.stored["data_sources"].get(entry.name)
        record = copy(was) if isinstance(was, DataSource) else DataSource(name=entry.name)
        before = written_source(record) if was else {}
        for name in SOURCE_FILE_FIELDS:
            setattr(record, name, entry.values[name])
        known = known_secrets_of(was) if isinstance(was, DataSource) else SourceSecrets()
        secrets = self._secrets(entry, known)
        if isinstance(was, DataSource) and was.address != record.address and secrets == known != SourceSecrets():
            self.problems.append(entry.problem(f"{ENTER_AGAIN_ELSEWHERE} Name it by token_env, password_env or "
                                               "headers_env.", "address"))  # fmt: skip
        for name, messages in source_errors(record, secrets).items():
            place = SECRET_OF_FIELD.get(name, name)
            self.problems += [entry.problem(message, place) for message in messages]
        if secrets != known or not was:
            keep_secrets(record, secrets)
        self.planned[entry.name] = record
        changes = (*_differences(before, written_source(record)), *_secret_changes(known, known_secrets_of(record)))
        return self._item(entry, record, was, changes)

    def _secrets(self, entry: SourceEntry, known: SourceSecrets) -> SourceSecrets:
        """The secrets of the variables that the entry names; the stored ones for the rest."""
        headers = entry.values.get("headers_env")
        return SourceSecrets(
            password=self._variable(entry, "password_env") or known.password,
            token=self._variable(entry, "token_env") or known.token,
            headers=known.headers if headers is None else {
                name: self._value(entry, variable, "headers_env", name) for name, variable in headers.items()
            },
        )  # fmt: skip

    def _variable(self, entry: SourceEntry, name: str) -> str:
        return self._value(entry, entry.values[name], name) if name in entry.values else ""

    def _value(self, entry: SourceEntry, variable: str, *place: str) -> str:
        value = os.environ.get(variable, "")
        if not value:
            self.problems.append(entry.problem(f"The environment variable {variable} is not set.", *place))
        return value

    def _query(self, entry: SourceEntry) -> SourceItem:
        was = self.known.stored["queries"].get(entry.name)
        record = copy(was) if isinstance(was, MetricQuery) else MetricQuery(name=entry.name)
        before = written_source(record) if was else {}
        wanted = entry.values["data_source"]
        source = self.planned.get(wanted) or self.known.stored["data_sources"].get(wanted)
        if not isinstance(source, DataSource):
            self.problems.append(entry.problem(NO_SOURCE, "data_source"))
            source = DataSource(name=wanted)
        record.source = source
        for name in QUERY_FILE_FIELDS[1:]:
            setattr(record, name, entry.values[name])
        if problem := expression_problem(record.expression):
            self.problems.append(entry.problem(problem, "expression"))
        if was is None and (problem := self._name_problem(entry.name)):
            self.problems.append(entry.problem(problem, "name"))
        return self._item(entry, record, was, tuple(_differences(before, written_source(record))))

    def _name_problem(self, name: str) -> str:
        if name in metrics:
            return f"{name} is a built-in metric. Choose another name."
        if name in self.known.pushed:
            return f"Samples of {name} are pushed, so rules could not tell it from the query. Choose another name."
        return "" if METRIC_NAME.fullmatch(name) else NOT_A_METRIC

    def _item(self, entry: SourceEntry, record: Provisioned, was: Any, changes: tuple[Any, ...]) -> SourceItem:
        record.provisioned_by = self.source
        if was is None:
            return SourceItem("create", entry.section, entry.name, record, changes)
        if was.provisioned_by != self.source:
            by = f"Currently managed by the file {was.provisioned_by}." if was.provisioned_by else "Created by hand."
            return SourceItem("adopt", entry.section, entry.name, record, changes, (by,), was)
        return SourceItem("change" if changes else "unchanged", entry.section, entry.name, record, changes, (), was)


def _differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in (*SOURCE_FILE_FIELDS, *QUERY_FILE_FIELDS):
        if before.get(name) != after.get(name):
            old, new = before.get(name), after.get(name)
            yield name, *((_authorities(old), _authorities(new)) if name == "ca_certificate" else (old, new))


def _authorities(pem: str | None) -> str | None:
    return None if pem is None else authorities_in_words(pem)


def _secret_changes(before: SourceSecrets, after: SourceSecrets) -> Iterator[tuple[str, Any, Any]]:
    for name in SECRET_OF_FIELD:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield name, "set" if old else None, ("changed" if old else "set") if new else None
