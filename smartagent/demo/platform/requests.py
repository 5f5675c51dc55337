"""The routes of the example platform."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from smartagent.demo.platform.page import page_of
from smartagent.demo.platform.service import SERVICE_PARTS, Reply, Service

NOT_FOUND_REPLY: Reply = (HTTPStatus.NOT_FOUND, {"error": "not_found"})


@dataclass(frozen=True, slots=True)
class PlatformRequest:
    """A request: method, path, headers and body."""

    method: str
    path: str
    headers: Mapping[str, str]  # their names in small letters
    body: bytes = b""

    def form(self) -> dict[str, str]:
        """Parse the body, JSON or a form, into its fields."""
        text = self.body.decode("utf-8", "replace")
        if "json" not in self.headers.get("content-type", ""):
            return dict(parse_qsl(text))
        try:
            found = json.loads(text)
        except ValueError:
            return {}
        return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}

    def client(self) -> tuple[str, str]:
        """Return the client's id and secret, from HTTP Basic or the form."""
        kind, _, given = self.headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            return self.form().get("client_id", ""), self.form().get("client_secret", "")
        try:
            name, _, secret = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return "", ""
        return unquote_plus(name), unquote_plus(secret)

    def bearer(self) -> str:
        """Return the bearer token, empty without one."""
        kind, _, given = self.headers.get("authorization", "").partition(" ")
        return given if kind.lower() == "bearer" else ""


@dataclass(slots=True)
class Platform:
    """All integrations of the example platform, and a log of the requests."""

    services: dict[str, Service]
    asked: list[str] = field(default_factory=list)  # of the integrations, not of the control

    def answer(self, request: PlatformRequest) -> Reply | str:
        """Return the response: status code and JSON, or a page."""
        first, _, rest = request.path.strip("/").partition("/")
        if first == "control":
            return self._control(request, rest)
        if not first and request.method == "GET":
            return page_of([service.as_dict() for service in self.services.values()])
        self.asked.append(f"{request.method} {request.path}")
        service = self.services.get(first)
        return _of_service(service, request, rest) if service else NOT_FOUND_REPLY

    def _control(self, request: PlatformRequest, rest: str) -> Reply:
        if request.method == "GET" and not rest:
            return HTTPStatus.OK, {"integrations": self._states(), "asked": self.asked[-100:]}
        name, _, verb = rest.partition("/")
        part = next((each for each in SERVICE_PARTS if each == request.form().get("what")), None)
        if request.method != "POST" or name not in self.services or verb not in ("break", "heal"):
            return NOT_FOUND_REPLY
        if verb == "break" and part is None:
            return HTTPStatus.BAD_REQUEST, {"error": f"“what” is one of {', '.join(SERVICE_PARTS)}."}
        if verb == "break" and part:
            self.services[name].broke(part)
        else:
            self.services[name].healed(part)
        return HTTPStatus.OK, self.services[name].as_dict()

    def _states(self) -> list[dict[str, Any]]:
        return [service.as_dict() for service in self.services.values()]


def _of_service(service: Service, request: PlatformRequest, rest: str) -> Reply:
    match request.method, rest:
        case "GET", "health":
            return service.health()
        case "GET", "me":
            return service.me(request.bearer())
        case "POST", "oauth/token":
            key = request.headers.get("idempotency-key", "")
            return service.renew(request.form(), request.client(), key)
        case "POST", "refresh":
            return service.fetch(request.body, request.headers)
        case "POST", "hook":
            return service.take()
    return NOT_FOUND_REPLY
