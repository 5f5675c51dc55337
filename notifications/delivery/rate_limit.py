"""Rate limits of channels: a token bucket that is filled evenly. Messages beyond the limit are merged into a digest.

https://en.wikipedia.org/wiki/Token_bucket; the bucket holds the tokens of one minute. Critical messages may be sent on
credit, up to the tokens of another minute, so they are sent even when lesser messages used up the tokens. Retries and
bundles that have waited are sent first, on credit too, so that newer messages cannot hold them back for ever.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from notifications.delivery.digests import bundle, is_bundling
from notifications.models import Channel, Delivery
from notifications.routing.router import SEVERITIES

ROUNDING = 1e-6
RATE_LIMITED = "Rate limit reached; waiting."


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """The facts of a delivery that is due, as far as rate limits need them."""

    delivery: UUID
    channel: UUID
    severity: str = "medium"
    reason: str = "first"
    attempt_count: int = 0
    late: bool = False  # decided some time ago, for somebody who has quiet hours
    probe: bool = False  # by a channel that waits

    @property
    def has_waited(self) -> bool:
        """Whether it is a bundle or a retry."""
        return self.reason == "digest" or self.attempt_count > 0

    @property
    def on_credit(self) -> bool:
        """Whether it may be sent without a token."""
        return self.has_waited or self.severity == "critical"


def tokens_at(now: datetime, tokens: float | None, at: datetime | None, per_minute: int) -> float:
    """The number of tokens at `now`, negative for a debt; a bucket that was never used is full."""
    if tokens is None or at is None:
        return float(per_minute)
    return min(tokens + max((now - at).total_seconds(), 0) * per_minute / 60, float(per_minute))


def share(due: Sequence[DueDelivery], tokens: float, per_minute: int) -> tuple[list[DueDelivery], list[DueDelivery]]:
    """Split the deliveries of one channel into those that get a token and the rest: longest waiting first, then by
    severity."""
    sent: list[DueDelivery] = []
    rest: list[DueDelivery] = []
    for one in sorted(due, key=lambda one: (not one.has_waited, -SEVERITIES.index(one.severity))):
        enough = tokens - len(sent) + ROUNDING >= (1 - per_minute if one.on_credit else 1)
        (sent if enough else rest).append(one)
    return sent, rest


def allowed(due: Sequence[DueDelivery], now: datetime, per_minute: int) -> list[DueDelivery]:
    """Return those of `due` that get a token; defer the others of each channel, in this transaction."""
    if not due or not per_minute:
        return list(due)
    of_channel: dict[UUID, list[DueDelivery]] = defaultdict(list)
    for one in due:
        of_channel[one.channel].append(one)
    found: list[DueDelivery] = []
    channels = list(Channel.objects.select_for_update().filter(pk__in=of_channel).order_by("pk"))
    for channel in channels:
        there = tokens_at(now, channel.tokens, channel.tokens_at, per_minute)
        sent, rest = share(of_channel[channel.pk], there, per_minute)
        found += sent
        channel.tokens, channel.tokens_at = there - len(sent), now
        _put_off(channel, rest, now, per_minute)
    Channel.objects.bulk_update(channels, ["tokens", "tokens_at"])
    return found


def _put_off(channel: Channel, rest: Sequence[DueDelivery], now: datetime, per_minute: int) -> None:
    """Defer what got no token: a single delivery waits for the next one, several are merged into a bundle. Retries keep
    their id, since the receiver may already have them."""
    fresh = [one for one in rest if not one.has_waited]
    tried = [one.delivery for one in rest if one.attempt_count]
    Delivery.objects.filter(pk__in=tried).update(cause=RATE_LIMITED)
    if not fresh:
        return
    credit = per_minute if any(one.on_credit for one in fresh) else 0
    at = now + timedelta(seconds=60 * (1 - (channel.tokens or 0) - credit) / per_minute)
    found = Delivery.objects.filter(pk__in=[one.delivery for one in fresh])
    if len(fresh) == 1 and not is_bundling(channel):
        found.update(due_at=at, cause=RATE_LIMITED)
    else:
        bundle(found, channel, now, at, "Rate limit exceeded.")
