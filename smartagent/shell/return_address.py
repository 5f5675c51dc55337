"""The address to return to after an action, always on this site."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def return_address(request: HttpRequest, fallback: str = "") -> str:
    """Return the page that `next` or the referrer names; else `fallback`, or the overview."""
    for address in (request.POST.get("next"), request.headers.get("referer")):
        if address and url_has_allowed_host_and_scheme(address, {request.get_host()}, request.is_secure()):
            return address
    return fallback or reverse("admin:index")
