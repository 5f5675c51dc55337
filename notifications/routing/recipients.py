"""Recipients of a rule or an escalation step: people, groups and channels, written as text.

`ada@example.com`, or an id, is a person, `owner` the owner of the rule, `group:operators` everybody in a group,
`channel:Pager` a channel of the owner by its name, `channel:ada@example.com/Pager` one of somebody else. A role, such
as `admin`, is everybody who has it (`notifications.routing.roles`).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.db.models.functions import Lower

from notifications.models import Channel
from notifications.routing.roles import is_role, people_of_roles
from rules.action_options import option_text
from smartagent.kernel.scope import has_everyone
from smartagent.models import User

OWNER, GROUP, CHANNEL = "owner", "group:", "channel:"
UUID_LENGTH = 36
FORMS = "a person's e-mail or id, owner, a role such as admins, group:NAME, channel:NAME or channel:E-MAIL/NAME"
OF_OPERATORS = "Only rules owned or saved by an operator can notify people other than the owner."
ONLY_OPERATORS = (
    "Only operators can notify other people. You can use your own e-mail address, owner, and your own channels."
)


def split(text: Any) -> list[str]:
    """The recipients in a text or in lists, in order, without duplicates; values that are not text become JSON."""
    if not text:
        return []
    parts = _parts(text) if isinstance(text, list) else re.split(r"[,;\n]", option_text(text))
    return list(dict.fromkeys(part for each in parts if (part := " ".join(each.split()))))


def _parts(lists: list[Any]) -> Iterator[str]:
    for each in lists:
        if isinstance(each, list):
            yield from _parts(each)
        elif each:
            yield option_text(each)


@dataclass(frozen=True, slots=True)
class ResolvedRecipients:
    """The people and channels to notify, recipients that do not exist (any more), and those of other people, which only
    rules of operators may name."""

    people: tuple[UUID, ...] = ()
    channels: tuple[UUID, ...] = ()
    missing: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def problem(self) -> str:
        """The problem of the recipients that are not notified; empty where all are."""
        refused = f"Not notified: {', '.join(self.refused)}. {OF_OPERATORS}" if self.refused else ""
        gone = f"Recipients not found: {', '.join(self.missing)}." if self.missing else ""
        instead = "The owner of the rule was notified instead." if self.is_nobody else ""
        return " ".join(filter(None, [gone, refused, instead]))

    @property
    def is_nobody(self) -> bool:
        """Whether none of those who are named can be notified."""
        return not (self.people or self.channels) and bool(self.missing or self.refused)


class Directory:
    """Resolves the recipients of a batch, each kind in one statement."""

    def __init__(self, named: Iterable[tuple[UUID, Sequence[str]]]) -> None:
        pairs = [(owner, each) for owner, recipients in named for each in recipients]
        words = {each for _, each in pairs}
        self._people = _people({email for each in words if (email := _email(each))})
        self._ids = _ids({key for each in words if (key := _id(each))})
        self._roles = people_of_roles({_role(each) for each in words if _is_role(each)})
        self._groups = _groups({each.removeprefix(GROUP) for each in words if each.startswith(GROUP)})
        places = [place for owner, each in pairs if each.startswith(CHANNEL) and (place := self._place(owner, each))]
        self._channels = _channels(places)

    def find(self, owner: UUID, recipients: Sequence[str], *, others: bool) -> ResolvedRecipients:
        """Resolve `recipients` of a rule of `owner`; `others` is whether it may notify other people."""
        people: dict[UUID, None] = {}
        channels: dict[UUID, None] = {}
        missing, refused = [], []
        for each in recipients:
            if not (others or self._is_own(owner, each)):
                refused.append(each)
                continue
            found = self._channel(owner, each) if each.startswith(CHANNEL) else self._who(owner, each)
            (channels if each.startswith(CHANNEL) else people).update(dict.fromkeys(found))
            if not found:
                missing.append(each)
        return ResolvedRecipients(tuple(people), tuple(channels), tuple(missing), tuple(refused))

    def _is_own(self, owner: UUID, recipient: str) -> bool:
        """Whether `recipient` is the owner or theirs; somebody who is not there is as foreign as one who is."""
        email = _email(recipient)
        return self._people.get(email) == owner if email else _names_owner(recipient, owner)

    def _channel(self, owner: UUID, recipient: str) -> Sequence[UUID]:
        place = self._place(owner, recipient)
        return [self._channels[place]] if place in self._channels else []

    def _who(self, owner: UUID, recipient: str) -> Sequence[UUID]:
        if recipient == OWNER:
            return [owner]
        if recipient.startswith(GROUP):
            return self._groups.get(recipient.removeprefix(GROUP), [])
        if key := _id(recipient):
            return [key] if key in self._ids else []
        if _is_role(recipient):
            return self._roles.get(_role(recipient), [])
        person = self._people.get(_email(recipient))
        return [person] if person else []

    def _place(self, owner: UUID, recipient: str) -> tuple[UUID, str] | None:
        """The owner and the name of a channel."""
        name = recipient.removeprefix(CHANNEL)
        if not (email := _email(recipient)):
            return owner, name
        person = self._people.get(email)
        return (person, name.partition("/")[2]) if person else None


def problems_of(recipients: Sequence[str], owner: Any, maker: Any) -> list[str]:
    """The problems of recipients that `maker` enters for a rule of `owner`: missing, or not allowed."""
    if not has_everyone(maker, "change"):
        foreign = [each for each in recipients if not _is_own(each, owner)]
        if foreign and _is_role(foreign[0]) and not is_role(_role(foreign[0])):
            return [_missing(foreign[0])]
        if foreign:
            return [f"“{foreign[0][:80]}” is not yours. {ONLY_OPERATORS}"]
    missing = Directory([(owner.pk, recipients)]).find(owner.pk, recipients, others=True).missing
    return [_missing(each) for each in missing]


def _is_own(recipient: str, owner: Any) -> bool:
    email = _email(recipient)
    return email == owner.email.casefold() if email else _names_owner(recipient, owner.pk)


def _names_owner(recipient: str, owner: UUID) -> bool:
    """Whether what is no e-mail is the owner, or a channel of theirs."""
    return recipient == OWNER or recipient.startswith(CHANNEL) or _id(recipient) == owner


def _is_role(recipient: str) -> bool:
    """Whether it is a single word, which may be a role."""
    foreign = recipient == OWNER or recipient.startswith((GROUP, CHANNEL)) or "@" in recipient
    return not foreign and _id(recipient) is None


def _role(recipient: str) -> str:
    return recipient.casefold()


def _id(recipient: str) -> UUID | None:
    try:
        return UUID(recipient) if len(recipient) == UUID_LENGTH else None
    except ValueError:
        return None


def _email(recipient: str) -> str:
    """The e-mail address in a recipient; empty where there is none."""
    whose, slash, _ = recipient.removeprefix(CHANNEL).partition("/")
    if "@" not in whose or (recipient.startswith(CHANNEL) and not slash):
        return ""
    return whose.casefold()


def _missing(recipient: str) -> str:
    shown = recipient[:80]
    if recipient.startswith(CHANNEL):
        return f"No enabled channel “{shown}”. Use channel: and the name from the list of channels."
    if recipient.startswith(GROUP):
        return f"“{shown}” is empty or does not exist. Use group: and the name of a group with members."
    if "@" in recipient:
        return f"No user with the e-mail address “{shown}”."
    return f"“{shown}” is not a valid recipient. Use {FORMS}."


def _people(emails: set[str]) -> dict[str, UUID]:
    """Active people by e-mail address, case-insensitive."""
    if not emails:
        return {}
    found = User.objects.alias(lower=Lower("email")).filter(is_active=True, lower__in=emails)
    return {email.casefold(): key for key, email in found.values_list("pk", "email")}


def _ids(keys: set[UUID]) -> set[UUID]:
    """Those of `keys` that are ids of active people."""
    return set(User.objects.filter(is_active=True, pk__in=keys).values_list("pk", flat=True)) if keys else set()


def _groups(names: set[str]) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = defaultdict(list)
    if names:
        members = Group.objects.filter(name__in=names, user__is_active=True).order_by("user__email")
        for name, key in members.values_list("name", "user"):
            found[name].append(key)
    return found


def _channels(places: Iterable[tuple[UUID, str]]) -> dict[tuple[UUID, str], UUID]:
    wanted = set(places)
    if not wanted:
        return {}
    owners, names = {owner for owner, _ in wanted}, {name for _, name in wanted}
    rows = Channel.objects.in_use().filter(user__in=owners, name__in=names)
    return {(owner, name): key for owner, name, key in rows.values_list("user", "name", "pk")}
