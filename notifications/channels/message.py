"""The message that a channel sends: of one notification, or a digest of many, with all that a transport shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from notifications.channels.truncation import fitted, numbers_of, short
from smartagent.kernel.visible_text import one_line, paragraphs

__all__ = ["MAX_MESSAGES_SHOWN", "OutgoingMessage", "short"]

MAX_MESSAGES_SHOWN = 10  # messages of a digest that are shown in full


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """`id` is the delivery's, the same at each attempt. `reason` says why it is sent: first, still_firing, resolved,
    critical, escalated, digest, test ... `thread` is the same for all messages about one instance of a rule,
    `incident` for all that one incident stands for, and `others_firing` how many instances of the rule fire."""

    id: str
    reason: str
    type: str
    severity: str
    title: str
    text: str
    url: str
    created_at: datetime
    recipient: str = ""
    recipient_email: str = ""
    rule: str = ""
    rule_name: str = ""
    thread: str = ""
    incident: str = ""
    others_firing: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
    items: tuple["OutgoingMessage", ...] = ()
    unsubscribe_url: str = ""
    acknowledge_url: str = ""
    labels: Mapping[str, Any] = field(default_factory=dict)
    runbook_url: str = ""
    zone: tzinfo = UTC  # of the recipient
    listed: bool = False  # the text already contains the messages of a digest
    wording_failed: str = ""  # why the channel's templates were not applied
    numbers: str = ""  # the sentence with value and threshold, which truncation keeps

    def __post_init__(self) -> None:
        """Remove control characters and line breaks from untrusted texts, so that no header can be injected."""
        for name in ("title", "recipient", "rule_name"):
            object.__setattr__(self, name, one_line(getattr(self, name)))
        object.__setattr__(self, "text", paragraphs(self.text))
        object.__setattr__(self, "numbers", one_line(self.numbers or numbers_of(self.facts)))

    def heading(self, maximum: int) -> str:
        """The title on one line of at most `maximum` characters, with its numbers where they would be cut off."""
        return fitted(self.title, maximum, self.numbers, " ")

    def body(self, maximum: int) -> str:
        """The text in at most `maximum` characters, with its numbers."""
        return fitted(self.text, maximum, self.numbers)

    def parts(self, maximum: int) -> list[str]:
        """The text and each message of a digest, each in at most `maximum` characters, with its numbers."""
        items = [f"{(head := item.heading(maximum // 2))}\n{item.body(maximum - len(head) - 1)}" for item in self.shown]
        return [part for part in (self.body(maximum), *items, *([self.rest] if self.more else [])) if part.strip()]

    @property
    def rest(self) -> str:
        """The number of messages of the digest that are not shown."""
        return f"… and {self.more:,} more."

    @property
    def shown(self) -> tuple["OutgoingMessage", ...]:
        """The messages of a digest that are shown below the text."""
        return () if self.listed else self.items[:MAX_MESSAGES_SHOWN]

    @property
    def more(self) -> int:
        """How many there are beside these."""
        return 0 if self.listed else max(len(self.items) - MAX_MESSAGES_SHOWN, 0)

    @property
    def plain(self) -> str:
        """The whole message as plain text, without the title."""
        return "\n\n".join([part for part in (self.text, *self.lines) if part])

    @property
    def lines(self) -> list[str]:
        """The messages of a digest, one paragraph each, and the number of those left out."""
        shown = [f"{item.title}\n{item.text}" for item in self.shown]
        return [*shown, self.rest] if self.more else shown
