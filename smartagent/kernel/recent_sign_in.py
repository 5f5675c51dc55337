"""Whether a request comes soon after a sign-in, as secrets, tokens and roles need it.

A form that was opened in time may be sent for an hour: the session notes when it was opened.
"""

import time
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.urls import reverse
from django.utils.http import urlencode

SECONDS_TO_FILL_IN = 3600
FORMS_OPENED_KEY = "forms_opened"
ASK_AGAIN = "This needs a recent sign-in. Open /confirm/ in the browser, then try again."


def is_recent(request: Any) -> bool:
    """Whether the person has signed in, or confirmed who they are, within the minutes of the setting."""
    records = get_authentication_records(request, request.user)
    at = max((float(each.get("at", 0)) for each in records), default=0.0)
    return time.time() - at < int(settings.REAUTHENTICATION_MINUTES) * 60


def note_opened(request: Any) -> None:
    """Note that the form at this address is open, with a recent sign-in."""
    now, opened = time.time(), _opened(request)
    kept = {path: at for path, at in opened.items() if now - at < SECONDS_TO_FILL_IN}
    request.session[FORMS_OPENED_KEY] = kept | {request.path: int(now)}


def is_in_time(request: Any) -> bool:
    """Whether the sign-in is recent, or was so when the form at this address was opened, within an hour."""
    return is_recent(request) or time.time() - _opened(request).get(request.path, 0) < SECONDS_TO_FILL_IN


def way_to_confirm(request: Any) -> str:
    """The address at which the person confirms who they are, and comes back to this page."""
    return f"{reverse('account_reauthenticate')}?{urlencode({'next': request.get_full_path()})}"


def _opened(request: Any) -> dict[str, float]:
    """When the forms of the session were opened, by their paths."""
    return request.session.get(FORMS_OPENED_KEY) or {}
