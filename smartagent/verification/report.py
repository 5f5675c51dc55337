"""The report of a verification: as Markdown for people, as a dict for programs."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import Error

from rules.evaluation.readings import cause_of
from rules.models import ActivityEntry
from rules.text.entry import entry_in_words
from smartagent.outbound.errors import NotSent
from smartagent.verification.check import Check
from smartagent.verification.checks import check
from smartagent.verification.evaluations import DispatcherBusy
from smartagent.verification.optimization import VerifiedOptimization
from smartagent.verification.scenario import ScenarioResult, played


@dataclass(slots=True)
class VerificationReport:
    """The checks, and how their evidence came about."""

    checks: list[Check] = field(default_factory=list)
    timeline: list[str] = field(default_factory=list)
    rules_evaluated: int = 0
    actions_triggered: int = 0

    @property
    def ok(self) -> bool:
        return bool(self.checks) and all(check.ok for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "ok": self.ok,
            "checks": [asdict(check) for check in self.checks],
            "rules_evaluated": self.rules_evaluated,
            "actions_triggered": self.actions_triggered,
        }

    def as_markdown(self) -> str:
        """The report for people."""
        verdict = "All checks passed." if self.ok else "Some checks failed; see the failed checks."
        rows = [f"| {'ok' if c.ok else '**FAILED**'} | {c.name} | {c.detail.replace('|', '/')} |" for c in self.checks]
        rows = [row.replace("\n", " ") for row in rows]
        return "\n".join([
            "# Verification", "", verdict, "",
            f"{self.rules_evaluated} rules evaluated, {self.actions_triggered} actions triggered.", "",
            "## Timeline", "", *self.timeline, "",
            "## Checks", "", "| | check | found |", "|---|---|---|", *rows, "",
            "All changes were rolled back.",
        ])  # fmt: skip


def verify(now: datetime) -> VerificationReport:
    """Play the scenario as of `now` and report; what breaks on the way is a failed check with its cause."""
    report = VerificationReport()
    try:
        with played(now) as evidence:
            report.checks = check(evidence)
            report.timeline = _timeline(evidence)
            report.rules_evaluated = evidence.first.rules_evaluated
            report.actions_triggered = sum(_acted(entry) for entry in evidence.entries)
    except (Error, DispatcherBusy, NotSent, OSError) as error:
        report.checks.append(Check("scenario run", False, cause_of(error)))
    return report


def _acted(entry: ActivityEntry) -> bool:
    return entry.action_taken != "none" and entry.status == ActivityEntry.Status.SUCCESS


def _timeline(evidence: ScenarioResult) -> list[str]:
    lines = []
    for number, run in enumerate((evidence.first, evidence.second), 1):
        lines.append(
            f"- {run.evaluated_at:%H:%M:%S} evaluation {number}: {run.rules_evaluated} rules, "
            f"{run.triggered} triggered, {run.succeeded} acted, {run.failed} failed"
        )
        lines += [f"  - {_sentence(entry)}" for entry in evidence.entries if entry.run_id == run.pk]
    return [
        *lines,
        *_optimization_lines(evidence.recovery.optimization),
        *_optimization_lines(evidence.reweighting.optimization),
    ]


def _optimization_lines(optimization: VerifiedOptimization) -> list[str]:
    lines = [f"- {optimization.rule.target_integration or optimization.rule.metric_type} and its optimization"]
    for entry in optimization.entries():
        lines.append(f"  - {entry.created_at:%m-%d %H:%M:%S} {entry_in_words(entry)}")
        if entry.event_type == "optimization_applied":
            lines += [f"    - {step.operation}: {step.result}" for step in optimization.steps()]
    return lines


def _sentence(entry: ActivityEntry) -> str:
    context = entry.context
    numbers = f"{context['metric']} {context['value']} against {context['operator']} {context['threshold']}"
    return f"{context['rule_name']}: {entry.event_type}, {entry.action_taken}, {entry.status} ({numbers})"
