"""The routing of a message to one person: pure. Each channel gets a decision, with the reason where it is not sent."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from notifications.routing.quiet_hours import QuietHours, next_hour, next_time, quiet_until
from smartagent.kernel.formats import clock

NOW, HOURLY, DAILY, OFF = "now", "hourly", "daily", "off"
MODES = {NOW: "at once", HOURLY: "every hour", DAILY: "once a day", OFF: "not"}
SEVERITIES = ("low", "medium", "high", "critical")
DEFAULT_FREQUENCIES = {"low": DAILY, "medium": NOW, "high": NOW, "critical": NOW}
# The default preferences by role; auditors only read.
DEFAULTS = {
    "members": DEFAULT_FREQUENCIES, "operators": DEFAULT_FREQUENCIES, "administrators": DEFAULT_FREQUENCIES,
    "auditors": dict.fromkeys(SEVERITIES, OFF),
}  # fmt: skip
NOTIFICATION_TTL = timedelta(hours=24)  # what was not sent by then is not sent any more


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRef:
    """The facts of a channel that routing needs."""

    id: UUID
    name: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A person: channels in order of preference, and preferences."""

    id: UUID
    zone: ZoneInfo
    ways: Sequence[ChannelRef] = ()
    defaults: Mapping[str, str] = field(default_factory=lambda: DEFAULT_FREQUENCIES)
    matrix: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    quiet: Sequence[QuietHours] = ()
    digest_at: time = time(8)
    muted: Mapping[UUID, datetime | None] = field(default_factory=dict)

    def mode(self, way: ChannelRef, severity: str) -> str:
        """The mode of this channel for a severity: whether and when messages are sent."""
        chosen = self.matrix.get(str(way.id), {})
        return chosen.get(severity) or self.defaults.get(severity, NOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The decision for a message and a channel; `way` is None where the person has no usable channel."""

    way: ChannelRef | None
    status: str
    cause: str = ""
    due_at: datetime | None = None
    expires_at: datetime


def route(
    severity: str, rule: UUID | None, who: Subscriber, now: datetime, *, without: Collection[UUID] = (),
    named: bool = False,
) -> list[Decision]:  # fmt: skip
    """The decision for each channel of the person; `without` names channels that are left out; `named` where the
    message goes to a channel anyway, so that nothing needs to wait for one."""
    expires = now + NOTIFICATION_TTL
    if rule and rule in who.muted and ((until := who.muted[rule]) is None or until > now):
        return [Decision(way=None, status="skipped", cause=_muted(until, who.zone), expires_at=expires)]
    ways = [way for way in who.ways if way.id not in without]
    if not ways and (named or without):
        return []
    if not ways:
        return [Decision(way=None, status="waiting", cause="No channel yet.", expires_at=expires)]
    return [_by(way, severity, who, now) for way in ways]


def direct(way: ChannelRef, now: datetime) -> Decision:
    """The decision for a channel that the rule names itself: sent whatever its owner prefers."""
    return Decision(way=way, status="due", due_at=now, expires_at=now + NOTIFICATION_TTL)


def _by(way: ChannelRef, severity: str, who: Subscriber, now: datetime) -> Decision:
    mode, at, cause = who.mode(way, severity), now, ""
    if mode == OFF:
        cause = f"Disabled by preferences: {severity} on “{way.name}”."
        return Decision(way=way, status="skipped", cause=cause, expires_at=now + NOTIFICATION_TTL)
    if mode in (HOURLY, DAILY):
        at = next_hour(now) if mode == HOURLY else next_time(who.digest_at, who.zone, now)
        cause = f"Included in the digest of {clock(at, who.zone)}."
    if severity != "critical" and (until := quiet_until(who.quiet, who.zone, at)):
        at, cause = until, quiet_cause(until, who.zone)
    return Decision(
        way=way, status="held" if cause else "due", cause=cause, due_at=at, expires_at=at + NOTIFICATION_TTL
    )


def quiet_cause(until: datetime, zone: ZoneInfo) -> str:
    """The reason of a deferral, in words."""
    return f"Quiet hours until {clock(until, zone)}."


def _muted(until: datetime | None, zone: ZoneInfo) -> str:
    return "This rule is muted" + (f" until {clock(until, zone)}." if until else ".")


def read_matrix(kept: Any) -> dict[str, dict[str, str]]:
    """Parse the stored matrix; invalid entries are left out."""
    if not isinstance(kept, Mapping):
        return {}
    return {
        str(way): {str(severity): str(mode) for severity, mode in modes.items() if mode in MODES}
        for way, modes in kept.items() if isinstance(modes, Mapping)
    }  # fmt: skip
