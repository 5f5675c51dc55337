"""Who calls: by session, by token, by JWT of a legacy project."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import transaction
from django.test import Client

from smartagent.accounts.tokens import issue_token
from smartagent.kernel.token_scopes import TokenScope
from smartagent.models import User
from tests.smartagent.legacy_api.conftest import token

CONFIRM, SIGN_IN = "/confirm/", "/login/"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """`things` has the ids of the objects that are asked for, by kind; `whose` the id of their person."""

    things: dict[str, str]
    whose: str
    headers: dict[str, str] = field(default_factory=dict)
    session: str = ""

    @cached_property
    def client(self) -> Client:
        return Client(headers=self.headers, raise_request_exception=False)

    def call(
        self, row: str, address: str, body: Any, then: Callable[[Any], None] | None = None, *, form: bool = False
    ) -> str:
        """What comes of it, in one word of the matrix. Nothing of it stays. `form`: the body is sent as a page does."""
        self.client.cookies.clear()
        self.client.cookies[settings.SESSION_COOKIE_NAME] = self.session
        method = row.partition(" ")[0]
        how = {} if body is None or form else {"content_type": "application/json"}
        with transaction.atomic():
            answer = getattr(self.client, method.lower())(address, *([] if body is None else [body]), **how)
            if answer.streaming:
                b"".join(answer.streaming_content)
            if then is not None:
                then(answer)
            transaction.set_rollback(True)
        return word_of(answer, has_object="<path:" in row)


def word_of(answer: Any, *, has_object: bool) -> str:
    """`ok` is also a body that is refused, which only those learn who may send one."""
    status, to = answer.status_code, answer.headers.get("Location", "")
    if status in (301, 302, 303, 307, 308):
        if to.startswith(CONFIRM):
            return "confirm"
        if to.startswith(SIGN_IN):
            return "sign-in"
        return "404" if has_object and to == "/" else "ok"  # the admin leads home from what is not there
    if status < 300 or status in (304, 400, 409, 412, 415, 422, 503):
        return "ok"
    return "sign-in" if status == 401 else str(status)


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def bearer(value: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {value}"}


def cast(
    alice: User, ada: User, olga: User, audra: User, program: User, things: dict[str, dict[str, str]], bob: User
) -> dict[str, Caller]:
    """The columns of the matrix. Alice and the program are members; another's objects are Bob's."""
    of_alice = {"things": things["alice"], "whose": str(alice.pk)}
    of_bob = {"things": things["bob"], "whose": str(bob.pk)}
    sessions = {str(user.pk): session_of(user) for user in (alice, olga, audra, ada)}
    full = {user.pk: bearer(issue_token(user, "full")[1]) for user in (alice, ada, program)}
    scoped = {
        f"{name}:{scope}": Caller(**whose, headers=bearer(issue_token(user, scope, scopes=[scope])[1]))
        for name, user, whose in (("member", alice, of_alice), ("admin", ada, of_bob))
        for scope in map(str, TokenScope.values)
    }
    return {
        "nobody": Caller(**of_bob),
        "own": Caller(**of_alice, session=sessions[str(alice.pk)]),
        "other": Caller(**of_bob, session=sessions[str(alice.pk)]),
        "operator": Caller(**of_bob, session=sessions[str(olga.pk)]),
        "auditor": Caller(**of_bob, session=sessions[str(audra.pk)]),
        "admin": Caller(**of_bob, session=sessions[str(ada.pk)]),
        **scoped,
        "member:other": Caller(**of_bob, headers=full[alice.pk]),
        "admin:full": Caller(**of_bob, headers=full[ada.pk]),
        "service:own": Caller(things=things["program"], whose=str(program.pk), headers=full[program.pk]),
        "service:other": Caller(**of_bob, headers=full[program.pk]),
        "jwt:anon": Caller(**of_bob, headers=bearer(token("anon"))),
        "jwt:own": Caller(**of_alice, headers=bearer(token(sub=alice.pk))),
        "jwt:other": Caller(**of_bob, headers=bearer(token(sub=alice.pk))),
        "jwt:service": Caller(**of_bob, headers=bearer(token("service_role"))),
    }
