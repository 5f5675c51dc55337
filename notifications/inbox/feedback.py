"""Feedback on notifications, useful or noise: it is stored for the activity entry of each."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from notifications.models import Notification
from rules.health.feedback import feedback_of, judge
from smartagent.kernel.coerce import as_uuid
from smartagent.kernel.formats import counted

FEEDBACK_MESSAGES = {
    "useful": "Marked {n} as useful.", "noise": "Marked {n} as noise.", "withdraw": "Cleared the feedback on {n}.",
}  # fmt: skip
NOTHING_TO_JUDGE = "No feedback possible: the notification does not belong to a firing alert of an existing rule."


def entry_of(notification: Notification) -> UUID | None:
    """The activity entry of a notification, or None."""
    facts = notification.metadata if isinstance(notification.metadata, dict) else {}
    return as_uuid(str(facts.get("entry"))) if facts.get("entry") else None


def judge_all(notifications: Iterable[Notification], user: Any, useful: bool | None, now: datetime) -> int:
    """Write down what `user` says of them; return of how many there was something to judge."""
    return judge([entry for one in notifications if (entry := entry_of(one))], user, useful, now)


def feedback_for(notifications: Iterable[Notification], user: Any) -> dict[UUID, bool | None]:
    """The feedback of `user` on each notification that can be rated, by its id; None where there is none yet."""
    entries = {one.pk: entry for one in notifications if (entry := entry_of(one))}
    feedback = feedback_of(user, entries.values()) if entries else {}
    return {key: feedback[entry] for key, entry in entries.items() if entry in feedback}


def success_message(verb: str, count: int, of: int) -> str:
    """The message after feedback on many notifications."""
    words = FEEDBACK_MESSAGES[verb].format(n=counted(count, "notification"))
    rest = of - count
    others = "1 other was" if rest == 1 else f"{rest:,} others were"
    return f"{words} {others} not from firing alerts, so feedback is not possible." if rest else words


def attach_feedback(notifications: Sequence[Any], user: Any) -> None:
    """Set `feedback` on each notification: the feedback of `user`, or None where it cannot be rated."""
    feedback = feedback_for(notifications, user)
    for one in notifications:
        one.feedback = {"useful": feedback[one.pk]} if one.pk in feedback else None
