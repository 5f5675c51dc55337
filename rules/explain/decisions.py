"""What made a step happen, or kept its action from being run, in sentences: timers, silences, people, repeats."""

from collections.abc import Callable
from datetime import timedelta

from rules.actions import actions
from rules.engine.intervals import shown, spelled
from rules.engine.state_machine import REMEMBERED, WINDOW
from rules.engine.states import Event
from rules.explain.evidence import Evidence
from rules.models import ActivityEntry, AutomationRule
from rules.text.context import facts_of
from rules.text.entry import action_of
from rules.text.phrases import limit, number
from smartagent.kernel.durations import format_duration

LEFT = {"keep": "leaves the instance as it was", "fire": "fires then", "resolve": "resolves then"}


def reasons_of(account: Evidence) -> list[str]:
    """Why the step was taken, and what became of its action, a sentence each."""
    entry, say = account.entry, SAY.get(account.entry.event_type)
    said = say(account) if say else []
    handling = account.facts.get("handling")
    if handling in ("acknowledged", "snoozed") and entry.action_taken == "none" and account.facts.get("to") == "firing":
        said.append(f"It was {handling}, so its action was not run.")
    return [sentence for sentence in [*said, _action(entry)] if sentence]


def _pending(account: Evidence) -> list[str]:
    return [f"It fires once this has held for {shown(account.rule.pending_for)}."] if account.rule else []


def _unpending(account: Evidence) -> list[str]:
    return [f"It had held for {_waited(account)}; {_needs(account.rule)}"] if account.rule else []


def _fired(account: Evidence) -> list[str]:
    if account.facts.get("from") == "error":
        return ["An error had interrupted it; it fires as before."]
    if account.rule is None:
        return []
    if account.facts.get("reason") == "no data":
        return [f"There was no reading, and the rule {LEFT['fire']}."]
    if account.facts.get("from") == "pending":
        return [f"It had held for {_waited(account)}; {_needs(account.rule)}"]
    return ["It fires at the first check, for the rule waits for nothing more."]


def _needs(rule: AutomationRule | None) -> str:
    return f"the rule fires after {shown(rule.pending_for)}." if rule else ""


def _repeated(account: Evidence) -> list[str]:
    last = account.time("last_acted")
    if last is None:
        return ["It had not acted since it began to fire or was opened again."]
    if account.rule is None:
        return []
    every = account.rule.repeat_every
    ago = f"It had acted {spelled(account.entry.created_at - last)} before"
    return [f"{ago}, and acts again every {spelled(every)}." if every else f"{ago}, and acts again at every check."]


def _retried(account: Evidence) -> list[str]:
    return ["Its last try had failed; tries that fail burn no repeat interval, so it was made again."]


def _escalated(account: Evidence) -> list[str]:
    critical = account.facts.get("critical")
    past = (
        limit(account.facts.get("operator"), critical, account.facts.get("value"))
        if critical is not None
        else "past it"
    )
    said = [f"The critical threshold counts from here on: {past}."]
    if account.facts.get("handling") in ("acknowledged", "snoozed"):
        said.append(f"It was {account.facts['handling']}, but for the lower level, so it is open again.")
    return said


def _recovering(account: Evidence) -> list[str]:
    if account.facts.get("reason") == "flapping":
        return _flapping(account)
    kept = account.rule.keep_firing_for if account.rule else timedelta(0)
    return [f"It is kept open for {shown(kept)} after it has cleared, in case it comes back."] if kept else []


def _relapsed(account: Evidence) -> list[str]:
    return [f"It had been clear for {_waited(account)}: not long enough to resolve."]


def _resolved(account: Evidence) -> list[str]:
    rule = account.rule
    if rule is None:
        return []
    if account.facts.get("to") in ("no_data", "error"):
        return [f"It cannot be read, and the rule {LEFT['resolve']}."]
    if account.facts.get("from") == "recovering":
        return [f"It had been clear for {_waited(account)}; the rule keeps it open for {shown(rule.keep_firing_for)}."]
    if rule.recovery_threshold is not None:
        return [f"It is past the recovery threshold, {number(rule.recovery_threshold)}."]
    return ["It resolves at the first check that is clear."]


def _flapping(account: Evidence) -> list[str]:
    return [f"It went in and out of firing more than {REMEMBERED - 1} times within {WINDOW} checks."]


def _silenced(account: Evidence) -> list[str]:
    return ["The rule goes on being evaluated; what still fires at the end of the silence is told at once."]


def _unsilenced(account: Evidence) -> list[str]:
    return ["The silence that covered it has ended, and what still fires then is told at once."]


def _reminded(account: Evidence) -> list[str]:
    handling = account.facts.get("handling")
    return [f"It was {handling}, and the time for that is over."] if handling else []


def _no_data(account: Evidence) -> list[str]:
    return [f"Without data the rule {LEFT[account.rule.no_data_policy]}."] if account.rule else []


def _error(account: Evidence) -> list[str]:
    return [f"Where it cannot be read, the rule {LEFT[account.rule.error_policy]}."] if account.rule else []


def _test(account: Evidence) -> list[str]:
    return [f"{account.facts.get('by_name') or 'Somebody'} tried the rule out; what it watches was not touched."]


SAY: dict[str, Callable[[Evidence], list[str]]] = {
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
        said = {"failed": "It failed", "pending": "It waits"}.get(entry.status, "It went well")
        return f"{entry.agent_name} wrote: {action}. {said}{f': {cause}' if (cause := entry.error_message) else '.'}"
    cause = entry.error_message or ""
    if entry.status == ActivityEntry.Status.PENDING:
        return f"Its action, {action}, waits to be run."
    if entry.status == ActivityEntry.Status.SKIPPED:
        return f"Its action, {action}, was not run: {cause}"
    if entry.status == ActivityEntry.Status.FAILED:
        return f"Its action, {action}, failed: {cause}"
    took = entry.executed_at - entry.created_at if entry.executed_at else timedelta(0)
    late = f", {format_duration(took)} later" if took >= timedelta(seconds=1) else ""
    outcome = facts_of(entry).get("outcome")
    problem = outcome.get("problem") if isinstance(outcome, dict) else None
    return f"Its action, {action}, was run{late} and went well." + (f" But: {problem}" if problem else "")
