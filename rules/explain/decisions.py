"""Sentences on why a state changed, or why no action ran: timers, silences, handling, repeats."""

from collections.abc import Callable
from datetime import timedelta

from rules.actions import actions
from rules.engine.intervals import shown, spelled
from rules.engine.state_machine import FLAP_WINDOW_CHECKS, NO_DATA_REASON, REMEMBERED, UNWATCHED_REASON
from rules.engine.states import Event, Verdict
from rules.explain.evidence import Evidence
from rules.models import ActivityEntry, AutomationRule
from rules.text.context import facts_of
from rules.text.entry import action_of
from rules.text.phrases import limit, number
from smartagent.kernel.durations import format_duration

LEFT = {"keep": "keeps the last state", "fire": "fires", "resolve": "resolves"}


def reasons_of(account: Evidence) -> list[str]:
    """Why the state changed and what became of the action, one sentence each."""
    entry, say = account.entry, EXPLANATIONS.get(account.entry.event_type)
    sentences = say(account) if say else []
    handling = account.facts.get("handling")
    if handling in ("acknowledged", "snoozed") and entry.action_taken == "none" and account.facts.get("to") == "firing":
        sentences.append(f"No action was run: the alert was {handling}.")
    return [sentence for sentence in [*sentences, _action(entry)] if sentence]


def _pending(account: Evidence) -> list[str]:
    if account.rule is None:
        return []
    return [f"The rule fires once the condition has been met for {shown(account.rule.pending_for)}."]


def _unpending(account: Evidence) -> list[str]:
    if account.facts.get("verdict") == Verdict.GONE:
        return [_gone(account)]
    return [f"The condition had been met for {_waited(account)}; {_needs(account.rule)}"] if account.rule else []


def _fired(account: Evidence) -> list[str]:
    if account.facts.get("from") == "error":
        return ["Firing continues after an error."]
    if account.rule is None:
        return []
    if str(account.facts.get("reason") or "").startswith(NO_DATA_REASON):
        return [f"There was no reading; on no data the rule {LEFT['fire']}."]
    if account.facts.get("from") == "pending":
        return [f"The condition had been met for {_waited(account)}; {_needs(account.rule)}"]
    return ["Fired immediately: no pending period."]


def _needs(rule: AutomationRule | None) -> str:
    return f"the rule fires after {shown(rule.pending_for)}." if rule else ""


def _repeated(account: Evidence) -> list[str]:
    last = account.time("last_acted")
    if last is None:
        return ["No action had run since the alert began to fire or was reopened."]
    if account.rule is None:
        return []
    every = account.rule.repeat_every
    ago = f"The last action ran {spelled(account.entry.created_at - last)} earlier"
    often = f"every {spelled(every)}" if every else "at every evaluation"
    return [f"{ago}; the rule repeats {often}."]


def _retried(account: Evidence) -> list[str]:
    return ["The previous attempt failed. Failed attempts do not start the repeat interval, so it was retried."]


def _escalated(account: Evidence) -> list[str]:
    critical = account.facts.get("critical")
    past = (
        limit(account.facts.get("operator"), critical, account.facts.get("value")) if critical is not None else "passed"
    )
    sentences = [f"The critical threshold was passed: {past}."]
    if account.facts.get("handling") in ("acknowledged", "snoozed"):
        sentences.append(f"It had been {account.facts['handling']} at the lower severity, so the alert was reopened.")
    return sentences


def _recovering(account: Evidence) -> list[str]:
    if account.facts.get("reason") == "flapping":
        return _flapping(account)
    kept = account.rule.keep_firing_for if account.rule else timedelta(0)
    return [f"The alert stays open for {shown(kept)} after clearing."] if kept else []


def _relapsed(account: Evidence) -> list[str]:
    return [f"The condition had been clear for {_waited(account)}, which is too short to resolve."]


