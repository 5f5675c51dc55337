"""The admin site."""

from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite


class Site(UnfoldAdminSite):  # type: ignore[misc]
    """One admin site for everybody who is signed in."""

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active)
