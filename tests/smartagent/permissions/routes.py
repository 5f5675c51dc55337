"""Every address of the project with each of its methods: the rows of the matrix."""

import re
from collections.abc import Iterator
from typing import Any

from smartagent.urls import urlpatterns

PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
METHODS = ("get", "post", "put", "patch", "delete")
PAGE = ("get", "post")


def rows() -> dict[str, Any]:
    """The view of each `METHOD /route/`; not again of those below /api/v1/ that are /api/ once more."""
    found: dict[str, Any] = {}
    for route, view in _routes(urlpatterns):
        if not route.startswith("api/v1/") or "/" not in route.removeprefix("api/v1/"):
            found.update(
                {f"{method.upper()} /{route}": view for method in _methods(view) if _is_new(found, route, method)}
            )
    return found


def views_of_the_api(prefix: str) -> dict[str, Any]:
    """The view and the actions of each route below `prefix`."""
    return {
        route.removeprefix(prefix): (view.cls, getattr(view, "actions", None))
        for route, view in _routes(urlpatterns) if route.startswith(prefix) and hasattr(view, "cls")
    }  # fmt: skip


def kind_of(row: str) -> str:
    """The word before the first parameter: of which kind its object is. Empty where the route has none."""
    before, parameter, _ = row.partition("<")
    return before.rstrip("/").rpartition("/")[2] if parameter else ""


def _is_new(found: dict[str, Any], route: str, method: str) -> bool:
    """Whether no earlier route answers for it, as the page of a kind does for the admin's own."""
    return f"{method.upper()} /{route}" not in found


def _routes(patterns: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for each in patterns:
        route = prefix + str(each.pattern)
        if hasattr(each, "url_patterns"):
            yield from _routes(each.url_patterns, route)
        elif r"[\s\S]" not in route:  # nowhere
            yield route, each.callback


def _methods(view: Any) -> tuple[str, ...]:
    if actions := getattr(view, "actions", None):
        return tuple(method for method in METHODS if method in actions and method in view.cls.http_method_names)
    if hasattr(view, "cls"):
        return tuple(method for method in METHODS if hasattr(view.cls, method))
    return PAGE
