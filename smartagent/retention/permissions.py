"""Who may see what the installation keeps: administrators."""

from typing import Any

from django.http import HttpRequest
from rest_framework.permissions import BasePermission


def may_look(request: HttpRequest) -> bool:
    """Administrators only."""
    return bool(request.user.has_perm("smartagent.change_user"))


class MayLook(BasePermission):
    message = "Only administrators can view retention."

    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user.is_authenticated) and may_look(request)
