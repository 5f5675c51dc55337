"""Permissions to see the report and to repair."""

from typing import Any

from django.http import HttpRequest
from rest_framework.permissions import BasePermission

from smartagent.kernel.scope import has_everyone


def may_look(request: HttpRequest) -> bool:
    """Everyone who sees everyone's objects: operators, auditors, administrators and staff."""
    return has_everyone(request.user, "view")


def may_repair(request: HttpRequest) -> bool:
    """Administrators only."""
    return bool(request.user.has_perm("smartagent.change_user"))


class MayLook(BasePermission):
    message = "Only operators, auditors and administrators can view system health."

    def has_permission(self, request: Any, view: Any) -> bool:
        return bool(request.user.is_authenticated) and may_look(request)
