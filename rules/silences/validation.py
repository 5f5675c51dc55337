"""Validation of a silence and of the permission to create it, for the form and the API."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from rules.ingest.samples import METRIC_NAME
from rules.models import AutomationRule, Silence
from rules.silences.limits import Limits, limits_of, people_of
from rules.silences.recurrence import BadRecurrence, normalize
from rules.silences.windows import upcoming, windows
from smartagent.kernel.durations import format_duration
from smartagent.kernel.formats import plural
from smartagent.kernel.scope import has_everyone
from smartagent.shell.time_zone_field import zone_names

Errors = dict[str, list[str]]
MAX_SILENCE_COMMENT = 1000
MAX_MATCHED_LABELS, LONGEST_LABEL = 20, 200
YEAR = timedelta(days=366)


def silence_errors(silence: Silence, maker: Any, now: datetime, *, everything: bool = False) -> Errors:
    """Return the errors of `silence`, about to be saved by `maker`, by field; empty where it is valid.

    `everything` confirms that it names no rule, metric, person or label on purpose.
    """
    problems = {
        "comment": _comment(silence.comment),
        "user": _owner(silence, maker),
        "rule": _rule(silence, maker),
        "metric": _metric(silence.metric),
        "person": _person(silence, maker),
        "labels": _labels(silence.labels),
        "time_zone": _zone(silence.time_zone),
    } | _times(silence, limits_of(maker), now)
    if not problems["labels"] and not (silence.rule_id or silence.metric or silence.person_id or silence.labels):
        problems["everything"] = _everything(maker, everything)
    return {name: [problem] for name, problem in problems.items() if problem}


def _comment(comment: str) -> str:
    if not comment.strip():
        return "Enter a comment, for example: Database upgrade. Everyone who sees the silence reads the comment."
    if len(comment) > MAX_SILENCE_COMMENT:
        return f"A comment has at most {MAX_SILENCE_COMMENT:,} characters; this one has {len(comment):,}."
    return ""


def _owner(silence: Silence, maker: Any) -> str:
    if has_everyone(maker, "change") or silence.user_id == maker.pk:
        return ""
    return "Only operators can silence rules of other people. Your silences match your own rules."


def _rule(silence: Silence, maker: Any) -> str:
    if silence.rule_id is None:
        return ""
    rule = AutomationRule.objects.changeable_by(maker).filter(pk=silence.rule_id).select_related("user").first()
    if rule is None:
        return "The rule does not exist, or you cannot change it."
    if silence.user_id not in (None, rule.user_id):
        return f"This rule belongs to {rule.user}, so a silence for rules of {silence.user} does not match it."
    return ""


def _metric(metric: str) -> str:
    if not metric or METRIC_NAME.fullmatch(metric):
        return ""
    return f"“{metric[:40]}” is not a metric name. Example: fusion_score or cpu."


def _person(silence: Silence, maker: Any) -> str:
    if silence.person_id is None or people_of(maker).filter(pk=silence.person_id).exists():
        return ""
    return "None of your rules watches this person."


def _labels(labels: Any) -> str:
    if not isinstance(labels, Mapping) or not all(isinstance(value, str) for value in labels.values()):
        return 'Labels must be names with text values, for example {"team": "db"}.'
    if not all(str(name).strip() for name in labels):
        return 'A label needs a name, for example {"team": "db"}.'
    if any(len(str(text)) > LONGEST_LABEL for pair in labels.items() for text in pair):
        return f"Label names and values have at most {LONGEST_LABEL} characters."
    return f"At most {MAX_MATCHED_LABELS} labels." if len(labels) > MAX_MATCHED_LABELS else ""


def _everything(maker: Any, everything: bool) -> str:
    if not has_everyone(maker, "change"):
        return "Choose a rule, metric, person or labels. Only operators can silence everything."
    if not everything:
        return "Choose a rule, metric, person or labels, or confirm “Silence everything”."
    return ""


def _zone(name: str) -> str:
    return "" if name in zone_names() else f"“{name[:40]}” is not a time zone. Example: Europe/Berlin."


# -- when --------------------------------------------------------------------------------------------


def _times(silence: Silence, limits: Limits, now: datetime) -> dict[str, str]:
    starts, ends = silence.starts_at, silence.ends_at
    if starts is None or ends is None:
        return {}  # missing fields are reported by form and API
    if not now - YEAR <= starts <= now + YEAR:
        return {"starts_at": "The start must be within one year from now."}
    if ends <= starts:
        return {"ends_at": "The end is before the start. Enter a later end."}
    if ends > starts + 2 * YEAR:  # more than is allowed, but not everything that can be written can be computed with
        return {"ends_at": f"The maximum is {_days(limits.series)}."}
    return _recurring(silence, limits, now) if silence.recurrence else _once(silence, limits, now)


def _once(silence: Silence, limits: Limits, now: datetime) -> dict[str, str]:
    if silence.duration is not None:
        return {"duration": "Only a recurring silence has a duration. Enter a recurrence, or leave the duration empty."}
    if silence.ends_at <= now:
        return {"ends_at": "The end is in the past. Enter a future end."}
    if silence.ends_at - silence.starts_at > limits.window:
        return {"ends_at": _too_long(silence.ends_at - silence.starts_at, limits)}
    return {}


def _recurring(silence: Silence, limits: Limits, now: datetime) -> dict[str, str]:
    try:
        silence.recurrence = normalize(silence.recurrence)
    except BadRecurrence as error:
        return {"recurrence": str(error)}
    if silence.duration is None or silence.duration <= timedelta(0):
        return {"duration": "Enter the window duration, for example 2h or 8h."}
    if silence.duration > limits.window:
        return {"duration": _too_long(silence.duration, limits)}
    if silence.ends_at - silence.starts_at > limits.series:
        return {"ends_at": f"A recurring silence of {limits.role} may last at most {_days(limits.series)}."}
    return _windows(silence, limits, now)


def _windows(silence: Silence, limits: Limits, now: datetime) -> dict[str, str]:
    if _zone(silence.time_zone):
        return {}  # reported already
    try:
        found = windows(silence, silence.starts_at, silence.ends_at)
    except BadRecurrence as error:
        return {"recurrence": str(error)}
    if not found:
        return {"recurrence": "No window starts between start and end. Check the recurrence and the end."}
    if not upcoming(silence, now, 1):
        return {"ends_at": "The last window has already ended. Enter a later end."}
    longest = max(window.end - window.start for window in found)
    if longest > limits.window + 2 * timedelta(hours=1):
        return {"duration": f"The windows overlap: {_too_long(longest, limits)} Make them shorter or rarer."}
    return {}


def _too_long(length: timedelta, limits: Limits) -> str:
    return f"{format_duration(length)} is too long: a silence of {limits.role} lasts at most {_days(limits.window)}."


def _days(length: timedelta) -> str:
    return f"{length.days} {plural(length.days, 'day')}"
