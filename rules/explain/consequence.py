"""The port of consequences: what followed from an entry of the activity log. One file per source, one line in
RULES_CONSEQUENCES.

A source answers for many entries at once, with a number of queries that does not grow with them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from rules.models import ActivityEntry
from rules.registries import consequences

__all__ = ["Consequence", "ConsequenceSource", "consequences", "consequences_of"]


@dataclass(frozen=True, slots=True)
class Consequence:
    """One line: what happened, to whom, when; `url` is where more is said, empty where the viewer may not go there."""

    text: str
    url: str = ""
    tone: str = ""
    at: datetime | None = None


class ConsequenceSource:
    """`label` says what its lines are about: `Notified`, `Optimizations`."""

    kind: ClassVar[str]
    label: ClassVar[str]

    def of_entries(self, entries: Sequence[ActivityEntry], viewer: Any) -> Mapping[UUID, list[Consequence]]:
        """The lines of each of `entries` that has some, as far as `viewer` may see them, the oldest first."""
        raise NotImplementedError(f"{type(self).__name__} must give of_entries().")


def consequences_of(
    entries: Sequence[ActivityEntry], viewer: Any
) -> dict[UUID, list[tuple[ConsequenceSource, list[Consequence]]]]:
    """Of each entry the sources that have something to say of it, in the order of the setting."""
    found: dict[UUID, list[tuple[ConsequenceSource, list[Consequence]]]] = {}
    for source in consequences:
        for key, lines in source.of_entries(entries, viewer).items():
            found.setdefault(key, []).append((source, lines))
    return found
