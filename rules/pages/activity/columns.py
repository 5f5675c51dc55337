"""The columns of the activity list: which there are, which are shown, and how that is remembered."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.http.response import HttpResponseBase

LIST_COLUMNS = {
    "time": "Time", "event": "Event", "description": "Description", "person": "Person", "rule": "Rule",
    "target": "Integration or series", "result": "Result", "severity": "Severity", "error": "Error",
}  # fmt: skip
DEFAULT_COLUMNS = ("time", "event", "description", "rule", "result", "severity", "error")
COOKIE, PARAMETER, MONTH = "activity_columns", "columns", 30 * 24 * 3600
DENSITY, DENSITIES = "activity_density", ("", "comfortable", "compact")


def shown_columns(request: HttpRequest) -> list[str]:
    """Those of the address, else those that were shown last, else the default; the time always."""
    asked = request.GET.getlist(PARAMETER)
    chosen = _known(",".join(asked).split(",")) if asked else _known(request.COOKIES.get(COOKIE, "").split("."))
    return chosen or list(DEFAULT_COLUMNS)


def is_dense(request: HttpRequest) -> bool:
    """Whether rows are one line high."""
    return request.GET.get("density", request.COOKIES.get(DENSITY)) == "compact"


def remember(request: HttpRequest, response: HttpResponseBase) -> None:
    """Keep the columns and the density that the address asks for, for the next time."""
    if PARAMETER in request.GET:
        response.set_cookie(COOKIE, ".".join(shown_columns(request)), max_age=12 * MONTH, samesite="Lax", httponly=True)
    if request.GET.get("density") in DENSITIES[1:]:
        response.set_cookie(DENSITY, request.GET["density"], max_age=12 * MONTH, samesite="Lax", httponly=True)


def _known(names: Sequence[str]) -> list[str]:
    chosen = {name for name in names if name in LIST_COLUMNS}
    return [name for name in LIST_COLUMNS if name == "time" or name in chosen] if chosen else []
