"""The actions alert and notify of rules: they notify the owner of the rule, or the recipients it names."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html

from notifications.escalations.engine import begin, missing_policy
from notifications.gateway import Message, post
from notifications.models import EscalationPolicy
from notifications.routing.grouping import facts, grouped, lines, severity
from notifications.routing.grouping_field import GroupingField
from notifications.routing.reach import reached
from notifications.routing.recipients import OWNER, Directory, ResolvedRecipients, problems_of, split
from notifications.routing.recipients_field import RecipientsField
from notifications.templating.rule_texts import RuleFacts, filled_in, rule_facts, template_problem
from rules.action_options import EMPTY_VALUES, option_text
from rules.actions import Action, Firing, OptionChoices, Outcome, ReachedPerson
from rules.authority import may_notify_others
from rules.engine.severities import SeverityOption
from rules.models import AutomationRule
from smartagent.kernel.member_role import as_owner


def check_template(text: str) -> None:
    """Refuse a title or message that is an invalid template."""
    if problem := template_problem(text):
        raise ValidationError(problem)


class MessageForm(forms.Form):
    title = forms.CharField(
        required=False, max_length=200, validators=[check_template],
        help_text="Empty: name of the rule. A template can name labels and value, as in {{ labels.host }} is slow.",
    )  # fmt: skip
    message = forms.CharField(
        required=False, max_length=2000, validators=[check_template],
        help_text="Shown above the values; a template, too. Empty: values only.",
    )  # fmt: skip
    notify_resolved = forms.BooleanField(
        required=False, label="Notify when resolved", help_text="One notification per alert that was notified."
    )
    group_notifications_by = GroupingField(
        required=False, max_length=500, label="Group notifications by",
        help_text="Labels, for example datacenter, service: one notification for the alerts that share them. Empty: "
        "one for all alerts of the rule.",
    )  # fmt: skip
    recipients = RecipientsField(
        required=False,
        help_text="E-mail addresses, owner, group:operators, channel:NAME. Empty: the owner of the rule.",
    )
    escalation = forms.CharField(
        required=False, max_length=100, label="Escalation policy",
        help_text="Notifies further recipients if nobody acknowledges the alert.",
    )  # fmt: skip


class LegacyNotifyOptions(forms.Form):
    """Options written by the old application: the severity, and `channel: system`, which is the inbox."""

    severity = SeverityOption()
    priority = SeverityOption()
    channel = forms.CharField(required=False, max_length=100)


MAX_TITLE = 200  # characters of a title once its labels are filled in
# The text beside the numbers, by event.
HEADINGS = {
    "rule_repeated": "Still firing: {}", "rule_unsilenced": "Still firing: {}", "rule_reminded": "Still firing: {}",
    "rule_escalated": "Critical: {}", "rule_flapping": "Flapping: {}", "rule_resolved": "Resolved: {}",
    "rule_test": "[TEST] {}",
}  # fmt: skip
WHY = {
    "rule_test": "Test of the rule; nothing is firing.",
    "rule_unsilenced": "A silence has ended.",
    "rule_reminded": "The acknowledgement or snooze has ended.",
    "rule_escalated": "The value has passed the critical threshold.",
    "rule_flapping": "The alert is flapping, so it stays open until it is stable.",
}

REASONS = {
    "rule_fired": "first", "rule_escalated": "critical", "rule_flapping": "flapping", "rule_resolved": "resolved",
    "rule_test": "test",
}  # fmt: skip


class Notify(Action):
    kind = "notify"
    result = "notified"
    label = "Notify"
    help = "Sends a notification to the inbox and channels of the rule's owner or the named recipients."
    verb = "notify"
    form = MessageForm
    carried = LegacyNotifyOptions
    leads_to = {"notification": ("the notification", "admin:notifications_notification_change")}
    notifies_resolved = True

    def execute(self, firings: Sequence[Firing]) -> list[Outcome]:
        groups = grouped(firings)  # the firings of a group have their rule, and so its recipients, in common
        named = [recipients_of(group[0].config) for group in groups]
        directory = Directory((group[0].owner_id, names) for group, names in zip(groups, named, strict=True))
        free = may_notify_others({firing.rule_id for firing in firings if _asks_for_others(firing)})
        templated = rule_facts(firings, ("title", "message"))
        messages: list[Message] = []
        outcomes: dict[UUID, Outcome] = {}
        for group, names in zip(groups, named, strict=True):
            first = group[0]
            recipients = directory.find(first.owner_id, names, others=first.rule_id in free)
            some = self.messages(group, names, recipients, templated)
            messages += some
            outcomes |= dict.fromkeys((firing.entry_id for firing in group), _outcome(some, recipients))
        if messages:
            post(messages, firings[0].now)
        gone = begin([firing for firing in firings if not outcomes[firing.entry_id].error], free)
        return [_without_policy(outcomes[firing.entry_id], firing, gone) for firing in firings]

    def messages(
        self, firings: Sequence[Firing], named: Sequence[str], recipients: ResolvedRecipients, templated: RuleFacts
    ) -> list[Message]:
        """The notifications, one for each person; to the owner by the named channels where only channels are named."""
        first = firings[0]
        if not named:
            return [self.message(firings, first.owner_id, templated)]
        found = [
            self.message(firings, person, templated, channels=recipients.channels if person == first.owner_id else ())
            for person in recipients.people
        ]
        if recipients.is_nobody:
            return [self.message(firings, first.owner_id, templated)]
        if recipients.channels and first.owner_id not in recipients.people:
            found.append(
                self.message(firings, first.owner_id, templated, channels=recipients.channels, only_named=True)
            )
        return found

    def message(self, firings: Sequence[Firing], person: UUID, templated: RuleFacts, **ways: Any) -> Message:
        """The notification to `person` about `firings` of one rule in one evaluation."""
        first, key = firings[0], uuid4()
        many = f" ({len(firings):,} instances)" if len(firings) > 1 else ""
        titles = filled_in(_text(first, "title"), firings, templated)  # of several that differ, none is that of all
        title = " ".join(titles[0].split()) if len(titles) == 1 else ""
        heading = HEADINGS.get(first.event, "{}").format(title[:MAX_TITLE] or first.rule_name)
        own = [*filled_in(_text(first, "message"), firings, templated), WHY.get(first.event)]
        return Message(
            id=key, user_id=person, rule_id=first.rule_id, type=self.kind, title=heading + many,
            message="\n".join(filter(None, [*own, *lines(firings)])), severity=severity(firings),
            action_url=place_of(first.rule_id, first.owner_id, person, key), metadata=facts(firings),
            reason=REASONS.get(first.event, "still_firing"), **ways,
        )  # fmt: skip

    def in_words(self, rule: AutomationRule) -> str:
        config = rule.action_config if isinstance(rule.action_config, dict) else {}
        who = [str(rule.user) if each == "owner" else each for each in recipients_of(config) or ["owner"]]
        names = f"{', '.join(who[:-1])} and {who[-1]}" if len(who) > 1 else who[0]
        policy = config.get("escalation")
        return f"{self.verb} {names}" + (f", then per escalation policy “{policy}”" if policy else "")

    @as_owner()  # also people whom the viewer may not see: how many they are is said
    def reaches(self, rule: AutomationRule, now: datetime) -> list[ReachedPerson]:
        config = rule.action_config if isinstance(rule.action_config, dict) else {}
        named = recipients_of(config) or [OWNER]
        directory, others = Directory([(rule.user_id, named)]), bool(may_notify_others([rule.pk]))
        return reached(directory.find(rule.user_id, named, others=others), rule, now)

    def choices(self, maker: Any) -> dict[str, OptionChoices]:
        names = EscalationPolicy.objects.visible_to(maker).order_by("name").values_list("name", flat=True)
        address = reverse("admin:notifications_escalationpolicy_changelist")
        link = format_html('<a href="{}" class="sa-link">Escalation policies</a>', address)
        return {"escalation": OptionChoices([("", "none"), *((name, name) for name in names)], link)}

    def refuse(self, config: Mapping[str, Any], owner: Any, maker: Any) -> dict[str, list[str]]:
        found = {"recipients": problems_of(recipients_of(config), owner, maker)}
        if (name := config.get("escalation")) and (problem := missing_policy(str(name), maker)):
            found["escalation"] = [problem]
        return {option: problems for option, problems in found.items() if problems}


class Alert(Notify):
    kind = "alert"
    result = "alerted"
    label = "Alert"
    help = "Sends an alert to the inbox and channels of the rule's owner or the named recipients."
    verb = "alert"


def recipients_of(config: Mapping[str, Any]) -> list[str]:
    """The recipients that a rule names; empty where there are none."""
    return split(config.get("recipients"))


def _asks_for_others(firing: Firing) -> bool:
    """Whether the rule names recipients or an escalation policy, which may be those of others."""
    return firing.config.get("recipients") not in EMPTY_VALUES or bool(firing.config.get("escalation"))


def place_of(rule: UUID, owner: UUID, person: UUID, notification: UUID) -> str:
    """The link of a notification: to the rule, or to the notification itself for people who may not see the rule."""
    return f"/rules/{rule}/" if person == owner else f"/notifications/{notification}/change/"


def _text(firing: Firing, name: str) -> str:
    """An option as text; other programs may have stored anything there."""
    return option_text(given) if (given := firing.config.get(name)) not in EMPTY_VALUES else ""


def _outcome(messages: Sequence[Message], recipients: ResolvedRecipients) -> Outcome:
    detail: dict[str, Any] = {"notification": str(messages[0].id)}
    if len(messages) > 1:
        detail["notifications"] = len(messages)
    if recipients.problem:
        detail["problem"] = recipients.problem
    return Outcome(detail)


def _without_policy(outcome: Outcome, firing: Firing, gone: Collection[str]) -> Outcome:
    """The outcome, with a problem where the escalation policy that the rule names is not usable."""
    name = str(firing.config.get("escalation") or "")
    if name not in gone:
        return outcome
    problem = f"Escalation policy “{name}” was deleted or may not be used by this rule; the alert is not escalated."
    return Outcome(outcome.detail | {"problem": f"{outcome.detail.get('problem', '')} {problem}".strip()})
