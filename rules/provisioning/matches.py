"""The stored rules and people that a file refers to: rules by uid.

A rule without uid is matched by its id. A rule in the recycle bin is matched as well, and restored.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from rules.models import AutomationRule
from rules.provisioning.document import Document, Entry
from smartagent.kernel.formats import clock_utc
from smartagent.kernel.member_role import as_owner
from smartagent.models import User

APPLIED = "Applied from "  # begins the reason of every version that a file has made


@dataclass(frozen=True, slots=True)
class Known:
    """The stored counterparts of a file.

    `rules` by uid, `people` by their name in the file; `left`: rules applied from this file that are no longer in it;
    `by_hand`: by rule, the status that a person has set since the file was last applied.
    """

    rules: dict[str, AutomationRule]
    people: dict[str, User]
    left: list[AutomationRule]
    by_hand: dict[UUID, str]


@as_owner()  # a uid that another person's rule has is refused, not taken
def find(document: Document, reachable: Any, *, lock: bool = False) -> Known:
    """Return the stored counterparts of `document`; `left` is limited to `reachable`."""
    uids = [entry.uid for entry in document.entries]
    ids = [found for uid in uids if (found := id_of(uid))]
    meant = Q(uid__in=uids) | Q(pk__in=ids)
    rules = {}
    for manager in (AutomationRule.binned, AutomationRule.objects):  # of two, the one that is not in the bin
        for rule in _rows(manager.filter(meant), lock):
            rules[rule.uid or str(rule.pk)] = rule
    left = _rows(reachable.filter(provisioned_by=document.source).exclude(uid__in=uids), lock)
    mine = [rule for rule in rules.values() if rule.provisioned_by == document.source]
    return Known(rules, people(document.entries), left, switched_by_hand(mine))


def id_of(uid: str) -> UUID | None:
    """Return `uid` as an id, None if it is no UUID in canonical form."""
    try:
        found = UUID(uid)
    except ValueError:
        return None
    return found if str(found) == uid else None


def people(entries: Iterable[Entry]) -> dict[str, User]:
    """Return the owners named in the entries, by that name."""
    named = {entry.values["user"] for entry in entries if "user" in entry.values}
    plain = {text: text.strip().lower() for text in named}
    ids = {text: pk for text in named if (pk := id_of(plain[text]))}
    emails = [plain[text] for text in named if text not in ids]
    by_email = {user.email.lower(): user for user in User.objects.filter(email__in=emails)}
    by_id = User.objects.in_bulk(list(ids.values()))
    found = {text: by_id.get(ids[text]) if text in ids else by_email.get(plain[text]) for text in named}
    return {text: user for text, user in found.items() if user}


def switched_by_hand(rules: Iterable[AutomationRule]) -> dict[UUID, str]:
    """Return the status, who set it and when, of those of `rules` paused or activated since a file last wrote them."""
    ids = [rule.pk for rule in rules]
    status = {rule.pk: rule.status for rule in rules}
    records = AutomationRule.history.filter(id__in=ids).select_related("history_user")
    applied = dict(
        records.filter(history_change_reason__startswith=APPLIED)
        .order_by("id", "-history_id").distinct("id").values_list("id", "status")
    )  # fmt: skip
    switched = [pk for pk, applied_status in applied.items() if applied_status != status[pk]]
    found = {}
    for record in records.filter(id__in=switched).order_by("id", "-history_id").distinct("id"):
        found[record.id] = _in_words(record.status, record.history_user, record.history_date)
    return found


def _in_words(status: str, who: Any, when: datetime) -> str:
    by = f" by {who}" if who else ""
    return f"{status}{by} on {clock_utc(when)}"


def _rows(rules: Any, lock: bool) -> list[AutomationRule]:
    rules = rules.select_related("user").order_by("pk")
    return list(rules.select_for_update(of=("self",)) if lock else rules)
