"""Probes of a load balancer, systemd or Kubernetes: `/healthz` (alive) and `/readyz` (ready to do its work).

They are answered before all other middleware: without a sign-in, for any Host header, over plain HTTP, without limits
of requests, and where the database is down. The form is that of draft-inadarei-api-health-check, without its arrays.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils import timezone

from smartagent.monitoring.readiness import State, examine

CONTENT_TYPE = "application/health+json"


class ProbeMiddleware:
    """Answers probes; everything else goes on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info)
        if probe is None:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return probe()


def alive() -> HttpResponse:
    """This process answers requests."""
    return _response({"status": "pass"}, 200)


def ready() -> HttpResponse:
    """This process can do its work, and the workers do theirs; 503 where a check fails."""
    results = examine(timezone.now())
    checks = {each.name: {"status": each.state, "output": each.output} for each in results}
    found = {each.state for each in results}
    status = next((state for state in (State.FAIL, State.WARN) if state in found), State.PASS)
    return _response({"status": status, "checks": checks}, 503 if status == State.FAIL else 200)


PROBES: dict[str, Callable[[], HttpResponse]] = {"/healthz": alive, "/readyz": ready}


def _response(facts: dict[str, Any], status: int) -> HttpResponse:
    return JsonResponse(facts, status=status, content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})
