"""Who sends the requests of the bench, and whose objects there are."""

from datetime import datetime
from functools import partial

from django.contrib.auth.models import Group

from optimizer.models import OptimizationEvent
from rules.models import RuleState
from smartagent.accounts.tokens import issue_token
from smartagent.bench.api.objects import known_things
from smartagent.kernel.token_scopes import TokenScope
from smartagent.models import ServiceAccount, User

ADMINISTRATOR = "administrator"
GROUPS = {"member": "members", "operator": "operators", "auditor": "auditors", ADMINISTRATOR: "administrators"}
SCOPES = {f"token:{scope}": str(scope) for scope in TokenScope.values}  # of the administrator
NOBODY, SERVICE_ACCOUNT = "nobody", "service account"
ROLES = [NOBODY, *GROUPS, *SCOPES, SERVICE_ACCOUNT]
OWNERS = ("member", "colleague", SERVICE_ACCOUNT)  # who has one of everything


def make_people(now: datetime) -> dict[str, dict[str, str]]:
    """Create a person of each role, and one of everything for the owners; return the ids of these by word and owner."""
    for name in [*GROUPS, "colleague"]:
        user = User.objects.create_user(_email(name), None, full_name=name.capitalize())
        user.groups.set([Group.objects.get(name=GROUPS.get(name, "members"))])
    account = ServiceAccount.objects.create(
        email=_email(SERVICE_ACCOUNT), full_name="Program", is_service_account=True, owner=user_of("colleague")
    )
    account.groups.set([Group.objects.get(name="members")])
    things = {name: known_things(user_of(name), now, f".{name.replace(' ', '-')}") for name in OWNERS}
    RuleState.objects.update(condition="firing", value=63, fired_at=now, since=now)
    OptimizationEvent.objects.update(source_event_type="smart_agent_x", status="proposed", strategy="general")
    return things


def headers_of(role: str) -> dict[str, str]:
    """A new token of the role, in the header that its requests have; the answers are not compressed."""
    headers = {"Accept-Encoding": "identity"}
    if role == NOBODY:
        return headers
    token_of = partial(issue_token, user_of(ADMINISTRATOR if role in SCOPES else role), "bench")
    token = token_of(scopes=[SCOPES[role]])[1] if role in SCOPES else token_of()[1]
    return headers | {"Authorization": f"Bearer {token}"}


def somebody_of(role: str) -> dict[str, str]:
    """Whom requests of the role may name: themselves, or whom anybody else may."""
    person = user_of(owner_of(role))
    return {"somebody": person.email, "somebody_id": str(person.pk)}


def owner_of(role: str) -> str:
    """Whose objects the role asks for most of the time."""
    return role if role in OWNERS else "member"


def _email(name: str) -> str:
    return f"{name.replace(' ', '-')}@example.com"


def user_of(name: str) -> User:
    """The person of that name."""
    return User.objects.get(email=_email(name))
