"""Parsing of a rules file: all fields, with the line of every problem; uses no database."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rest_framework.serializers import ValidationError

from rules.authoring.fields import RULE_FIELD_OF_NAME, WRITTEN
from rules.authoring.validation import LET_BE, validate
from rules.provisioning.problems import FileRefused, Path, Problem
from rules.provisioning.rule_reading import FileRuleSerializer, refused
from rules.provisioning.source_entries import SourceEntry, read_sections
from rules.provisioning.yaml_text import Lines, line_of, load

VERSION = 1
MAX_FILE_RULES = 5000
TOP = ("version", "source", "data_sources", "queries", "rules")
UID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@-]{0,199}")
SOURCE = re.compile(r"[^\W_][\w .:/@+-]{0,79}")
FIELD_NAMES = ("uid", *(field.file_name for field in WRITTEN))
# What files may call a field, and the field.
FIELD_OF_FILE_NAME = {name: field.name for field in WRITTEN for name in (field.file_name, *field.aliases)}


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule of a file. `values`: by field, with defaults; `given`: the name that the file uses, by field."""

    index: int
    uid: str
    values: dict[str, Any]
    given: Mapping[str, str]
    lines: Lines = field(default_factory=dict)

    def problem(self, message: str, *path: str | int) -> Problem:
        """Return a problem of the rule, or of the field or part of a field at `path`."""
        whole: Path = ("rules", self.index, *([self._written(path[0]), *path[1:]] if path else []))
        return Problem(message, whole, line_of(self.lines, whole), self.uid)

    def _written(self, name: str | int) -> str | int:
        """Return the name of a field as the file writes it."""
        own = str(name)
        return self.given.get(own) or (RULE_FIELD_OF_NAME[own].file_name if own in RULE_FIELD_OF_NAME else name)


@dataclass(frozen=True, slots=True)
class Document:
    """A rules file: its name and its entries.

    `named`: the name was given by the file or the sender; one derived from a path need not be unique.
    """

    source: str
    entries: tuple[Entry, ...]
    named: bool = False
    sources: tuple[SourceEntry, ...] = ()  # data sources and metric queries


def read_text(text: str, source: str = "", *, named: bool = False) -> Document:
    """Parse a YAML text; FileRefused with all its problems. `source:` in the file overrides the argument."""
    value, lines = load(text)
    return read_document(value, source, lines, named=named)


def read_document(value: Any, source: str = "", lines: Lines | None = None, *, named: bool = False) -> Document:
    """Parse a document from plain values; FileRefused with all its problems."""
    lines = lines or {}
    problems: list[Problem] = []
    if not isinstance(value, Mapping):
        raise FileRefused([Problem("A rules file begins with “version: 1” and lists rules under “rules:”.")])
    for message, *path in _about_the_file(value, source):
        problems.append(Problem(message, tuple(path), line_of(lines, tuple(path))))
    sources, wrong = read_sections(value, lines)
    problems += wrong
    listed = value.get("rules")
    entries, serializer = [], FileRuleSerializer()
    for index, each in enumerate(listed if isinstance(listed, list) and len(listed) <= MAX_FILE_RULES else []):
        entry, wrong = _read_entry(index, each, lines, serializer)
        entries.append(entry)
        problems += wrong
    problems += _twice(entries)
    if problems:
        raise FileRefused([*problems, *_unsound(entries, problems)])
    return Document(str(value.get("source") or source), tuple(entries), named or bool(value.get("source")), sources)


def _unsound(entries: list[Entry], problems: list[Problem]) -> Iterator[Problem]:
    """Yield the validation errors of the rules that could be read, so that all problems are reported together.

    Fields of LET_BE, which may be invalid if they are unchanged, are left to the plan.
    """
    unread = {problem.path[1] for problem in problems if problem.path[:1] == ("rules",) and len(problem.path) > 1}
    for entry in entries:
        if entry.index in unread:
            continue
        for name, messages in validate(entry.values).items():
            if name.split(".")[0] not in LET_BE:
                yield from entry_problems(entry, name, messages)


