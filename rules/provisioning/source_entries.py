"""The sections `data_sources:` and `queries:` of a rules file, parsed with the line of every problem; no database.

Secrets never stand in a file. It names environment variables that hold them; without a name, the stored ones are kept.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from rest_framework import serializers
from rest_framework.serializers import ValidationError

from rules.ingest.samples import MAX_METRIC_NAME
from rules.models import DataSource
from rules.models.data_source import MAX_QUERY_SECONDS
from rules.provisioning.problems import Path, Problem
from rules.provisioning.rule_reading import NOT_TEXT, refused
from rules.provisioning.yaml_text import Lines, line_of
from smartagent.kernel.coerce import as_json_number
from smartagent.rest.certificate_field import CertificatesField
from smartagent.rest.fields import ChoiceField, FlagField, TextField

MAX_SECTION = 5000  # entries
# Only these variables can be named: a file must not be able to send others to a server of its choice.
SECRET_VARIABLE = re.compile(r"DATA_SOURCE_[A-Z0-9_]{1,100}")
VARIABLE_HINT = "Name an environment variable that begins with DATA_SOURCE_, for example DATA_SOURCE_PROMETHEUS_TOKEN."
SECRET_FIELDS = ("password_env", "token_env", "headers_env")


def _text(max_length: int, **kwargs: Any) -> TextField:
    return TextField(max_length=max_length, trim_whitespace=False, error_messages={"invalid": NOT_TEXT}, **kwargs)


class VariableField(TextField):
    """The name of an environment variable that holds a secret."""

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if not SECRET_VARIABLE.fullmatch(name):
            raise ValidationError(VARIABLE_HINT)
        return name


class FileSourceSerializer(serializers.Serializer[Any]):
    """A data source of a file."""

    name = _text(100)
    address = _text(500)
    verify_tls = FlagField(default=True)
    ca_certificate = CertificatesField(default="", allow_blank=True, error_messages={"invalid": NOT_TEXT})
    authentication = ChoiceField(DataSource.Authentication.choices, default=DataSource.Authentication.NONE)
    username = _text(200, default="", allow_blank=True)
    password_env = VariableField(required=False, max_length=120)
    token_env = VariableField(required=False, max_length=120)
    headers_env = serializers.DictField(child=VariableField(max_length=120), required=False)
    timeout = serializers.IntegerField(default=10, min_value=1, max_value=MAX_QUERY_SECONDS)
    person_label = _text(100, default="", allow_blank=True)
    enabled = FlagField(default=True)


class FileQuerySerializer(serializers.Serializer[Any]):
    """A metric query of a file."""

    name = _text(MAX_METRIC_NAME)
    data_source = _text(100)
    expression = _text(10_000)
    description = _text(500, default="", allow_blank=True)
    unit = _text(40, default="", allow_blank=True)


SOURCE_SECTIONS: dict[str, type[serializers.Serializer[Any]]] = {
    "data_sources": FileSourceSerializer, "queries": FileQuerySerializer,
}  # fmt: skip
NOUNS = {"data_sources": "data source", "queries": "query"}


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One data source or metric query of a file: its section, its name, and its values with defaults."""

    section: str
    index: int
    name: str
    values: dict[str, Any]
    lines: Lines = field(default_factory=dict)

    def problem(self, message: str, *path: str | int) -> Problem:
        """Return a problem of the entry, or of the field at `path`."""
        whole: Path = (self.section, self.index, *path)
        return Problem(message, whole, line_of(self.lines, whole))


def read_sections(value: Mapping[str, Any], lines: Lines) -> tuple[tuple[SourceEntry, ...], list[Problem]]:
    """Parse both sections of a file; return their entries and all problems."""
    entries: list[SourceEntry] = []
    problems: list[Problem] = []
    for section in SOURCE_SECTIONS:
        listed = value.get(section)
        if listed is None:
            continue
        if not isinstance(listed, list) or len(listed) > MAX_SECTION:
            message = f"“{section}:” must be a list of at most {MAX_SECTION:,} entries."
            problems.append(Problem(message, (section,), line_of(lines, (section,))))
            continue
        read = [_read(section, index, each, lines) for index, each in enumerate(listed)]
        entries += [entry for entry, _ in read]
        problems += [problem for _, wrong in read for problem in wrong]
        problems += _twice([entry for entry, _ in read])
    return tuple(entries), problems


def _read(section: str, index: int, value: Any, lines: Lines) -> tuple[SourceEntry, list[Problem]]:
    serializer = SOURCE_SECTIONS[section]()
    if not isinstance(value, Mapping):
        entry = SourceEntry(section, index, "", {}, lines)
        return entry, [entry.problem(f"A {NOUNS[section]} must be an object with {', '.join(serializer.fields)}.")]
    name = value.get("name")
    entry = SourceEntry(section, index, name if isinstance(name, str) else "", {}, lines)
    problems = [
        entry.problem(_unknown(section, each, list(serializer.fields)), each[:100])
        for each in value
        if each not in serializer.fields
    ]
    try:
        given = {each: _plain(found) for each, found in value.items() if found is not None}
        entry.values.update(
            serializer.run_validation({each: given[each] for each in given if each in serializer.fields})
        )
    except ValidationError as error:
        problems += [entry.problem(message, *place) for message, place in refused(error)]
    return entry, problems


def _plain(value: Any) -> Any:
    return as_json_number(value) if isinstance(value, Decimal) else value


def _unknown(section: str, name: str, known: list[str]) -> str:
    if section == "data_sources" and name in ("password", "token", "headers"):
        return f"Secrets do not belong in a file. Use {name}_env: {VARIABLE_HINT}"
    near = difflib.get_close_matches(name, known, 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"Unknown field of a {NOUNS[section]}.{meant} Known fields: {', '.join(known)}."


def _twice(entries: list[SourceEntry]) -> Iterator[Problem]:
    first: dict[str, SourceEntry] = {}
    for entry in entries:
        if entry.name and first.setdefault(entry.name, entry) is not entry:
            line = line_of(entry.lines, (entry.section, first[entry.name].index))
            where = f"in line {line}" if line else f"in {entry.section}[{first[entry.name].index}]"
            yield entry.problem(f"Duplicate name, already used {where}.", "name")
