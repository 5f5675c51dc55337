"""Which scope a token needs for a request, and the refusal of a token without it (RFC 6750, 3.1)."""

from collections.abc import Collection
from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from smartagent.kernel.token_scopes import TokenScope, in_words


class InsufficientScope(PermissionDenied):
    """The token lacks the scope that the request needs."""

    default_code = "insufficient_scope"

    def __init__(self, needed: TokenScope, scopes: Collection[str]) -> None:
        super().__init__(f"This token lacks the scope {needed}. Its scopes: {in_words(scopes)}.")
        self.auth_header = f'Bearer realm="Smart Agent", error="insufficient_scope", scope="{needed}"'


def needed_scope(method: str, view: Any) -> TokenScope | None:
    """Return the scope for `method` of `view`; None where any will do.

    Reading needs `read`, or the `read_scope` of the view. Anything else needs the `scope` that the view or the action
    declares, or else `write`.
    """
    if getattr(view, "any_scope", False):
        return None
    if method in SAFE_METHODS:
        return getattr(view, "read_scope", TokenScope.READ)
    return getattr(view, "scope", None) or TokenScope.WRITE


def refuse_without_scope(request: Request, scopes: Collection[str]) -> None:
    """Raise InsufficientScope where a token with these scopes may not make the request. That a view has no such
    method, it says itself."""
    method, view = request.method or "", request.parser_context["view"]
    needed = needed_scope(method, view)
    if needed and needed not in scopes and method in view.allowed_methods:
        raise InsufficientScope(needed, scopes)
