"""Findings of the checks, as values."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from smartagent.kernel.formats import plural

FIX = "Run `manage.py doctor --fix`, or use Repair under System health."


class FindingSeverity(StrEnum):
    """error: something is wrong; warning: it may become so; info: good to know."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class FindingState(StrEnum):
    """Of a table: created by Smart Agent, existing before it, missing, or lacking something."""

    OURS = "ours"
    ADOPTED = "adopted"
    MISSING = "missing"
    DRIFTED = "drifted"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A finding, with its fix."""

    severity: FindingSeverity
    subject: str
    problem: str
    fix: str
    repairable: bool = False

    @property
    def note(self) -> str:
        """The fix without “Run doctor --fix”, which is a button on the page itself."""
        return self.fix.removeprefix(FIX).strip()

    def as_dict(self) -> dict[str, str]:
        return {
            "severity": self.severity.value,
            "subject": self.subject,
            "problem": self.problem,
            "fix": self.fix,
        }


@dataclass(frozen=True, kw_only=True)
class TableReport:
    """A table; `unrepresentable` rows cannot be shown here. A number is None where it is unknown."""

    table: str
    state: FindingState
    rows: int | None
    unrepresentable: int | None
    exact: bool = True

    def as_dict(self) -> dict[str, Any]:
        return {
            "table": self.table,
            "state": self.state.value,
            "rows": self.rows,
            "unrepresentable": self.unrepresentable,
        }


@dataclass(frozen=True, kw_only=True)
class DoctorReport:
    """All findings, the worst first."""

    findings: tuple[Finding, ...]
    tables: tuple[TableReport, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.of(FindingSeverity.ERROR)

    @property
    def repairable(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.findings if each.repairable)

    @property
    def verdict(self) -> str:
        """`All checks passed.`, or how many errors and warnings there are."""
        counts = [
            (len(self.of(severity)), severity.value) for severity in (FindingSeverity.ERROR, FindingSeverity.WARNING)
        ]
        parts = [f"{count} {plural(count, word)}" for count, word in counts if count]
        return f"{' and '.join(parts)}." if parts else "All checks passed."

    def of(self, severity: FindingSeverity) -> list[Finding]:
        return [each for each in self.findings if each.severity == severity]

    def as_dict(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return {
            "ok": self.ok,
            "findings": [each.as_dict() for each in self.findings],
            "tables": [each.as_dict() for each in self.tables],
        }


def report(findings: Iterable[Finding], tables: Iterable[TableReport] = ()) -> DoctorReport:
    """Sort the findings: the worst first, those on one subject together."""
    order = list(FindingSeverity)
    ordered = sorted(findings, key=lambda each: (order.index(each.severity), each.subject))
    return DoctorReport(findings=tuple(ordered), tables=tuple(tables))


def error(subject: str, problem: str, fix: str, *, repairable: bool = False) -> Finding:
    return Finding(severity=FindingSeverity.ERROR, subject=subject, problem=problem, fix=fix, repairable=repairable)


def warning(subject: str, problem: str, fix: str, *, repairable: bool = False) -> Finding:
    return Finding(severity=FindingSeverity.WARNING, subject=subject, problem=problem, fix=fix, repairable=repairable)


def info(subject: str, problem: str, fix: str) -> Finding:
    return Finding(severity=FindingSeverity.INFO, subject=subject, problem=problem, fix=fix)
