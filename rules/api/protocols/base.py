"""The base of views that take metrics by another protocol: token, body, owner, storage, and the answer's status."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, HttpResponseBase
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.views import APIView

from rules.api.protocols.bodies import raw_body
from rules.api.sample_limits import LimitReached, refuse_beyond_quota, series_limit_in_words
from rules.ingest.batch import Push
from rules.ingest.intake import Intake, Reason, TooManySamples
from rules.ingest.receipts import note_receipt
from rules.ingest.storage import write
from rules.models import MetricSample
from smartagent.accounts.tokens import AgentTokenAuthentication
from smartagent.kernel.token_scopes import TokenScope
from smartagent.models import User
from smartagent.rest.errors import TooLarge, errors_of, plain_answer

OWNER_HEADER, OWNER_PARAMETER = "X-Smartagent-User", "user"
SECONDS_TO_RETRY = 5


class CannotStore(exceptions.APIException):
    """The database cannot be reached now; send the request again."""

    status_code = 503
    default_detail = "The database cannot take samples now. Send the request again."
    default_code = "busy"
    wait = SECONDS_TO_RETRY


class ProtocolView(APIView):
    """Takes samples of one protocol. What is wrong is answered in the protocol's own format by `error`."""

    authentication_classes = [AgentTokenAuthentication]
    queryset = MetricSample.objects.none()
    scope = TokenScope.INGEST
    protocol: ClassVar[str]

    def post(self, request: Request) -> HttpResponseBase:
        intake = Intake(owner_of(request), timezone.now())
        self.read(raw_body(request, self.plain), intake)
        caller: User = request.user  # type: ignore[assignment]
        try:
            refuse_beyond_quota(caller.pk, len(intake.columns), intake.now)
        except LimitReached as refused:
            intake.leave_all_out(refused.reason, str(refused.detail))
            note_receipt(caller, self.protocol, intake)
            raise
        self.store(intake)
        note_receipt(caller, self.protocol, intake)
        return self.answer(intake)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """The methods."""
        return HttpResponse(status=204, headers={"Allow": ", ".join(self.allowed_methods)})

    def plain(self, encoding: str, body: bytes) -> bytes:
        """The decompressed body."""
        raise NotImplementedError

    def read(self, body: bytes, intake: Intake) -> None:
        """Read the body; ValueError where it is not of the protocol."""
        raise NotImplementedError

    def store(self, intake: Intake) -> None:
        """Store what is kept."""
        count = len(intake.columns)
        beyond = write(intake.columns, max_series=settings.MAX_SERIES_PER_PERSON)
        if left_out := count - len(intake.columns):
            intake.leave_out(Reason.SERIES, left_out, series_limit_in_words(beyond))

    def answer(self, intake: Intake) -> HttpResponseBase:
        """The response, once all that can be kept is stored."""
        raise NotImplementedError

    def error(self, status: int, message: str) -> HttpResponse:
        """The response to an error of the whole request."""
        raise NotImplementedError

    def handle_exception(self, exc: Exception) -> Any:
        """The response to an exception, with the status that tells the sender whether to send it again."""
        known = _as_api_exception(exc)
        if isinstance(known, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
            known.auth_header = self.get_authenticate_header(self.request)  # type: ignore[union-attr]
        given = plain_answer(known, self.get_exception_handler_context())
        said: Mapping[str, list[str]] = given.data or {} if given else {}
        response = self.error(
            given.status_code if given else 500,
            " ".join(message for messages in errors_of(said).values() for message in messages),
        )
        for name in ("WWW-Authenticate", "Retry-After"):
            if given is not None and name in given:
                response[name] = given[name]
        if response.status_code == 405:
            response["Allow"] = ", ".join(self.allowed_methods)
        if response.status_code in (429, 503):
            response.setdefault("Retry-After", str(SECONDS_TO_RETRY))
        return response

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """The response as it is: these protocols negotiate no renderer."""
        return response

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Leave `Accept` alone."""
        return (None, "")


def owner_of(request: Request) -> Any:
    """Whose series a request writes: the token's person, or whom the header or the parameter names."""
    named = request.headers.get(OWNER_HEADER) or request.query_params.get(OWNER_PARAMETER)
    caller: User = request.user  # type: ignore[assignment]
    try:
        return caller.pk if named is None else Push(caller, timezone.now()).owner(named)
    except ValueError as error:
        raise exceptions.ValidationError(f"{OWNER_HEADER}: {error}") from None


def _as_api_exception(exc: Exception) -> Exception:
    if isinstance(exc, ValueError):
        return exceptions.ParseError(str(exc))
    if isinstance(exc, TooManySamples):
        return TooLarge(str(exc))
    if isinstance(exc, RequestDataTooBig):
        return TooLarge()
    if isinstance(exc, OperationalError | InterfaceError):
        return CannotStore()
    return exc
