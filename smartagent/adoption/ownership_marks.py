"""Marks of ownership: comments on the database objects that Smart Agent added or changed.

A comment survives `pg_dump`, follows its object through renames and is dropped with it; a table of marks could disagree
with the database after a partial restore. Without comments (`--no-comments`) no object counts as added, and none is
removed. An existing comment is kept, in front of the mark.
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
    """Return the temporary name of an index while it is built, of a length that PostgreSQL does not truncate."""
    return BUILDING + hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[:16]


def is_building(name: str) -> bool:
    """Whether the name is that of an index whose build was not completed."""
    return name.startswith(BUILDING)


def marked(theirs: str | None, done: str) -> str:
    """Return the comment with the mark `done` after the existing one."""
    return f"{theirs}\n{OWNERSHIP_MARK}{done}" if theirs else f"{OWNERSHIP_MARK}{done}"


def entry(comment: str | None) -> str:
    """Return the mark in a comment, empty if there is none."""
    return _split(comment)[1]


def is_added(comment: str | None) -> bool:
    """Whether Smart Agent added the object to an existing table."""
    return entry(comment) == ADDED


def widened_from(comment: str | None) -> str | None:
    """Return the original definition of a widened CHECK; None if it was not widened."""
    found = entry(comment)
    return found.removeprefix(WIDENED) if found.startswith(WIDENED) else None


def theirs(comment: str | None) -> str | None:
    """Return the comment without the mark; None if nothing is left."""
    return _split(comment)[0]


def _split(comment: str | None) -> tuple[str | None, str]:
    before, mark, after = (f"\n{comment}" if comment else "").partition(f"\n{OWNERSHIP_MARK}")
    return before[1:] or None, after if mark else ""
