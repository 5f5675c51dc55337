"""What a worker has leased and nothing has come of yet, by channel and by host. Pure.

No more is leased for a channel or host than soon has its turn. So one that hangs keeps leases only of its own, and the
room for those of others stays free.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from notifications.delivery.attempt import Call, Destination
from notifications.delivery.queue import Lease
from notifications.delivery.rate_limit import DueDelivery

ENOUGH = 64  # of a channel; of a host twice as much as it is sent at a time, at least this
MOST = 4  # times the room, with what is at hosts that have enough


@dataclass(slots=True)
class Host:
    """How much is out for a host, how much is enough, and its channels that are known."""

    enough: int
    count: int = 0
    channels: set[UUID | None] = field(default_factory=set)


class Outstanding:
    """For one of `share` workers, which has `room` for so many."""

    def __init__(self, room: int = 0, share: int = 1) -> None:
        self.room, self.share = room, share
        self.enough = max(ENOUGH // share, 1)
        self._to: dict[UUID, Destination] = {}  # by attempt
        self._of_channel: Counter[UUID | None] = Counter()
        self._hosts: dict[str, Host] = {}

    def __len__(self) -> int:
        return len(self._to)

    def add(self, calls: Iterable[Call]) -> None:
        """These are leased."""
        for call in calls:
            to = self._to[call.lease.attempt] = call.to
            host = self._hosts.get(to.host)
            if host is None:
                host = self._hosts[to.host] = Host(max(2 * to.max_per_host // self.share, self.enough))
            host.count += 1
            host.channels.add(to.channel)
            self._of_channel[to.channel] += 1

    def remove(self, lease: Lease) -> None:
        """Something has come of this one."""
        to = self._to.pop(lease.attempt)
        self._of_channel[to.channel] -= 1
        if not self._of_channel[to.channel]:
            del self._of_channel[to.channel]
        host = self._hosts[to.host]
        host.count -= 1
        if not host.count:
            del self._hosts[to.host]

    def left(self) -> int:
        """How many more there is room for; what is at hosts that have enough does not take the room of others."""
        others = len(self) - sum(host.count for host in self._full_hosts())
        return min(self.room - others, MOST * self.room - len(self))

    def full(self) -> set[UUID]:
        """The channels that have enough, themselves or with the others of their host."""
        found = {channel for channel, count in self._of_channel.items() if count >= self.enough}
        return {channel for channel in found.union(*(host.channels for host in self._full_hosts())) if channel}

    def within_room(self, due: Iterable[DueDelivery]) -> list[DueDelivery]:
        """Those of `due` with which no channel has more than enough, in their order."""
        counts = self._of_channel.copy()
        found = []
        for one in due:
            counts[one.channel] += 1
            if counts[one.channel] <= self.enough:
                found.append(one)
        return found

    def _full_hosts(self) -> Collection[Host]:
        return [host for host in self._hosts.values() if host.count >= host.enough]
