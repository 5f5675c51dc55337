"""A file of rules as rules: every field read, every mistake told with its place; nothing is asked of a database."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rules.provisioning.file_fields import FILE_FIELD_OF_NAME, FILE_FIELDS, FILE_NAME_OF_ATTRIBUTE, REQUIRED, default_of
from rules.provisioning.problems import FileRefused, Path, Problem
from rules.provisioning.soundness import value_errors
from rules.provisioning.values import InvalidValue
from rules.provisioning.yaml_text import Lines, line_of, load

VERSION = 1
MAX_FILE_RULES = 5000
TOP = ("version", "source", "rules")
UID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@-]{0,199}")
SOURCE = re.compile(r"[^\W_][\w .:/@+-]{0,79}")
FIELD_NAMES = ("uid", *(each.name for each in FILE_FIELDS))


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule of a file: what it says by attribute (defaults where it says nothing), and which fields it gives."""

    index: int
    uid: str
    values: dict[str, Any]
    given: frozenset[str]
    lines: Lines = field(default_factory=dict)

    def problem(self, message: str, *path: str | int) -> Problem:
        """Something that is wrong with it, or with the field that `path` leads to."""
        name = path[0] if path else ""
        written = next(
            (alias for alias, own in FILE_NAME_OF_ATTRIBUTE.items() if own == name and alias in self.given), name
        )
        whole: Path = ("rules", self.index, *([written, *path[1:]] if path else []))
        return Problem(message, whole, line_of(self.lines, whole), self.uid)


@dataclass(frozen=True, slots=True)
class Document:
    """A file of rules: its name and its entries. `named` where the file or who sends it says the name: one taken from
    the address of a file may be that of another file too."""

    source: str
    entries: tuple[Entry, ...]
    named: bool = False


def read_text(text: str, source: str = "", *, named: bool = False) -> Document:
    """The rules of a YAML text; Refused with everything that is wrong with it. What the file calls itself counts."""
    value, lines = load(text)
    return read_document(value, source, lines, named=named)


def read_document(value: Any, source: str = "", lines: Lines | None = None, *, named: bool = False) -> Document:
    """The same of a value that is read already."""
    lines = lines or {}
    problems: list[Problem] = []
    if not isinstance(value, Mapping):
        raise FileRefused([Problem("A rules file begins with “version: 1” and lists rules under “rules:”.")])
    for message, *path in _about_the_file(value, source):
        problems.append(Problem(message, tuple(path), line_of(lines, tuple(path))))
    listed = value.get("rules")
    entries = []
    for index, each in enumerate(listed if isinstance(listed, list) and len(listed) <= MAX_FILE_RULES else []):
        entry, wrong = _read_entry(index, each, lines)
        entries.append(entry)
        problems += wrong
    problems += _twice(entries)
    if problems:
        raise FileRefused([*problems, *_unsound(entries, problems)])
    return Document(str(value.get("source") or source), tuple(entries), named or bool(value.get("source")))


def _unsound(entries: list[Entry], problems: list[Problem]) -> Iterator[Problem]:
    """What a plan would say of the rules that could be read, so that all of the file is told at once."""
    unread = {problem.path[1] for problem in problems if len(problem.path) > 1}
    for entry in entries:
        if entry.index not in unread:
            yield from (entry.problem(message, *place) for message, place in value_errors(entry.values))


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


def _read_entry(index: int, value: Any, lines: Lines) -> tuple[Entry, list[Problem]]:
    if not isinstance(value, Mapping):
        entry = Entry(index, "", {}, frozenset(), lines)
        return entry, [entry.problem("A rule must be an object with fields such as uid, name and metric.")]
    uid = value.get("uid")
    entry = Entry(index, uid if isinstance(uid, str) else "", {}, frozenset(map(str, value)), lines)
    problems = [] if isinstance(uid, str) and UID.fullmatch(uid) else [entry.problem(_uid_in_words(uid), "uid")]
    problems += [
        entry.problem(_unknown(name), name[:100])
        for name in value
        if name not in FIELD_NAMES and name not in FILE_NAME_OF_ATTRIBUTE
    ]
    named = _by_name(value, entry, problems)
    for each in FILE_FIELDS:
        given = named.get(each.name)
        if given is None or (given == "" and each.name in REQUIRED):
            if each.name in REQUIRED:
                problems.append(entry.problem(REQUIRED[each.name], each.name))
            elif each.name != "owner":
                entry.values[each.attribute] = default_of(each.attribute)
            continue
        try:
            entry.values[each.attribute] = each.read(given)
        except InvalidValue as error:
            problems += [entry.problem(message, each.name, *inner) for inner, message in error.errors.items()]
    return entry, problems


def _by_name(value: Mapping[str, Any], entry: Entry, problems: list[Problem]) -> dict[str, Any]:
    """What is given, by the names that files have for it."""
    named: dict[str, Any] = {}
    for name, each in value.items():
        own = FILE_NAME_OF_ATTRIBUTE.get(name, name)
        if own in named and own in FILE_FIELD_OF_NAME:
            problems.append(entry.problem(f"Duplicate of {own}. Give only one of them.", name))
        named[own] = each
    return named


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


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, FIELD_NAMES, 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"Unknown field of a rule.{meant} Known fields: {', '.join(FIELD_NAMES)}."
