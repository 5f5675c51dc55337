"""Django's model permissions, for reading as well. `kernel.scope` handles ownership."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

PERMISSION_OF_METHOD = {"GET": "view", "HEAD": "view", "OPTIONS": "view", "POST": "add", "PUT": "change",
                        "PATCH": "change", "DELETE": "delete"}  # fmt: skip


class ModelPermissions(BasePermission):
    """Requires a signed-in person with the permission for the method on the view's model.

    A view overrides that by `needs`: a verb (`change`), a permission (`rules.change_automationrule`), or "" if being
    signed in suffices.
    """

    message = "Your roles do not allow this. Ask an administrator."

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        return all(request.user.has_perm(name) for name in needed(request.method or "", view))


def needed(method: str, view: Any) -> list[str]:
    """Return the permissions that `method` needs on `view`."""
    needs = getattr(view, "needs", None)
    if needs == "":
        return []
    if needs and "." in needs:
        return [needs]
    if method not in view.allowed_methods:  # the view will answer that there is no such method
        return []
    verb = needs or PERMISSION_OF_METHOD[method]
    options = view.queryset.model._meta
    return [f"{options.app_label}.{verb}_{options.model_name}"]
