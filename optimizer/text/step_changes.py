"""Changes and findings of a step as rows of tables: pure. Secrets are not shown."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.operations import PreviewedChange
from rules.text.entry import number

SECRET = re.compile(r"token|secret|password|credential|sealed|encrypted|_key$", re.IGNORECASE)
NOT_SECRET = re.compile(r"_at$|^(has|is)_", re.IGNORECASE)  # when a token runs out is no secret
INTERNAL_FIELDS = {"score_row"}  # what only we need, to take it back
NOTHING, HIDDEN = "–", "kept secret"


@dataclass(frozen=True, slots=True)
class Table:
    """The findings of an operation, as a table."""

    title: str
    columns: list[str]
    rows: list[list[str]]


def recorded_changes(before: Any, after: Any, names: Mapping[str, str]) -> list[PreviewedChange]:
    """The changes, old value to new value; `names` maps ids to names."""
    old, new = dict(_flat(before, names)), dict(_flat(after, names))
    return [
        PreviewedChange(name, old.get(name, NOTHING), new.get(name, NOTHING))
        for name in [*old, *(name for name in new if name not in old)]
        if HIDDEN in (old.get(name), new.get(name)) or old.get(name, NOTHING) != new.get(name, NOTHING)
    ]


def evidence(after: Any) -> list[Table]:
    """The lists among what was found, each as a table."""
    facts = after if isinstance(after, Mapping) else {}
    return [_table(str(name), rows) for name, rows in facts.items() if _is_table(rows)]


def _table(name: str, rows: list[Mapping[str, Any]]) -> Table:
    columns = [str(column) for column in rows[0]]
    shown = [[_shown(column, row.get(column)) for column in columns] for row in rows]
    return Table(_words(name).capitalize(), [_words(column) for column in columns], shown)


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _flat(value: Any, names: Mapping[str, str], path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            if str(name) not in INTERNAL_FIELDS:
                yield from _flat(part, names, (*path, names.get(str(name), _words(str(name)))))
    elif path and not _is_table(value):
        yield ": ".join(path), _shown(path[-1].replace(" ", "_"), value)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _shown(name: str, value: Any) -> str:
    if SECRET.search(name) and not NOT_SECRET.search(name) and value not in (None, "", True, False):
        return HIDDEN
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(part) for part in value) or NOTHING
    return number(value)


def parameters(given: Any) -> list[tuple[str, str]]:
    """The parameters of an operation, by label."""
    return list(_flat(given, {}))
