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


class Notify(Action):
    kind = "notify"
    label = "Notify"
    help = "Puts a notice into the inbox of the rule's owner."
    phrase = "notify {owner}"
    form = MessageForm

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
            title=firing.config.get("title") or firing.rule_name,
            message="\n".join(filter(None, [own, sentence(firing)])),
            severity=firing.severity,
            action_url=f"/rules/{firing.rule_id}/",
            metadata=facts(firing),
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
    if firing.value is None:
        return f"{subject} has no data; the rule fires then."
    return f"{subject} is {number(firing.value)}: {limit(firing.operator, firing.threshold)}."


def facts(firing: Firing) -> dict[str, object]:
    """The numbers for programs."""
    return {
        "rule": str(firing.rule_id), "rule_name": firing.rule_name, "metric": firing.metric, "value": firing.value,
        "threshold": firing.threshold, "operator": firing.operator, "time": firing.fired_at.isoformat(),
        "target": firing.target, "person": str(firing.subject_id), "entry": str(firing.entry_id),
    }  # fmt: skip
