"""Subscribers: people with their channels, preferences and mutes, loaded in five statements for all.

One statement more where the owner of a service account is not among them.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.models import Group
from django.db.models.expressions import RawSQL

from notifications.models import Channel, Mute, Preference
from notifications.routing.quiet_hours import read
from notifications.routing.router import DEFAULT_FREQUENCIES, DEFAULTS, ChannelRef, Subscriber, read_matrix
from smartagent.models import User

NO_PREFERENCE = Preference()


def load_subscribers(people: Collection[UUID]) -> dict[UUID, Subscriber]:
    """Those of `people` who are active, by id; in place of a service account its owner, who reads its notifications."""
    zones, owners = _active(people)
    these = _among({*zones, *owners.values()})
    ways = defaultdict(list)
    for channel in Channel.objects.in_use().filter(user__in=these).only("id", "name", "kind", "user_id"):
        ways[channel.user_id].append(way_of(channel))
    wants = {want.pk: want for want in Preference.objects.filter(pk__in=these)}
    muted: dict[UUID, dict[UUID, datetime | None]] = defaultdict(dict)
    for mute in Mute.objects.filter(user__in=these):
        muted[mute.user_id][mute.rule_id] = mute.until
    groups = defaultdict(set)
    for key, name in Group.objects.filter(user__in=these, name__in=DEFAULTS).values_list("user", "name"):
        groups[key].add(name)
    found = {
        key: _addressee(key, zone, ways[key], wants.get(key, NO_PREFERENCE), muted[key], groups[key])
        for key, zone in zones.items()
    }
    return {key: found[owners.get(key, key)] for key in zones}


def _among(keys: Collection[UUID]) -> RawSQL:
    """The keys as one parameter: of thousands, each by itself would cost more than the rows."""
    return RawSQL("SELECT unnest(%s::uuid[])", [list(keys)])


def _active(people: Collection[UUID]) -> tuple[dict[UUID, str], dict[UUID, UUID]]:
    """The time zones of those of `people` who are active, and of the owners of service accounts, who are by account."""
    active = User.objects.filter(is_active=True)
    zones, owners = {}, {}
    for key, zone, owner in active.filter(pk__in=_among(people)).values_list("pk", "time_zone", "owner"):
        zones[key] = zone
        if owner:  # only service accounts have one
            owners[key] = owner
    missing = set(owners.values()) - zones.keys()
    if missing:
        zones |= dict(active.filter(pk__in=_among(missing)).values_list("pk", "time_zone"))
    return zones, {key: owner for key, owner in owners.items() if owner in zones}


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
    of_roles = (modes for role, modes in DEFAULTS.items() if role in groups)
    defaults = next(of_roles, DEFAULT_FREQUENCIES) if groups else DEFAULT_FREQUENCIES  # what wakes goes first
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
