"""The plug for rules: alert and notify put a message into the inbox of the rule's owner."""

from collections.abc import Sequence

from django import forms

from notifications.gateway import Message, post
from rules.actions import Action, Firing, Outcome
from rules.words import limit, number, series


class MessageForm(forms.Form):
    title = forms.CharField(required=False, max_length=200, help_text="Empty: the name of the rule.")
    message = forms.CharField(
        required=False, max_length=2000, help_text="Stands above the numbers. Empty: only the numbers."
    )
    notify_resolved = forms.BooleanField(
        required=False, label="Tell when it has resolved", help_text="Once for each time that it was told."
    )


# What is told beside the numbers, by what happened.
HEADINGS = {
    "rule_repeated": "Still firing: {}", "rule_unsilenced": "Still firing: {}", "rule_reminded": "Still firing: {}",
    "rule_escalated": "Critical: {}", "rule_flapping": "Flapping: {}", "rule_resolved": "Resolved: {}",
    "rule_test": "[TEST] {}",
}  # fmt: skip
WHY = {
    "rule_test": "Somebody tries the rule out; nothing has happened.",
    "rule_unsilenced": "A silence has ended.",
    "rule_reminded": "The time for which it was acknowledged or snoozed is over.",
    "rule_escalated": "It has passed the critical threshold.",
    "rule_flapping": "It changes all the time, so it is held open until it has calmed down.",
}

REASONS = {
    "rule_fired": "first", "rule_escalated": "critical", "rule_flapping": "flapping", "rule_resolved": "resolved",
    "rule_test": "test",
}  # fmt: skip


class Notify(Action):
    kind = "notify"
    label = "Notify"
    help = "Puts a notice into the inbox of the rule's owner."
    phrase = "notify {owner}"
    form = MessageForm
    leads_to = {"notification": ("the notification", "admin:notifications_notification_change")}
    tells_resolved = True

    def execute(self, firings: Sequence[Firing]) -> list[Outcome]:
        messages = [self.message(firing) for firing in firings]
        if messages:
            post(messages, firings[0].now)
        return [Outcome({"notification": str(message.id)}) for message in messages]

    def message(self, firing: Firing) -> Message:
        """What the owner of the rule is told."""
        own = firing.config.get("message", "")
        return Message(
            user_id=firing.owner_id,
            rule_id=firing.rule_id,
            type=self.kind,
            title=HEADINGS.get(firing.event, "{}").format(firing.config.get("title") or firing.rule_name),
            message="\n".join(filter(None, [own, WHY.get(firing.event), sentence(firing)])),
            severity=firing.severity,
            action_url=f"/rules/{firing.rule_id}/",
            metadata=facts(firing),
            reason=REASONS.get(firing.event, "still_firing"),
        )


class Alert(Notify):
    kind = "alert"
    label = "Alert"
    help = "Puts an alert into the inbox of the rule's owner."
    phrase = "alert {owner}"


def sentence(firing: Firing) -> str:
    """The numbers in words, naming the person where it is not the owner."""
    watched = series(firing.metric, "" if firing.concerns_owner else firing.subject_name, firing.target)
    subject = f"{watched[0].upper()}{watched[1:]}"
    resolved = firing.event == "rule_resolved"
    if firing.value is None:
        return f"{subject} has no data; the rule {'resolves' if resolved else 'fires'} then."
    if resolved:
        return f"{subject} is {number(firing.value)}: no longer {limit(firing.operator, firing.threshold)}."
    return f"{subject} is {number(firing.value)}: {limit(firing.operator, firing.threshold)}."


def facts(firing: Firing) -> dict[str, object]:
    """The numbers for programs."""
    return {
        "rule": str(firing.rule_id), "rule_name": firing.rule_name, "metric": firing.metric, "value": firing.value,
        "threshold": firing.threshold, "operator": firing.operator, "time": firing.fired_at.isoformat(),
        "target": firing.target, "event": firing.event, "person": str(firing.subject_id), "entry": str(firing.entry_id),
    }  # fmt: skip
