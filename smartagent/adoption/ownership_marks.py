"""Marks of ownership: what this application changed, as comments on the changed objects.

A comment survives `pg_dump`, follows its object through renames and dies with it, so it cannot disagree with
the database as a table of our own could after a partial restore. Where it is lost (`--no-comments`) nothing
is ours, and nothing is taken away. A comment of theirs is kept in front of ours.
"""

import hashlib

OWNERSHIP_MARK = "smart-agent: "

CREATED = "created"
ADDED = "added"
RELAXED = "relaxed NOT NULL"
DEFAULTED = "set a default"
WIDENED = "widened "  # the definition as it was follows

# An index has such a name until it is finished and marked, which identifies what an interrupted run left behind.
BUILDING = "smartagent_building_"


def building(name: str) -> str:
    """Return the name of an index while it is built; as short as any, since PostgreSQL cuts long ones."""
    return BUILDING + hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[:16]


def is_building(name: str) -> bool:
    """Whether this index was never finished."""
    return name.startswith(BUILDING)


def marked(theirs: str | None, done: str) -> str:
    """Return the comment: the existing one, and our mark."""
    return f"{theirs}\n{OWNERSHIP_MARK}{done}" if theirs else f"{OWNERSHIP_MARK}{done}"


def entry(comment: str | None) -> str:
    """Return what we did, empty where we did nothing."""
    return _split(comment)[1]


def is_added(comment: str | None) -> bool:
    """Whether the object is ours, on a table of theirs."""
    return entry(comment) == ADDED


def widened_from(comment: str | None) -> str | None:
    """Return the CHECK as it was before we widened it; None where we did not."""
    found = entry(comment)
    return found.removeprefix(WIDENED) if found.startswith(WIDENED) else None


def theirs(comment: str | None) -> str | None:
    """Return the comment as it was before us."""
    return _split(comment)[0]


def _split(comment: str | None) -> tuple[str | None, str]:
    before, mark, after = (f"\n{comment}" if comment else "").partition(f"\n{OWNERSHIP_MARK}")
    return before[1:] or None, after if mark else ""
