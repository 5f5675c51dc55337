"""Recipients that somebody may name, found while they type: people, groups and channels, a few of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Count, Q

from notifications.models import Channel
from notifications.routing.recipients import CHANNEL, GROUP, OWNER
from smartagent.kernel.formats import plural
from smartagent.kernel.scope import has_everyone, people_visible_to
from smartagent.models import User

MAX_OF_EACH_KIND = 6
OWNER_LABEL = "Owner of the rule"


@dataclass(frozen=True, slots=True)
class RecipientSuggestion:
    """`value` is the recipient as it is written; `detail` tells it from others of the same label."""

    value: str
    label: str
    kind: str
    detail: str = ""


def suggest_recipients(text: str, maker: Any) -> list[RecipientSuggestion]:
    """Recipients with `text` in their name that `maker` may name; the first ones where it is empty."""
    wanted = text.strip()
    owner = [RecipientSuggestion(OWNER, OWNER_LABEL, "Owner")] if wanted.casefold() in OWNER_LABEL.casefold() else []
    word = wanted.removeprefix(GROUP).removeprefix(CHANNEL)
    return [*owner, *_people(word, maker), *_groups(word, maker), *_channels(word, maker)]


def _people(word: str, maker: Any) -> Iterator[RecipientSuggestion]:
    people = people_visible_to(maker) if has_everyone(maker, "change") else User.objects.filter(pk=maker.pk)
    named = Q(full_name__icontains=word) | Q(email__icontains=word)
    for person in people.filter(named, is_active=True).order_by("full_name", "email")[:MAX_OF_EACH_KIND]:
        yield RecipientSuggestion(person.email, str(person), "Person", person.email)


def _groups(word: str, maker: Any) -> Iterator[RecipientSuggestion]:
    if not has_everyone(maker, "change"):
        return
    members = Count("user", filter=Q(user__is_active=True))
    groups = Group.objects.filter(name__icontains=word).annotate(members=members).filter(members__gt=0)
    for group in groups.order_by("name")[:MAX_OF_EACH_KIND]:
        size = f"{group.members:,} {plural(group.members, 'member')}"
        yield RecipientSuggestion(f"{GROUP}{group.name}", group.name, "Group", size)


def _channels(word: str, maker: Any) -> Iterator[RecipientSuggestion]:
    """With the address of the owner for who may name those of others: the rule may become somebody else's."""
    whole = has_everyone(maker, "change")
    channels = Channel.objects.in_use().changeable_by(maker).select_related("user")
    if whole:
        channels = channels.filter(user__in=people_visible_to(maker))
    named = channels.filter(Q(name__icontains=word) | Q(kind__icontains=word))
    for channel in named.order_by("name", "user__email")[:MAX_OF_EACH_KIND]:
        written = f"{channel.user.email}/{channel.name}" if whole else channel.name
        whose = f" of {channel.user}" if channel.user_id != maker.pk else ""
        yield RecipientSuggestion(f"{CHANNEL}{written}", channel.name, "Channel", channel.get_kind_display() + whose)
