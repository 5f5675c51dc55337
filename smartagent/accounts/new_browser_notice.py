"""The notice that somebody signed in from a browser not known before: in the inbox, and by the channels of the person.

Known is a browser in which the person has signed in before; see `known_browsers`.
"""

from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse

from notifications.gateway import Message, post
from notifications.routing.subscribers import zone_named
from smartagent.accounts.known_browsers import browser_for
from smartagent.accounts.sign_in_limits import browser_account, origin
from smartagent.kernel.formats import clock
from smartagent.kernel.member_role import as_owner
from smartagent.models import User

SIGNED_IN_THERE = "Your account was signed in to from a new browser"
PASSWORD_SET_THERE = "Your password was set by a link, from a new browser"  # noqa: S105  a title
ADVICE = "If that was not you, sign this session out, and change your password."


def is_new_browser(request: HttpRequest, person: User) -> bool:
    """Whether the person has not signed in with this browser before."""
    return not browser_for(request, browser_account(person.email))


def notify_of_browser(request: HttpRequest, person: User, title: str, now: datetime) -> None:
    """Notify the person, with a link to their sessions."""
    where = origin(request)
    message = Message(
        user_id=person.pk, type="warning", severity="high", reason="other", title=title,
        message=f"{where['browser']}, from {where['address'] or 'an unknown address'}, "
            f"{clock(now, zone_named(person.time_zone))}. {ADVICE}",
        action_url=reverse("admin:security"),
    )  # fmt: skip
    with as_owner():
        post([message], now)
