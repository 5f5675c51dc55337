"""`/metrics`: what processes have counted, and what the database says, for those who see everything."""

import hmac
import time
from functools import cached_property
from typing import Any

import psycopg
from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from smartagent.accounts.tokens import TokenAuthentication, digest
from smartagent.kernel.process_metrics import process_collector
from smartagent.kernel.scope import has_everyone
from smartagent.monitoring.database_metrics import Connection, DatabaseCollector
from smartagent.monitoring.own_connection import open_connection
from smartagent.rest.rate_limits import CountedSessionAuthentication

STATEMENT_TIMEOUT = 2_000  # milliseconds
REMEMBERED_SECONDS = 15 * 60.0


class DatabaseDown(APIException):
    """Who asks can only be told by the database."""

    status_code = 503
    default_detail = (
        "The database does not answer, so this token cannot be checked. The token of the setting METRICS_TOKEN is "
        "accepted meanwhile."
    )
    default_code = "database_down"


class Scraper:
    """A Prometheus that has sent METRICS_TOKEN, or a token that was good when the database answered last."""

    is_authenticated = True
    is_active = True
    is_staff = True
    pk = None


class SettingAuthentication(BaseAuthentication):
    """The token of the setting METRICS_TOKEN, which needs no database."""

    def authenticate(self, request: Request) -> tuple[Scraper, None] | None:
        given = TokenAuthentication().given(request)
        expected = settings.METRICS_TOKEN
        if given and expected and hmac.compare_digest(given.encode(), expected.encode()):
            return Scraper(), None
        return None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Smart Agent"'


class RememberedTokenAuthentication(TokenAuthentication):
    """Tokens of people. While the database is down those are accepted that this process has accepted shortly before."""

    accepted: dict[str, float] = {}

    def authenticate(self, request: Request) -> Any:
        given = self.given(request)
        if given is None or request.parser_context["view"].database:
            return super().authenticate(request)
        if time.monotonic() < self.accepted.get(digest(given), 0):
            return Scraper(), None
        raise DatabaseDown

    @classmethod
    def remember(cls, token: str) -> None:
        """Accept it for a while without the database."""
        now = time.monotonic()
        cls.accepted = {key: until for key, until in cls.accepted.items() if until > now}
        cls.accepted[digest(token)] = now + REMEMBERED_SECONDS


class SeesEverything(BasePermission):
    """Operators, auditors and administrators."""

    message = "Only operators, auditors and administrators can read metrics of the installation."

    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user.is_authenticated) and has_everyone(request.user, "view")


@extend_schema(exclude=True)  # its address is not under /api/
class ScrapeView(APIView):
    """Answers in the text format of Prometheus, or OpenMetrics where it is asked for."""

    authentication_classes = [SettingAuthentication, RememberedTokenAuthentication, CountedSessionAuthentication]
    permission_classes = [SeesEverything]

    @cached_property
    def database(self) -> Connection | None:
        """A connection of this request; None where the database does not answer."""
        try:
            return open_connection(STATEMENT_TIMEOUT)
        except psycopg.Error:
            return None

    def get(self, request: Request) -> HttpResponse:
        token = None if isinstance(request.user, Scraper) else TokenAuthentication().given(request)
        if token and self.database:
            RememberedTokenAuthentication.remember(token)
        registry = CollectorRegistry()
        registry.register(process_collector())
        registry.register(DatabaseCollector(self.database))
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return HttpResponse(encode(registry), content_type=content_type, headers={"Cache-Control": "no-store"})

    def dispatch(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().dispatch(*args, **kwargs)
        finally:
            if opened := self.__dict__.get("database"):
                opened.close()

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Whatever is accepted: `choose_encoder` knows the formats."""
        return super().perform_content_negotiation(request, force=True)
