"""Subscribers: people with their channels, preferences and mutes, loaded in five statements for all."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.models import Group

from notifications.models import Channel, Mute, Preference
from notifications.routing.quiet_hours import read
from notifications.routing.router import DEFAULT_FREQUENCIES, DEFAULTS, ChannelRef, Subscriber, read_matrix
from smartagent.models import User

NO_PREFERENCE = Preference()


def load_subscribers(people: Collection[UUID]) -> dict[UUID, Subscriber]:
    """Those of `people` who are active, by id."""
    ways = defaultdict(list)
    for channel in Channel.objects.in_use().filter(user__in=people).only("id", "name", "kind", "user_id"):
        ways[channel.user_id].append(way_of(channel))
    wants = Preference.objects.in_bulk(people)
    muted: dict[UUID, dict[UUID, datetime | None]] = defaultdict(dict)
    for mute in Mute.objects.filter(user__in=people):
        muted[mute.user_id][mute.rule_id] = mute.until
    groups = defaultdict(set)
    for key, name in Group.objects.filter(user__in=people, name__in=DEFAULTS).values_list("user", "name"):
        groups[key].add(name)
    return {
        key: _addressee(key, zone, ways[key], wants.get(key, NO_PREFERENCE), muted[key], groups[key])
        for key, zone in User.objects.filter(pk__in=people, is_active=True).values_list("pk", "time_zone")
    }


def way_of(channel: Channel) -> ChannelRef:
    """The ChannelRef of a channel."""
    return ChannelRef(id=channel.pk, name=channel.name, kind=channel.kind)


def _addressee(
    key: UUID,
    zone: str,
    ways: list[ChannelRef],
    wants: Preference,
    muted: Mapping[UUID, datetime | None],
    groups: set[str],
) -> Subscriber:
    defaults = next(
        (modes for role, modes in DEFAULTS.items() if role in groups), DEFAULT_FREQUENCIES
    )  # what wakes goes first
    return Subscriber(
        id=key, zone=zone_named(zone), ways=ways, defaults=defaults,
        matrix=read_matrix(wants.matrix), quiet=read(wants.quiet), digest_at=wants.digest_at, muted=muted,
    )  # fmt: skip


@lru_cache(maxsize=700)
def zone_named(name: str) -> ZoneInfo:
    """The time zone; UTC where the name is unknown."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
