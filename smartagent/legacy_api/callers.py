"""Who calls: a person, the service role, which acts for anyone, or nobody, by their bearer token."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from smartagent.accounts.sign_in_limits import count_wrong
from smartagent.accounts.tokens import BEGINNING, TokenAuthentication, digest, refuse_guesses
from smartagent.kernel.coerce import as_uuid
from smartagent.legacy_api.bearer import ExpiredToken, InvalidToken, verified_claims
from smartagent.legacy_api.key_set import KeysUnavailable
from smartagent.models import User
from smartagent.rest.rate_limits import count_address, count_request
from smartagent.shell.row_security import keep_to_oneself

KNOWN_SECONDS = 3600  # so long a good token is taken from an address with too many failed attempts
NO_SUCH_PERSON = "No active person has this user_id."


class Unavailable(exceptions.APIException):
    status_code = 503
    default_code = "unavailable"
    wait = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The role of a token, and its person; the service role and anon have none."""

    role: str
    person: User | None = None

    @property
    def is_service(self) -> bool:
        return self.role == "service_role"

    def require(self, permission: str) -> None:
        """PermissionDenied where the person's roles do not allow it."""
        if self.person and not self.person.has_perm(permission):
            raise exceptions.PermissionDenied("Your roles do not allow this. Ask an administrator.")

    def person_for(self, named: UUID) -> User:
        """The person with this id; PermissionDenied where the token is of somebody else, whatever their roles here."""
        if self.person and self.person.pk == named:
            return self.person
        if not self.is_service:
            raise exceptions.PermissionDenied("The token is of another person.")
        found: User | None = User.objects.filter(pk=named, is_active=True).first()
        if found is None:
            raise exceptions.NotFound(NO_SUCH_PERSON)
        return found


class BearerAuthentication(TokenAuthentication):
    """A token of the legacy project, or a personal token."""

    def authenticate(self, request: Request) -> Any:
        token = self.given(request)
        if token is None or token.startswith(BEGINNING):
            found = super().authenticate(request)
            return found and (found[0], Caller(role="authenticated", person=found[0]))
        count_address(request)
        now, key = timezone.now(), f"legacy-token:{digest(token)}"
        if not cache.get(key):
            refuse_guesses(request, now)
        try:
            claims = verified_claims(token)
        except ExpiredToken as error:
            raise exceptions.AuthenticationFailed(str(error)) from None  # it was good once, and so is no guess
        except InvalidToken as error:
            count_wrong(request, token, now)
            raise exceptions.AuthenticationFailed(str(error)) from None
        except KeysUnavailable as error:
            raise Unavailable(str(error)) from None
        cache.set(key, True, KNOWN_SECONDS)
        person = _person_of(claims.get("sub")) if claims["role"] == "authenticated" else None
        if person:
            count_request(request, person=person.pk)
            keep_to_oneself(person)
        return person or AnonymousUser(), Caller(role=claims["role"], person=person)


class IsKnown(BasePermission):
    """A person or the service role; the role anon may do nothing."""

    message = "The role anon may not do this. Sign in."

    def has_permission(self, request: Request, view: Any) -> bool:
        caller: Any = request.auth
        if caller is None:
            raise exceptions.NotAuthenticated("Send Authorization: Bearer and the token.")
        return bool(caller.role != "anon")


def _person_of(subject: Any) -> User:
    key = as_uuid(subject) if isinstance(subject, str) else None
    found: User | None = User.objects.filter(pk=key, is_active=True).first() if key else None
    if found is None:
        raise exceptions.AuthenticationFailed("The sub of the token is no active person.")
    return found
