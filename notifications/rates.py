"""How many messages a channel gets: a bucket of tokens, filled evenly. What is beyond goes into one bundle.

https://en.wikipedia.org/wiki/Token_bucket; the bucket holds as many as a minute gives.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from notifications.bundling import bundle, is_bundling
from notifications.outgoing import Channel, Delivery

Due = tuple[UUID, UUID]  # delivery and channel
WAITS = "There were too many in a minute: it waits for its turn."


def tokens_at(now: datetime, tokens: float | None, at: datetime | None, per_minute: int) -> float:
    """How many tokens there are now; a bucket that was never used is full."""
    if tokens is None or at is None:
        return float(per_minute)
    return min(tokens + max((now - at).total_seconds(), 0) * per_minute / 60, float(per_minute))


def allowed(due: Sequence[Due], now: datetime, per_minute: int) -> list[Due]:
    """Those of `due` for which there is a token; the others of each channel are put off, in this transaction."""
    if not due or not per_minute:
        return list(due)
    of_channel: dict[UUID, list[UUID]] = defaultdict(list)
    for delivery, channel in due:
        of_channel[channel].append(delivery)
    found: list[Due] = []
    channels = list(Channel.objects.select_for_update().filter(pk__in=of_channel).order_by("pk"))
    for channel in channels:
        wanted = of_channel[channel.pk]
        there = tokens_at(now, channel.tokens, channel.tokens_at, per_minute)
        sent, rest = wanted[: int(there)], wanted[int(there) :]
        found += [(delivery, channel.pk) for delivery in sent]
        channel.tokens, channel.tokens_at = there - len(sent), now
        if rest:
            _put_off(channel, rest, now, now + timedelta(seconds=60 * (1 - channel.tokens) / per_minute))
    Channel.objects.bulk_update(channels, ["tokens", "tokens_at"])
    return found


def _put_off(channel: Channel, rest: list[UUID], now: datetime, at: datetime) -> None:
    """One waits for its token; many are bundled. What was tried before keeps its id: it may have arrived."""
    deliveries = Delivery.objects.filter(pk__in=rest)
    fresh = deliveries.filter(tries=0)
    deliveries.filter(tries__gt=0).update(due_at=at, cause=WAITS)
    if fresh.count() == 1 and not is_bundling(channel, now):
        fresh.update(due_at=at, cause=WAITS)
    else:
        bundle(fresh, channel, now, at, "There were too many in a minute.")