def _resolved(account: Evidence) -> list[str]:
    rule = account.rule
    if rule is None:
        return []
    if account.facts.get("to") in ("no_data", "error"):
        return [f"The metric cannot be read; in this case the rule {LEFT['resolve']}."]
    if account.facts.get("verdict") == Verdict.GONE:
        return [_gone(account)]
    if account.facts.get("from") == "recovering":
        kept = shown(rule.keep_firing_for)
        return [f"The condition had been clear for {_waited(account)}; the rule keeps firing for {kept}."]
    if rule.recovery_threshold is not None:
        return [f"The recovery threshold, {number(rule.recovery_threshold)}, was reached."]
    return ["Resolved at the first evaluation with the condition not met."]


def _gone(account: Evidence) -> str:
    if account.facts.get("reason") == UNWATCHED_REASON:
        return (
            "The rule was changed, or the person deactivated; what a rule does not watch ends at the next evaluation."
        )
    return "Ended at once: nothing is left that the rule could keep firing for."


def _flapping(account: Evidence) -> list[str]:
    return [f"The alert fired and cleared more than {REMEMBERED - 1} times within {FLAP_WINDOW_CHECKS} evaluations."]


def _silenced(account: Evidence) -> list[str]:
    return ["The rule is still evaluated. If the alert still fires when the silence ends, you are notified then."]


def _unsilenced(account: Evidence) -> list[str]:
    return ["The silence has ended and the alert still fires, so a notification is due."]


def _reminded(account: Evidence) -> list[str]:
    handling = account.facts.get("handling")
    return [f"The alert had been {handling}, and that period has ended."] if handling else []


def _left(policy: str) -> str:
    """What the rule does under `policy`; an unknown policy leaves the state unchanged."""
    return LEFT.get(policy, LEFT["keep"])


def _no_data(account: Evidence) -> list[str]:
    return [f"On no data the rule {_left(account.rule.no_data_policy)}."] if account.rule else []


def _error(account: Evidence) -> list[str]:
    return [f"On error the rule {_left(account.rule.error_policy)}."] if account.rule else []


def _test(account: Evidence) -> list[str]:
    return [f"{account.facts.get('by_name') or 'Somebody'} ran a test of the rule; its state did not change."]


EXPLANATIONS: dict[str, Callable[[Evidence], list[str]]] = {
    Event.PENDING: _pending, Event.UNPENDING: _unpending, Event.FIRED: _fired, Event.REPEATED: _repeated,
    Event.RETRIED: _retried, Event.ESCALATED: _escalated, Event.RECOVERING: _recovering, Event.RELAPSED: _relapsed,
    Event.RESOLVED: _resolved, Event.FLAPPING: _flapping, Event.SILENCED: _silenced, Event.UNSILENCED: _unsilenced,
    Event.REMINDED: _reminded, Event.NO_DATA: _no_data, Event.ERROR: _error, "rule_test": _test,
}  # fmt: skip


def _waited(account: Evidence) -> str:
    return spelled(account.waited) if account.waited is not None else "some time"


def _action(entry: ActivityEntry) -> str:
    action = action_of(entry)
    if not action:
        return ""
    if action not in actions:
        result = {"failed": "Failed", "pending": "Pending"}.get(entry.status, "Succeeded")
        return f"{entry.agent_name} wrote: {action}. {result}{f': {cause}' if (cause := entry.error_message) else '.'}"
    cause = entry.error_message or ""
    if entry.status == ActivityEntry.Status.PENDING:
        return f"Action {action}: pending."
    if entry.status == ActivityEntry.Status.SKIPPED:
        return f"Action {action} was skipped: {cause}"
    if entry.status == ActivityEntry.Status.FAILED:
        return f"Action {action} failed: {cause}"
    took = entry.executed_at - entry.created_at if entry.executed_at else timedelta(0)
    late = f", {format_duration(took)} later" if took >= timedelta(seconds=1) else ""
    outcome = facts_of(entry).get("outcome")
    problem = outcome.get("problem") if isinstance(outcome, dict) else None
    return f"Action {action} succeeded{late}." + (f" Problem: {problem}" if problem else "")
