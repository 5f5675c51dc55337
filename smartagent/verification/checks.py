"""The checks of the evidence, each with a name and what was found."""

from collections import Counter

from rules.models import AutomationRule
from smartagent.verification.check import Check
from smartagent.verification.optimization_checks import check_recovery, check_reweighting
from smartagent.verification.scenario import ScenarioResult


def check(evidence: ScenarioResult) -> list[Check]:
    """Hold the evidence against what must be true."""
    return [
        _everything_was_read(evidence),
        *[_fired_once(evidence, rule) for rule in evidence.rules],
        *[_stayed_silent(evidence, rule) for rule in evidence.silent],
        _second_evaluation_was_silent(evidence),
        *_inbox(evidence),
        _proposal(evidence),
        _action_log(evidence),
        _counted(evidence),
        _patched(evidence),
        *check_recovery(evidence.recovery),
        *check_reweighting(evidence.reweighting),
    ]


def _everything_was_read(evidence: ScenarioResult) -> Check:
    causes = [entry.error_message for entry in evidence.entries if entry.event_type == "rule_error"]
    causes += [run.error_message for run in (evidence.first, evidence.second) if run.error_message]
    return Check("every metric could be read and stored", not causes, "; ".join(map(str, causes)) or "no error")


def _fired_once(evidence: ScenarioResult, rule: AutomationRule) -> Check:
    entries = [entry for entry in evidence.entries if entry.rule_id == rule.pk]
    found = ", ".join(
        f"{entry.event_type}/{entry.action_taken} {entry.status}"
        + (f" ({entry.error_message})" if entry.error_message else "")
        for entry in entries
    )
    ok = [(e.event_type, e.action_taken, e.status) for e in entries] == [("rule_fired", rule.action_type, "success")]
    value = f", value {entries[0].context.get('value')}" if entries else ""
    return Check(f"{rule} fired once and acted", ok, f"{found or 'no entry'}{value}")


def _stayed_silent(evidence: ScenarioResult, rule: AutomationRule) -> Check:
    acted = [entry for entry in evidence.entries if entry.rule_id == rule.pk and entry.action_taken != "none"]
    events = [entry.event_type for entry in evidence.entries if entry.rule_id == rule.pk]
    return Check(f"{rule} did not fire", not acted, ", ".join(events) or "no entry, as it should be")


def _second_evaluation_was_silent(evidence: ScenarioResult) -> Check:
    run = evidence.second
    return Check("nothing fired again five minutes later", run.triggered == 0, f"{run.triggered} triggered")


def _inbox(evidence: ScenarioResult) -> list[Check]:
    notifying = {rule.pk for rule in evidence.rules if rule.action_type != "optimize"}
    notes = [note for note in evidence.notifications if note.rule_id in notifying]
    found = Counter((note.type, note.severity, note.status) for note in notes)
    detail = "; ".join(f"{note.type} {note.severity} “{note.message}”" for note in evidence.notifications) or "none"
    return [
        Check(f"one {kind} is in the inbox", found[(kind, severity, "unread")] == 1, detail)
        for kind, severity in (("alert", "high"), ("notify", "medium"))
    ]


def _proposal(evidence: ScenarioResult) -> Check:
    found = [(event.strategy, event.status, len(event.recommended_actions or [])) for event in evidence.optimizations]
    ok = len(found) == 1 and found[0][:2] == ("efficiency_boost", "proposed") and found[0][2] > 0
    return Check("one optimization is proposed", ok, "; ".join(f"{s} {t}, {n} steps" for s, t, n in found) or "none")


def _action_log(evidence: ScenarioResult) -> Check:
    found = [f"{log.action_type} {log.status}" for log in evidence.action_logs]
    return Check("the optimizer's action log has it", found == ["propose completed"], "; ".join(found) or "none")


def _counted(evidence: ScenarioResult) -> Check:
    counts = list(AutomationRule.objects.filter(user=evidence.person).values_list("trigger_count", flat=True))
    return Check("every triggering was counted once", sorted(counts) == [0, 0, 1, 1, 1], f"counts {sorted(counts)}")


def _patched(evidence: ScenarioResult) -> Check:
    wrong = evidence.not_patched
    return Check("the rules can be paused and activated by REST", not wrong, "; ".join(wrong) or "options unchanged")
