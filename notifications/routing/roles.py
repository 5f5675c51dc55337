"""The people who have a role that recipients name: a group here, or a role of the old application.

A role is named in the singular or plural; `admin` is everybody who may administer, `manager` whoever is one in the old
application's profiles, or else an operator.
"""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from django.db import connection
from django.db.models import Q

from smartagent.models import User

ADMINISTRATORS, OPERATORS = "administrators", "operators"
# Other names of our groups, in the singular; a group's own name is its plural.
ROLE_ALIASES = {
    "admin": ADMINISTRATORS, "administrator": ADMINISTRATORS, "platform_admin": ADMINISTRATORS,
    "operator": OPERATORS, "user": "members", "member": "members", "auditor": "auditors",
}  # fmt: skip
FALLBACKS = {"manager": OPERATORS}
PROFILES = """
SELECT lower(btrim(to_jsonb(p)->>'role')), u.id FROM profiles p JOIN smartagent_users u ON u.id = p.id
 WHERE lower(btrim(to_jsonb(p)->>'role')) = ANY(%s) AND u.is_active ORDER BY u.email"""
HAS_PROFILES = "SELECT has_table_privilege(to_regclass('profiles')::oid, 'SELECT') IS TRUE"


def people_of_roles(words: Iterable[str]) -> dict[str, list[UUID]]:
    """For each of `words`, in lower case, the active people with that role; empty for a word that is no role."""
    singular = {word: _singular(word) for word in words}
    if not singular:
        return {}
    groups = _of_groups(
        {ROLE_ALIASES[role] for role in singular.values() if role in ROLE_ALIASES} | {*FALLBACKS.values()}
    )
    profiles = _of_profiles({role for role in singular.values() if role not in ROLE_ALIASES})
    found = {}
    for word, role in singular.items():
        found[word] = (
            groups.get(ROLE_ALIASES.get(role, ""), []) or profiles.get(role) or groups.get(FALLBACKS.get(role, ""))
        )
    return {word: people for word, people in found.items() if people}


def is_role(word: str) -> bool:
    """Whether `word`, in lower case, is a role that everybody may know of."""
    return _singular(word) in ROLE_ALIASES or _singular(word) in FALLBACKS


def _singular(word: str) -> str:
    name = word.removesuffix("s")
    return name if name in ROLE_ALIASES or name in FALLBACKS else word


def _of_groups(names: set[str]) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = defaultdict(list)
    people = User.objects.filter(is_active=True).order_by("email")
    for name, key in people.filter(groups__name__in=names).values_list("groups__name", "pk"):
        found[name].append(key)
    if ADMINISTRATORS in names:
        admins = people.filter(Q(groups__name=ADMINISTRATORS) | Q(is_staff=True) | Q(is_superuser=True)).distinct()
        found[ADMINISTRATORS] = list(admins.values_list("pk", flat=True))
    return found


def _of_profiles(roles: set[str]) -> dict[str, list[UUID]]:
    """By the profiles of the old application, where there are any."""
    found: dict[str, list[UUID]] = defaultdict(list)
    if not roles:
        return found
    with connection.cursor() as cursor:
        cursor.execute(HAS_PROFILES)
        (is_there,) = cursor.fetchone()
        if is_there:
            cursor.execute(PROFILES, [list(roles)])
            for role, key in cursor.fetchall():
                found[role].append(key)
    return found
