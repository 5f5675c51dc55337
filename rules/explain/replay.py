"""The explanation of a rule at one time, in sentences."""

from datetime import timedelta

from rules.backtesting.explanation import Explanation
from rules.backtesting.observations import ConditionResult
from rules.text.aggregation import aggregated
from rules.text.phrases import begun, limit, metric_name, number
from smartagent.kernel.durations import format_duration
from smartagent.kernel.formats import clock

VERDICT_PHRASES = {
    "met": "met", "held": "not met, but the recovery threshold is not reached",
    "clear": "not met", "missing": "no reading", "failed": "could not be read",
    "gone": "no reading was evaluated",
}  # fmt: skip
STATE_NAMES = {"ok": "ok", "pending": "pending", "firing": "firing", "recovering": "recovering", "no_data": "no data",
         "error": "error"}  # fmt: skip
EVENT_PHRASES = {
    "rule_pending": "became pending", "rule_unpending": "cleared before firing", "rule_fired": "fired",
    "rule_escalated": "became critical", "rule_repeated": "repeated", "rule_retried": "was retried",
    "rule_recovering": "began recovering", "rule_relapsed": "relapsed", "rule_flapping": "was flapping",
    "rule_silenced": "was silenced", "rule_unsilenced": "was still firing when a silence ended",
    "rule_resolved": "resolved", "rule_no_data": "had no data", "rule_recovered": "recovered from an error",
}  # fmt: skip


def condition_in_words(observed: ConditionResult) -> str:
    """One condition with its numbers: `cpu was 63 (threshold: above 90): not met.`"""
    condition = observed.condition
    name = metric_name(condition.metric) + (f" on {condition.target}" if condition.target else "")
    name = aggregated(condition.reducer, name, format_duration(condition.window), condition.parameter)
    name = begun(name, condition.metric)
    against = limit(condition.operator, condition.threshold, observed.value)
    if observed.value is None and observed.verdict in VERDICT_PHRASES:
        cause = f" {observed.cause}" if observed.cause else ""
        return f"{name}: {VERDICT_PHRASES[observed.verdict]} (threshold: {against}).{cause}"
    judged = f": {VERDICT_PHRASES[observed.verdict]}" if observed.verdict in VERDICT_PHRASES else ""
    return f"{name} was {number(observed.value, condition.threshold)} (threshold: {against}){judged}."


def answer(why: Explanation) -> list[str]:
    """The explanation, one sentence each; the first is the answer."""
    if why.made_at:
        return [f"The rule did not exist yet: it was created on {clock(why.made_at)}."]
    if not why.evaluated:
        then = "in the recycle bin" if why.rule.deleted_at else why.rule.status
        return [f"The rule was not evaluated: it was {then} at that time."]
    sentences = [_result(why)]
    if why.silence:
        sentences.append(f"{why.silence.words}.")
    if why.rule.status == "draft":
        sentences.append("The rule was a draft, so no action ran.")
    return sentences


def _result(why: Explanation) -> str:
    if why.step:
        transition = why.step.transition
        acted = "the action ran" if transition.acts else "no action ran"
        quiet = f": {transition.quiet}" if transition.quiet else ""
        runs = f"; {acted}{quiet}" if transition.acts or transition.quiet else ""
        return (
            f"At this evaluation the instance {EVENT_PHRASES.get(str(transition.event), str(transition.event))}{runs}."
        )
    state, lasted = why.state, why.at - why.state.since if why.state.since else timedelta(0)
    if state.condition == "pending":
        needed = format_duration(why.timing.pending_for)
        return f"The instance had been pending for {format_duration(lasted)}; the rule fires after {needed}."
    if state.condition == "recovering":
        kept = format_duration(why.timing.keep_firing_for)
        return f"The instance had been recovering for {format_duration(lasted)}; the rule resolves after {kept}."
    if state.condition == "firing":
        return _still(why)
    return f"State unchanged ({STATE_NAMES[state.condition]}): " + {
        "clear": "the condition was not met.", "held": "the condition was not met.",
        "missing": "there was no reading.",
    }.get(why.verdict, "nothing changed.")  # fmt: skip


def _still(why: Explanation) -> str:
    last = why.state.last_acted
    if last is None:
        return "Already firing; the action was suppressed."
    every, ago = format_duration(why.timing.repeat_every), format_duration(why.at - last)
    return f"Already firing; the rule repeats every {every}, and the last action ran {ago} earlier."


def steps_in_words(why: Explanation) -> list[tuple[object, str]]:
    """The previous state changes, each with its time."""
    return [(made.at, EVENT_PHRASES.get(str(made.transition.event), str(made.transition.event))) for made in why.before]
