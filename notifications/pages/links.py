"""What links in messages lead to: a page that asks, and does it when somebody says yes. No sign-in is needed.

A GET changes nothing: programs that look at every link of a mail do no harm. RFC 8058: a mail program unsubscribes by a
POST without a page.
"""

from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from notifications.feedback import entry_of
from notifications.gateway import Message, post
from notifications.models import Notification
from notifications.outgoing import Channel
from notifications.signed_links import ACKNOWLEDGE, UNSUBSCRIBE, LinkInvalid, read
from rules.handling import acknowledge as acknowledge_states
from rules.models import ActivityEntry, RuleState
from smartagent.models import User

GONE = "What this message told is not there any more."


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def acknowledge(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to acknowledge what a message told; on POST do it."""
    try:
        key, person = read(ACKNOWLEDGE, token)
    except LinkInvalid as error:
        return _page(request, "This link does not work", str(error), status=410)
    who = User.objects.filter(pk=person, is_active=True).first()
    told = Notification.objects.filter(pk=key).first()
    state = _state_of(told) if told and who else None
    if who is None or told is None or state is None:
        return _page(
            request, "There is nothing to acknowledge", "What this message told is not there any more.", status=410
        )
    if state.condition not in ("firing", "recovering"):
        return _page(request, told.title, "It does not fire any more; there is nothing to acknowledge.")
    if request.method != "POST":
        return _page(request, told.title, told.message, verb="Acknowledge")
    acknowledge_states(RuleState.objects.filter(pk=state.pk), who, timezone.now(), comment="By the link in a message.")
    return _page(request, told.title, f"{who} has acknowledged it: repeats are stopped.")


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to send nothing more by this channel; on POST do it. The signed link stands for who asks."""
    try:
        key, _ = read(UNSUBSCRIBE, token)
    except LinkInvalid as error:
        return _page(request, "This link does not work", str(error), status=410)
    channel = Channel.objects.filter(pk=key).first()
    if channel is None or not channel.enabled:
        return _page(request, "Unsubscribed", "Nothing is sent there any more.")
    if request.method != "POST":
        return _page(request, "Unsubscribe", f"Send nothing more by “{channel.name}”?", verb="Send nothing more")
    if Channel.objects.filter(pk=key, enabled=True).update(enabled=False):
        post([_unsubscribed(channel)], timezone.now())
    return _page(request, "Unsubscribed", f"Nothing is sent by “{channel.name}” any more. Sign in to take it back.")


def _unsubscribed(channel: Channel) -> Message:
    return Message(
        user_id=channel.user_id, type="warning", severity="medium", reason="channel", action_url="/channels/",
        title=f"“{channel.name}” is switched off", metadata={"channel": str(channel.pk)}, without=[channel.pk],
        message="Somebody followed “unsubscribe” in one of its messages. Switch it on again if that was a mistake.",
    )  # fmt: skip


def _state_of(told: Notification) -> RuleState | None:
    key = entry_of(told)
    entry = ActivityEntry.objects.filter(pk=key).first() if key else None
    if entry is None or entry.state_id is None:
        return None
    return RuleState.objects.select_related("rule").filter(pk=entry.state_id).first()


def _page(request: HttpRequest, title: str, text: str, *, verb: str = "", status: int = 200) -> HttpResponse:
    context = {**site.each_context(request), "heading": title, "text": text, "verb": verb}
    return render(request, "notifications/link.html", context, status=status)
