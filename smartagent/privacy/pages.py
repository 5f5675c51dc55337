"""Buttons of a person's page, for administrators: export of personal data, and erasure."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from smartagent.kernel.formats import counted
from smartagent.models import User
from smartagent.privacy.erasure import CannotErase, erase_person, refusal_of
from smartagent.privacy.export import export_response
from smartagent.shell.confirmation import Confirmation, confirm, is_confirmed

WARNING = (
    "Sessions, tokens, second factors, channels, integrations, notifications and readings are deleted. The account is "
    "emptied and deactivated. Entries of the activity log no longer name the person. Rules stay, but no longer act. "
    "This cannot be undone. Export the data first if the person wants them."
)


@require_safe
def export_page(request: HttpRequest, key: UUID) -> StreamingHttpResponse:
    """Everything about the person as a JSON file."""
    return export_response(_person(request, key), timezone.now())


@require_http_methods(["GET", "HEAD", "POST"])
def erase_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask for confirmation, then erase the person."""
    person, back = _person(request, key), reverse("admin:person", args=[key])
    refusal = refusal_of(person, request.user)
    if refusal or not is_confirmed(request):
        requested = Confirmation(
            title=f"Erase {person}?",
            verb="" if refusal else "Erase",
            cancel=back,
            warning=refusal or WARNING,
            danger=True,
        )
        return confirm(request, requested)
    try:
        done = erase_person(person, request.user, timezone.now())
    except CannotErase as reason:
        messages.error(request, str(reason))
    else:
        rows, entries = counted(done.rows, "row"), counted(done.entries, "entry", "entries")
        messages.success(request, f"Person erased: {rows} deleted, {entries} no longer name the person.")
    return HttpResponseRedirect(back)


def _person(request: HttpRequest, key: UUID) -> User:
    """Administrators only, before it is said whether there is such a person."""
    if not request.user.has_perm("smartagent.change_user"):
        raise PermissionDenied
    person = User.objects.filter(pk=key).first()
    if person is None:
        raise Http404("There is no such person.")
    return person
