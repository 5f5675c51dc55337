"""Django's model permissions, for reading too. Ownership is a matter of `scope`."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

PERMISSION_OF_METHOD = {"GET": "view", "HEAD": "view", "OPTIONS": "view", "POST": "add", "PUT": "change",
                        "PATCH": "change", "DELETE": "delete"}  # fmt: skip


class ModelPermissions(BasePermission):
    """A signed-in person who has the permission that the method needs on the view's model.

    A view can say otherwise by `needs`: a verb (`change`), a whole permission (`rules.change_automationrule`), or
    "" where being signed in is enough.
    """

    message = "Your roles do not allow this. Ask an administrator."

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        return all(request.user.has_perm(name) for name in needed(request.method or "", view))


def needed(method: str, view: Any) -> list[str]:
    """The permissions that `view` needs for `method`."""
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
