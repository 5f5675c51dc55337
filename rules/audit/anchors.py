"""Anchors: the newest link, written down outside of the database, where who can rewrite the chain cannot reach it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rules.audit.links import newest_link


class BadAnchors(Exception):
    """The file cannot be read as anchors; its message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A link: its number, signature and time by ISO 8601."""

    number: int
    signature: str
    sealed_at: str

    def as_line(self) -> str:
        return json.dumps(asdict(self))


def newest_anchor() -> Anchor | None:
    """The anchor of the newest link; None where there is none."""
    link = newest_link()
    if link is None:
        return None
    sealed_at = link.sealed_at.isoformat(timespec="seconds")
    return Anchor(number=link.number, signature=link.signature, sealed_at=sealed_at)


def read_anchors(file: Path) -> list[Anchor]:
    """The anchors of `file`, one JSON object a line; BadAnchors where it has none or others."""
    try:
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise BadAnchors(f"{file} cannot be read: {error}") from None
    if not lines:
        raise BadAnchors(f"{file} has no anchors.")
    return [_anchor(file, number, line) for number, line in enumerate(lines, 1)]


def _anchor(file: Path, number: int, line: str) -> Anchor:
    try:
        found = json.loads(line)
        return Anchor(number=int(found["number"]), signature=str(found["signature"]), sealed_at=str(found["sealed_at"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        raise BadAnchors(f"Line {number} of {file} is no anchor: number, signature and sealed_at as JSON.") from None
