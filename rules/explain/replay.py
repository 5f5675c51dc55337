"""Why a rule did what it did at one time, in plain sentences."""

from datetime import timedelta

from rules.backtesting.explanation import Explanation
from rules.backtesting.observations import ConditionResult
from rules.text.phrases import begun, limit, metric_name, number
from rules.text.rule import OVER
from smartagent.kernel.durations import format_duration
from smartagent.kernel.phrasing import clock

SAID = {
    "met": "so the condition holds", "held": "no longer, but it is not past the recovery threshold",
    "clear": "so the condition does not hold", "missing": "there was no reading", "failed": "it could not be read",
}  # fmt: skip
NAMES = {"ok": "ok", "pending": "pending", "firing": "firing", "recovering": "recovering", "no_data": "without data",
         "error": "in error"}  # fmt: skip
EVENTS = {
    "rule_pending": "it became pending", "rule_unpending": "it cleared before it fired", "rule_fired": "it fired",
    "rule_escalated": "it became critical", "rule_repeated": "it fired again", "rule_retried": "it was tried again",
    "rule_recovering": "it began to recover", "rule_relapsed": "it fell back", "rule_flapping": "it was flapping",
    "rule_silenced": "it was silenced", "rule_unsilenced": "a silence ended while it fired",
    "rule_resolved": "it resolved", "rule_no_data": "it had no data", "rule_recovered": "it could be read again",
}  # fmt: skip


def condition_in_words(heard: ConditionResult) -> str:
    """One condition with its numbers: `cpu was 63; it is to be above 90, so the condition does not hold.`"""
    clause = heard.clause
    name = metric_name(clause.metric) + (f" on {clause.target}" if clause.target else "")
    if clause.reducer in OVER:
        name = OVER[clause.reducer].format(name, format_duration(clause.window))
    name = begun(name, clause.metric)
    against = limit(clause.operator, clause.threshold, heard.value)
    if heard.value is None and heard.verdict in SAID:
        cause = f" {heard.cause}" if heard.cause else ""
        return f"{name}: {SAID[heard.verdict]}; it is to be {against}.{cause}"
    judged = f", {SAID[heard.verdict]}" if heard.verdict in SAID else ""
    return f"{name} was {number(heard.value, clause.threshold)}; it is to be {against}{judged}."


def answer(why: Explanation) -> list[str]:
    """What happened at that time and why, a sentence each; the first is the answer."""
    if why.made_at:
        return [f"It was not there yet: the rule was made on {clock(why.made_at)}."]
    if not why.evaluated:
        then = "in the recycle bin" if why.rule.deleted_at else why.rule.status
        return [f"It was not evaluated: the rule was {then} then."]
    said = [_what(why)]
    if why.silence:
        said.append(f"{why.silence.words}.")
    if why.rule.status == "draft":
        said.append("The rule was a draft, so it did nothing.")
    return said


def _what(why: Explanation) -> str:
    if why.step:
        transition = why.step.transition
        acted = "its action was run" if transition.acts else "its action was not run"
        quiet = f": {transition.quiet}" if transition.quiet else ""
        runs = f", and {acted}{quiet}" if transition.acts or transition.quiet else ""
        return f"At this check {EVENTS.get(str(transition.event), str(transition.event))}{runs}."
    state, lasted = why.state, why.at - why.state.since if why.state.since else timedelta(0)
    if state.condition == "pending":
        return (
            f"It was pending for {format_duration(lasted)}; it fires after {format_duration(why.timing.pending_for)}."
        )
    if state.condition == "recovering":
        kept = format_duration(why.timing.keep_firing_for)
        return f"It was kept open, recovering for {format_duration(lasted)}; it resolves after {kept}."
    if state.condition == "firing":
        return _still(why)
    return f"It stayed {NAMES[state.condition]}: " + {
        "clear": "its condition did not hold.", "held": "its condition did not hold.",
        "missing": "there was no reading.",
    }.get(why.verdict, "nothing changed.")  # fmt: skip


def _still(why: Explanation) -> str:
    last = why.state.last_acted
    if last is None:
        return "It fired already, and was kept quiet."
    every, ago = format_duration(why.timing.repeat_every), format_duration(why.at - last)
    return f"It fired already; it acts again every {every}, and had acted {ago} before."


def steps_in_words(why: Explanation) -> list[tuple[object, str]]:
    """The steps before, each with its time."""
    return [(made.at, EVENTS.get(str(made.transition.event), str(made.transition.event))) for made in why.before]
