"""What needs a recent sign-in: secrets, tokens, roles and the switch that stops everything.

Whoever signed in longer ago confirms who they are, by password or second factor, and goes on. A form that was opened in
time may be sent for an hour; a POST is never kept to be sent again, for it may hold a password.

This is the list of all places; a test walks it, and names each route beside it that was left out on purpose.
"""

from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.http import urlencode

from rules.configuration.undo import is_sensitive
from rules.models import ActivityEntry
from smartagent.kernel.recent_sign_in import ASK_AGAIN, is_in_time, is_recent, note_opened

FORMS = {
    "admin:rules_datasource_add", "admin:rules_datasource_edit", "admin:rules_datasource_delete",
    "admin:change_email", "admin:person_export", "admin:person_erase", "admin:audit_accept",
    "admin:smartagent_apitoken_add", "admin:smartagent_apitoken_delete", "admin:smartagent_apitoken_rotate",
    "admin:smartagent_user_add", "admin:smartagent_user_change", "admin:auth_user_password_change",
    "admin:smartagent_serviceaccount_add", "admin:smartagent_serviceaccount_change",
}  # fmt: skip
# Forms in which only secrets need it: their fields are locked, see `shell.locked_secrets`.
FORMS_WITH_SECRETS = {
    "admin:notifications_channel_new", "admin:notifications_channel_edit",
    "admin:rules_integration_add", "admin:rules_integration_change",
}  # fmt: skip
BUTTONS = {  # and the pages where they are
    "admin:optimizer_stop": "admin:optimizer_policy", "admin:optimizer_release": "admin:optimizer_policy",
    "admin:smartagent_user_changelist": "admin:smartagent_user_changelist",
    "admin:revoke_session_of": "admin:sessions_of",
    "admin:smartagent_apitoken_changelist": "admin:smartagent_apitoken_changelist",
    "admin:rules_datasource_changelist": "admin:rules_datasource_changelist",
}  # fmt: skip
# Of the API, with the session of a browser.
REQUESTS = {
    "token-list", "token-detail", "token-rotate", "token-revoke",
    "person-list", "person-detail", "person-sessions", "person-session", "person-export", "person-erase",
    "group-list", "group-detail",
    "datasource-list", "datasource-detail", "channel-new-key", "optimizer-policy",
}  # fmt: skip
# Undoing a change needs what its form needs.
UNDO_BUTTON, UNDO_REQUEST = "admin:configuration_change", "configurationchange-undo"
# Of these only what has a secret: see `rest.recent_sign_in`.
REQUESTS_WITH_SECRETS = {"channel-list", "channel-detail", "integration-list", "integration-detail"}
CHANGES = ("POST", "PUT", "PATCH", "DELETE")
PRESS_AGAIN = "Nothing was changed yet. Confirm that it is you, then press the button again."
NO_WAY = "You have neither a password nor a second factor to confirm who you are. Sign out, and sign in again."


def confirmation_of(request: HttpRequest) -> HttpResponse | None:
    """The way to confirm who one is, where the page needs that; None where the request may go on."""
    where = request.resolver_match.view_name if request.resolver_match else ""
    is_post = request.method == "POST"
    if _is_request(request, where) and request.user.is_authenticated and not is_recent(request):
        return JsonResponse({"detail": [ASK_AGAIN]}, status=403)
    if not request.user.is_authenticated:
        return None
    if not is_post and where in FORMS | FORMS_WITH_SECRETS and is_recent(request):
        note_opened(request)
    undoes = is_post and where == UNDO_BUTTON and _undoes_sensitive(request)
    if not (where in FORMS or (is_post and where in BUTTONS) or undoes):
        return None
    if is_in_time(request) if is_post and where in FORMS else is_recent(request):
        return None
    if where in BUTTONS or undoes:
        messages.info(request, PRESS_AGAIN)
    return confirm_identity(request, _page_of(request, where) if where in BUTTONS else request.get_full_path())


def _page_of(request: HttpRequest, where: str) -> str:
    """The page with the button."""
    match: Any = request.resolver_match
    return reverse(BUTTONS[where], kwargs=match.kwargs)


def _is_request(request: HttpRequest, where: str) -> bool:
    name = where.rpartition(":")[2]
    if request.method not in CHANGES or not where.startswith("api:"):
        return False
    return name in REQUESTS or (name == UNDO_REQUEST and _undoes_sensitive(request))


def _undoes_sensitive(request: HttpRequest) -> bool:
    """Whether the request undoes a change that itself needs a recent sign-in."""
    given: Any = request.resolver_match and request.resolver_match.kwargs
    entry = ActivityEntry.objects.filter(pk=given.get("key") or given.get("pk")).first()
    return entry is not None and is_sensitive(entry)


def confirm_identity(request: HttpRequest, way_on: str) -> HttpResponse:
    """Lead to the page where the person confirms who they are, and from there to `way_on`."""
    methods: list[dict[str, Any]] = get_adapter().get_reauthentication_methods(request.user)
    if not methods:
        raise PermissionDenied(NO_WAY)
    address = str(methods[0]["url"])
    return HttpResponseRedirect(f"{address}{'&' if '?' in address else '?'}{urlencode({'next': way_on})}")
