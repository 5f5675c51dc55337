"""What is wrong with the values of a rule in a file, before any database is asked."""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.authoring.validation import LET_BE, validate
from rules.provisioning.file_fields import BY_ATTRIBUTE


def value_errors(values: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """The (message, place) of each unsound value. What may stand where it is unchanged is left to the plan."""
    for name, messages in validate(values).items():
        if name.split(".")[0] not in LET_BE:
            yield from ((message, place_of(name)) for message in messages)


def place_of(name: str) -> tuple[str | int, ...]:
    """Where a file has what `validate` calls `name`."""
    first, *rest = name.split(".")
    if first in BY_ATTRIBUTE:
        parts = [int(part) if part.isdigit() else part for part in rest]
        return BY_ATTRIBUTE[first].name, *parts
    return "options", name
