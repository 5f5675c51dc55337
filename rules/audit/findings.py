"""What a verification found, as values."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

MAX_FINDINGS = 100  # listed; all are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFinding:
    """`kind`: changed, missing, inserted, link, anchor; the first entry that it is about, where it is about one."""

    kind: str
    problem: str
    entry: str = ""
    link: int | None = None
    at: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "problem": self.problem, "entry": self.entry or None, "link": self.link,
            "at": self.at or None,
        }  # fmt: skip


@dataclass(kw_only=True)
class Verification:
    """The result of a verification."""

    entries: int = 0
    links: int = 0
    waiting: int = 0
    erased: int = 0
    forgotten: int = 0
    accepted: int = 0
    count: int = 0
    findings: list[AuditFinding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.count

    def add(self, finding: AuditFinding) -> None:
        self.count += 1
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(finding)

    def add_first(self, finding: AuditFinding) -> None:
        """Add what sums up others, before them."""
        self.count += 1
        self.findings.insert(0, finding)

    def as_dict(self) -> dict[str, Any]:
        return {
            "ok": self.ok, "entries": self.entries, "links": self.links, "waiting": self.waiting,
            "erased": self.erased, "deleted_by_retention": self.forgotten, "accepted": self.accepted,
            "finding_count": self.count,
            "findings": [each.as_dict() for each in self.findings],
        }  # fmt: skip


def time_of(microseconds: int | str | None) -> str:
    """A time of a batch, by ISO 8601; "" where it has none that can be written."""
    if microseconds in (None, ""):
        return ""
    try:
        return datetime.fromtimestamp(int(microseconds or 0) / 1_000_000, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return ""
