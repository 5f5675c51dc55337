"""Two edits of the same thing, compared with what both began from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ThreeWay:
    """The fields that both have changed, to different values, and those that only the others have changed."""

    conflicts: tuple[str, ...]
    only_theirs: tuple[str, ...]


def three_way(base: Mapping[str, Any] | None, theirs: Mapping[str, Any], mine: Mapping[str, Any]) -> ThreeWay:
    """Compare by field; without a `base` every difference is a conflict."""
    differing = [name for name in theirs if theirs[name] != mine[name]]
    if base is None:
        return ThreeWay(tuple(differing), ())
    only_theirs = tuple(name for name in differing if mine[name] == base[name])
    conflicts = tuple(name for name in differing if base[name] not in (mine[name], theirs[name]))
    return ThreeWay(conflicts, only_theirs)
