"""The pages of a channel: choice of its kind, form, and its page with status, test and preview."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from notifications.channels import Address
from notifications.channels.status import STATUS_LABELS, state_of
from notifications.delivery.breaker_notices import reset
from notifications.delivery.channel_setup import NotInUse, save, try_out
from notifications.delivery.samples import example
from notifications.delivery.statistics import figures_of
from notifications.models import Channel, Delivery, DeliveryAttempt
from notifications.pages.channel_preview import preview_of
from notifications.pages.forms.channel import ChannelForm
from notifications.registries import channels
from notifications.templating.context import VARIABLES
from notifications.templating.filters import FILTERS
from notifications.templating.tags import TEMPLATE_TAGS
from smartagent.kernel.limits import too_many
from smartagent.kernel.recent_sign_in import way_to_confirm
from smartagent.shell.locked_secrets import lock_of
from smartagent.shell.owned_admin import OwnedAdmin
from smartagent.shell.shown_once import shown_once

MAX_ATTEMPTS_SHOWN = 10


def address_of(channel: Channel) -> str:
    """Return the address of a channel's page."""
    return reverse("admin:notifications_channel_page", args=[channel.pk])


@require_safe
def kinds_page(request: HttpRequest, model_admin: OwnedAdmin) -> HttpResponse:
    """Show the kinds of channels to choose from."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    return model_admin.show(
        request, "notifications/channel_kinds.html", {"title": "Add channel", "kinds": list(channels)}
    )


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def new_channel(request: HttpRequest, model_admin: OwnedAdmin, kind: str) -> HttpResponse:
    """Create a channel of a kind."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    if kind not in channels:
        raise Http404("Unknown channel type.")
    me: Any = request.user
    return _form(request, model_admin, Channel(user=me, kind=kind, position=me.channels.count()))


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def edit_channel(request: HttpRequest, model_admin: OwnedAdmin, channel_id: uuid.UUID) -> HttpResponse:
    """Edit a channel."""
    channel = _changeable(request, model_admin, channel_id)
    if channel.kind not in channels:
        raise Http404("This channel type is not installed. Delete the channel.")
    return _form(request, model_admin, channel)


@require_safe
def channel_page(request: HttpRequest, model_admin: OwnedAdmin, channel_id: uuid.UUID) -> HttpResponse:
    """Show a channel: status, recent deliveries, and the preview of a message."""
    channel = model_admin.find(request, channel_id, "user")
    kind, state = channels.find(channel.kind), state_of(channel)
    address = Address(channel.config)
    last = DeliveryAttempt.objects.filter(delivery__channel=channel).select_related("delivery")
    context = {
        "title": channel.name, "channel": channel, "state": state, "state_label": STATUS_LABELS[state], "kind": kind,
        "where": kind.where(address) if kind else "",
        "preview": kind.preview(example(channel), address) if kind else "",
        "attempts": list(last.order_by("-started_at")[:MAX_ATTEMPTS_SHOWN]),
        "waiting": Delivery.objects.filter(channel=channel, status__in=["due", "held"]).count(),
        "figures": figures_of(Delivery.objects.filter(channel=channel), timezone.now()),
        "may_change": model_admin.has_change_permission(request, channel),
        "may_delete": model_admin.has_delete_permission(request, channel),
    }  # fmt: skip
    return model_admin.show(request, "notifications/channel_page.html", context)


@require_POST
def test_channel(request: HttpRequest, model_admin: OwnedAdmin, channel_id: uuid.UUID) -> HttpResponse:
    """Send a test message, and show the result."""
    channel = _changeable(request, model_admin, channel_id)
    try:
        attempt = try_out(channel, str(request.user), timezone.now())
    except NotInUse as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(address_of(channel))
    if attempt.outcome == DeliveryAttempt.Outcome.DELIVERED:
        messages.success(request, f"Test message delivered in {attempt.milliseconds:,.0f} ms.")
    else:
        messages.error(request, f"Test message failed. {attempt.error}")
    return HttpResponseRedirect(address_of(channel))


@require_POST
def close_breaker(request: HttpRequest, model_admin: OwnedAdmin, channel_id: uuid.UUID) -> HttpResponse:
    """Close the circuit breaker, so that the channel is used again at once."""
    channel = _changeable(request, model_admin, channel_id)
    reset(channel)
    messages.success(request, "Channel enabled again. Waiting notifications are sent now.")
    return HttpResponseRedirect(address_of(channel))


def _form(request: HttpRequest, model_admin: OwnedAdmin, channel: Channel) -> HttpResponse:
    form = ChannelForm(request.POST or None, channel=channel, lock=lock_of(request))
    if form.lock and form.fresh and request.method == "GET" and form.needs_secret:
        return HttpResponseRedirect(way_to_confirm(request))
    looks = "_preview" in request.POST
    if looks and (refused := too_many(request, "previews")):
        return refused
    if request.method == "POST" and form.is_valid() and not looks:
        waited = save(form.instance, form.values, timezone.now())
        plural = "waiting notification is sent" if waited == 1 else "waiting notifications are sent"
        messages.success(request, "Channel saved." + (f" {waited:,} {plural} now." if waited else ""))
        return _made(request, form) if form.made else HttpResponseRedirect(address_of(form.instance))
    title = f"Add: {form.kind.label}" if form.fresh else f"Edit {channel.name}"
    back = reverse("admin:notifications_channel_changelist") if form.fresh else address_of(channel)
    context = {
        "title": title,
        "form": form,
        "kind": form.kind,
        "back": back,
        "names": VARIABLES.items(),
        "filters": sorted(FILTERS),
        "tags": TEMPLATE_TAGS,
    }
    context |= preview_of(form, request.POST.get("_firing", ""))
    if looks and "HX-Request" in request.headers:
        return render(request, "notifications/_wording_preview.html", context)
    return model_admin.show(request, "notifications/channel_form.html", context)


def _made(request: HttpRequest, form: ChannelForm) -> HttpResponse:
    label, secret = next(iter(form.made.items()))
    words = f"Copy the {label.lower()} of “{form.instance.name}” now for the receiver. It is not shown again."
    return shown_once(request, title=label, words=words, secret=secret, label=label, way_on=address_of(form.instance))


def _changeable(request: HttpRequest, model_admin: OwnedAdmin, channel_id: uuid.UUID) -> Channel:
    channel: Channel = model_admin.find(request, channel_id, "user")
    if not model_admin.has_change_permission(request, channel):
        raise PermissionDenied
    return channel
