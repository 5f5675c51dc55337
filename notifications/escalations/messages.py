"""The notifications of an escalation: to each person of a step, one for all instances of a rule."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from notifications.escalations.steps import EscalationStep
from notifications.gateway import Message
from notifications.routing.grouping import MAX_INSTANCES_SHOWN, rank
from notifications.routing.recipients import ResolvedRecipients
from smartagent.kernel.durations import format_duration


class DueStep(NamedTuple):
    """An escalation whose step is due."""

    id: UUID
    rule: UUID
    owner: UUID
    policy: str
    steps: list[EscalationStep]
    repeats: int
    step: int
    round: int
    title: str
    message: str
    severity: str
    facts: dict[str, Any]
    since: datetime

    @property
    def to(self) -> tuple[str, ...]:
        """Whom the step that is due tells."""
        return self.steps[self.step].to if self.step < len(self.steps) else ()

    @property
    def together(self) -> tuple[str, str, int, int, str]:
        """The key of steps that share one message."""
        return str(self.rule), self.policy, self.step, self.round, str(self.steps)


def messages_of(group: Sequence[DueStep], recipients: ResolvedRecipients, now: datetime) -> list[Message]:
    """One message for each person; where only channels are named, one to the rule's owner by those channels."""
    owner = group[0].owner
    people = [*recipients.people, *([owner] if recipients.channels and owner not in recipients.people else [])]
    return [_message(group, person, recipients.channels, recipients.people, now) for person in people]


def _message(
    group: Sequence[DueStep], person: UUID, channels: Sequence[UUID], people: Sequence[UUID], now: datetime
) -> Message:
    first, key = group[0], uuid4()
    many = f" ({len(group):,} instances)" if len(group) > 1 else ""
    more = [f"… and {len(group) - MAX_INSTANCES_SHOWN:,} more."] if len(group) > MAX_INSTANCES_SHOWN else []
    since = min(one.since for one in group)
    waited = f"Not acknowledged for {format_duration(now - since)}."
    own = person == first.owner
    return Message(
        id=key, user_id=person, rule_id=first.rule, type="alert", title=f"Escalated: {first.title}{many}",
        message="\n".join([waited, *(one.message for one in group[:MAX_INSTANCES_SHOWN]), *more]),
        severity=max((one.severity for one in group), key=rank),
        action_url=f"/rules/{first.rule}/" if own else f"/notifications/{key}/change/",
        metadata=first.facts | ({"count": len(group), "since": since.isoformat()} if len(group) > 1 else {}),
        reason="escalated", channels=channels if own else (), only_named=own and person not in people,
    )  # fmt: skip


def step_context(one: DueStep) -> dict[str, Any]:
    """The context of the entry in the activity log."""
    return {
        "whom": ", ".join(one.to), "are": "is" if len(one.to) == 1 else "are", "step": one.step + 1,
        "of": len(one.steps), "round": one.round + 1,
    }  # fmt: skip
