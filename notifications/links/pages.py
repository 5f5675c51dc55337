"""Pages behind links in messages: they ask for confirmation, then act, without sign-in.

A GET changes nothing, so mail scanners that follow every link do no harm. RFC 8058: a mail program unsubscribes by a
POST without a page. The signed link identifies the person, so there is no cookie that a forged form could use.
"""

from collections.abc import Mapping

from django.contrib.admin import site
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from notifications.gateway import Message, post
from notifications.links.actions import SNOOZES, NothingToDo, answer, question
from notifications.links.signing import ACKNOWLEDGE, UNSUBSCRIBE, Link, LinkInvalid, read
from notifications.models import Channel, Notification
from notifications.routing.mutes import NoSuchRule, mute
from rules.models import AutomationRule
from rules.models.recorded import acting_as
from smartagent.accounts.sign_in_limits import address_key, count_wrong
from smartagent.kernel.attempts import Blocked, refuse_blocked
from smartagent.models import User

LINK_GONE = "Invalid link"
MUTE, BY_LINK = "mute", "by a link in a message"


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def acknowledge(request: HttpRequest, token: str) -> HttpResponse:
    """Ask what to do about the alert of a message; on POST do it."""
    now = timezone.now()
    try:
        link = _link(request, ACKNOWLEDGE, token)
    except LinkInvalid as error:
        return _page(request, LINK_GONE, str(error), status=410)
    except Blocked as blocked:
        return _blocked(request, blocked)
    notification = Notification.objects.filter(pk=link.subject, user=link.person).select_related("user", "rule").first()
    title = notification.title if notification else "No action needed"
    try:
        requested = question(notification, now)
        if request.method != "POST":
            many = f"\n\nOf {requested.count:,} instances that are still firing." if requested.count > 1 else ""
            return _page(
                request, title, requested.notification.message + many, {"acknowledge": "Acknowledge"} | SNOOZES
            )
        return _page(request, title, answer(requested, request.POST.get("do", "acknowledge"), now))
    except NothingToDo as nothing:
        return _page(request, title, str(nothing), status=nothing.status)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to disable this channel, or to mute this rule; on POST do it."""
    try:
        link = _link(request, UNSUBSCRIBE, token)
    except LinkInvalid as error:
        return _page(request, LINK_GONE, str(error), status=410)
    except Blocked as blocked:
        return _blocked(request, blocked)
    channel = Channel.objects.filter(pk=link.subject, user=link.person).first()
    if channel is None or not channel.enabled:
        return _page(request, "Unsubscribed", "This channel no longer sends notifications.")
    rule = AutomationRule.objects.filter(pk=link.rule).first() if link.rule else None
    if request.method != "POST":
        return _page(request, "Unsubscribe", f"Unsubscribe from “{channel.name}”?", _ways_out(rule))
    if request.POST.get("do") == MUTE:
        return _mute(request, link, rule)
    if _disable(channel):
        post([_unsubscribed(channel)], timezone.now())
    return _page(
        request, "Unsubscribed", f"“{channel.name}” no longer sends notifications. Sign in to enable the channel again."
    )


def _link(request: HttpRequest, purpose: str, token: str) -> Link:
    """The content of a link. LinkInvalid; Blocked where the address has tried too many that nobody has made."""
    now = timezone.now()
    refuse_blocked([address_key(request)], now)
    try:
        return read(purpose, token)
    except LinkInvalid:
        count_wrong(request, token, now)
        raise


def _blocked(request: HttpRequest, blocked: Blocked) -> HttpResponse:
    response = _page(request, "Too many attempts", str(blocked), status=429)
    response["Retry-After"] = str(blocked.seconds)
    return response


def _ways_out(rule: AutomationRule | None) -> dict[str, str]:
    ways = {"off": "Unsubscribe from this channel"}
    return ways | ({MUTE: f"Only mute the rule “{rule.rule_name}”"} if rule else {})


def _mute(request: HttpRequest, link: Link, rule: AutomationRule | None) -> HttpResponse:
    person = User.objects.filter(pk=link.person, is_active=True).first()
    try:
        if person is None or rule is None:
            raise NoSuchRule(NoSuchRule.__doc__)
        with acting_as(person, BY_LINK):
            mute(person, rule.pk, None)
    except NoSuchRule as error:
        return _page(request, "Unsubscribe", str(error), status=410)
    text = f"Notifications of “{rule.rule_name}” appear in the inbox only. Unmute it under “Notification preferences”."
    return _page(request, "Muted", text)


@transaction.atomic
def _disable(channel: Channel) -> bool:
    """Disable the channel, as a change of its owner; return whether it was still enabled."""
    found = Channel.objects.select_for_update(of=("self",)).select_related("user").filter(pk=channel.pk, enabled=True)
    if (enabled := found.first()) is None:
        return False
    enabled.enabled = False
    with acting_as(enabled.user, BY_LINK):
        enabled.save(update_fields=["enabled"])
    return True


def _unsubscribed(channel: Channel) -> Message:
    return Message(
        user_id=channel.user_id, type="warning", severity="medium", reason="channel", action_url="/channels/",
        title=f"“{channel.name}” is disabled", metadata={"channel": str(channel.pk)}, without=[channel.pk],
        message="Disabled by the unsubscribe link in a notification. Enable the channel again if this was a mistake.",
    )  # fmt: skip


def _page(
    request: HttpRequest, title: str, text: str, verbs: Mapping[str, str] | None = None, *, status: int = 200
) -> HttpResponse:
    context = {**site.each_context(request), "heading": title, "text": text, "verbs": verbs or {}}
    return render(request, "notifications/link.html", context, status=status)