def entry_problems(entry: Entry, name: str, messages: list[str]) -> Iterator[Problem]:
    """Yield the problems of REST's field `name`, such as `more_conditions.0.window`; other names are action options."""
    first, *rest = name.split(".")
    place = [first, *(int(part) if part.isdecimal() else part for part in rest)]
    for message in messages:
        yield entry.problem(message, *(place if first in RULE_FIELD_OF_NAME else ["action_config", name]))


def _about_the_file(value: Mapping[str, Any], source: str) -> list[tuple[str, ...]]:
    unknown = f"Unknown field of a rules file. Known fields: {', '.join(TOP)}."
    found: list[tuple[str, ...]] = [(unknown, str(name)[:100]) for name in value if name not in TOP]
    version, named, rules = value.get("version"), value.get("source", source), value.get("rules")
    if version != VERSION or isinstance(version, bool):
        found.append((f"The file must begin with “version: {VERSION}”. Other versions are not supported.", "version"))
    if not isinstance(named, str) or not SOURCE.fullmatch(named):
        found.append(("The name of a file: letters, digits and . _ - / : @ +, for example payments.yaml.", "source"))
    if not isinstance(rules, list):
        found.append(("“rules:” must be a list. For no rules, enter “rules: []”.", "rules"))
    elif len(rules) > MAX_FILE_RULES:
        found.append((f"A file has at most {MAX_FILE_RULES:,} rules; this file has {len(rules):,}.", "rules"))
    return found


def _read_entry(index: int, value: Any, lines: Lines, serializer: FileRuleSerializer) -> tuple[Entry, list[Problem]]:
    if not isinstance(value, Mapping):
        entry = Entry(index, "", {}, {}, lines)
        return entry, [entry.problem("A rule must be an object with fields such as uid, name and metric.")]
    uid = value.get("uid")
    written = {FIELD_OF_FILE_NAME[name]: name for name in reversed(list(value)) if name in FIELD_OF_FILE_NAME}
    entry = Entry(index, uid if isinstance(uid, str) else "", {}, written, lines)
    problems = [] if isinstance(uid, str) and UID.fullmatch(uid) else [entry.problem(_uid_in_words(uid), "uid")]
    problems += [entry.problem(message, name[:100]) for name in value if (message := _name_problem(name, written))]
    try:
        entry.values.update(serializer.read({own: value[name] for own, name in written.items()}))
    except ValidationError as error:
        problems += [entry.problem(message, *place) for message, place in refused(error)]
    return entry, problems


def _name_problem(name: str, written: Mapping[str, str]) -> str:
    """Return the problem of a field's name: unknown, or an alias of a field that is given already; else empty."""
    if name == "uid" or written.get(FIELD_OF_FILE_NAME.get(name, "")) == name:
        return ""
    if name in FIELD_OF_FILE_NAME:
        return f"Duplicate of {written[FIELD_OF_FILE_NAME[name]]}. Give only one of them."
    near = difflib.get_close_matches(name, FIELD_NAMES, 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"Unknown field of a rule.{meant} Known fields: {', '.join(FIELD_NAMES)}."


def _twice(entries: list[Entry]) -> list[Problem]:
    first: dict[str, Entry] = {}
    found = []
    for entry in entries:
        if entry.uid and first.setdefault(entry.uid, entry) is not entry:
            other = first[entry.uid]
            line = line_of(entry.lines, ("rules", other.index))
            where = f"in line {line}" if line else f"in rules[{other.index}]"
            found.append(entry.problem(f"Duplicate uid, already used {where}.", "uid"))
    return found


def _uid_in_words(uid: Any) -> str:
    if uid in (None, ""):
        return "Enter a permanent uid, for example payments-cpu."
    if not isinstance(uid, str):
        return f'Must be text in quotes: "{str(uid)[:40]}".'
    return "A uid has at most 200 letters, digits and _ . : / @ -, and begins with a letter or a digit."
