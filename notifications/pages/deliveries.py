"""The delivery log: every delivery with its outcome and error; failed ones can be resent, one or many."""

import uuid
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.views.decorators.http import require_POST, require_safe
from unfold.decorators import display

from notifications.channels import Address
from notifications.delivery.csv_export import as_csv
from notifications.delivery.latency_chart import latency_chart
from notifications.delivery.rendering import Unwritable, message_of
from notifications.delivery.samples import masked
from notifications.filters import DeliveryFilter
from notifications.models import Delivery
from notifications.pages.resend import ResendForm, resend_all
from notifications.registries import channels
from notifications.templating import worded
from smartagent.kernel.formats import counted
from smartagent.kernel.scope import has_everyone, visible_keys
from smartagent.shell.filtered_list import FilteredChangeList, RecordAdmin
from smartagent.shell.owned_admin import OwnedAdmin
from smartagent.templatetags.shown import SEVERITY_TONES, when


class DeliveryChangeList(FilteredChangeList):
    """A list whose rows link to the pages of the deliveries."""

    def url_for_result(self, result: Delivery) -> str:
        return reverse("admin:notifications_delivery_change", args=[result.pk])


def resend_one(request: HttpRequest, model_admin: OwnedAdmin, delivery_id: uuid.UUID) -> HttpResponse:
    """Resend one delivery, and return to its page."""
    delivery = model_admin.find(request, delivery_id)
    if not model_admin.has_change_permission(request) or not _may_resend(request, delivery):
        raise PermissionDenied
    if Delivery.objects.filter(pk=delivery.pk).resend(timezone.now()):
        messages.success(request, "Sent again.")
    else:
        messages.error(request, "The notification is being sent or was delivered, or its channel is disabled.")
    return HttpResponseRedirect(reverse("admin:notifications_delivery_change", args=[delivery.pk]))


@require_safe
def export(request: HttpRequest, model_admin: Any) -> HttpResponseBase:
    """Return the filtered and searched list as CSV; redirect to the list if a filter is invalid."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    listed = model_admin.get_changelist_instance(request)
    if listed.complaints:
        where = reverse("admin:notifications_delivery_changelist")
        return HttpResponseRedirect(f"{where}?{request.GET.urlencode()}")
    return as_csv(listed.queryset)


def _may_resend(request: HttpRequest, delivery: Delivery) -> bool:
    return bool(Delivery.objects.changeable_by(request.user).filter(pk=delivery.pk).exists())


@admin.register(Delivery)
class DeliveryAdmin(RecordAdmin):
    slug = "deliveries"
    filterset_class = DeliveryFilter
    keyset = "created_at"
    empty_title = "No deliveries yet"
    empty_text = "Deliveries of notifications by channel appear here, with status and error."
    list_before_template = "notifications/deliveries_before.html"
    list_display = (
        "shown_title", "status_label", "channel_label", "user", "reason_label", "shown_cause", "shown_attempts", "at",
    )  # fmt: skip
    list_display_links = ("shown_title",)
    list_select_related = ("user",)
    search_fields = ("title", "cause", "channel_name")
    search_help_text = "Title, channel or error"
    actions = ("resend",)  # type: ignore[assignment]
    pages = {
        "<uuid:delivery_id>/resend/": (require_POST(resend_one), "resend"), "resend/": (resend_all, "resend_all"),
        "export/": (export, "export"),
    }  # fmt: skip

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FilteredChangeList]:
        return DeliveryChangeList

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return tuple(name for name in self.list_display if name != "user" or has_everyone(request.user, "view"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("notifications.change_delivery"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        visible, now = Delivery.objects.visible_to(request.user), timezone.now()
        known: dict[str, Any] = {"latency": latency_chart(visible, now)}
        if self.has_change_permission(request):
            known["resend_form"] = ResendForm(None, user=request.user)
        return super().changelist_view(request, (extra_context or {}) | known)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return delivery_page(request, self, object_id)

    @admin.action(description="Send again", permissions=["change"])
    def resend(self, request: HttpRequest, queryset: Any) -> None:
        count = Delivery.objects.filter(pk__in=queryset.order_by().values("pk")).resend(timezone.now())
        rest = queryset.count() - count
        left = f" {rest:,} were already delivered or are being sent." if rest > 0 else ""
        messages.success(request, f"{counted(count, 'delivery', 'deliveries')} queued again.{left}")

    @display(description="message", ordering="title")
    def shown_title(self, delivery: Delivery) -> str:
        return format_html('<span class="sa-text">{}</span>', delivery.title)

    @display(description="status", ordering="status", label=SEVERITY_TONES)
    def status_label(self, delivery: Delivery) -> tuple[str, str]:
        return (delivery.status, delivery.get_status_display())

    @display(description="channel", ordering="channel_name")
    def channel_label(self, delivery: Delivery) -> str:
        return delivery.channel_name or "–"

    @display(description="reason", ordering="reason")
    def reason_label(self, delivery: Delivery) -> str:
        return capfirst(delivery.get_reason_display())

    @display(description="error")
    def shown_cause(self, delivery: Delivery) -> str:
        return format_html('<span class="sa-text sa-second">{}</span>', delivery.cause)

    @display(description="attempts", ordering="attempt_count")
    def shown_attempts(self, delivery: Delivery) -> int:
        return delivery.attempt_count

    @display(description="time", ordering="created_at")
    def at(self, delivery: Delivery) -> str:
        return when(delivery.created_at)


def delivery_page(request: HttpRequest, model_admin: OwnedAdmin, delivery_id: str) -> HttpResponse:
    """Show a delivery: its content, its attempts, and the other deliveries of the notification."""
    delivery = model_admin.find(request, delivery_id, "user", "channel", "notification", "rule", "bundle")
    parts = list(delivery.bundled.by_severity().select_related("notification", "user", "rule")[:50])
    others = Delivery.objects.none()
    if delivery.notification_id:
        others = Delivery.objects.visible_to(request.user).filter(notification=delivery.notification_id)
    context = {
        "title": delivery.title, "delivery": delivery, "attempts": list(delivery.in_order), "parts": parts,
        "others": list(others.exclude(pk=delivery.pk).order_by("created_at")[:50]),
        "content": _content(delivery, parts),
        "seen": visible_keys(
            request.user, delivery.rule, delivery.channel, delivery.notification, delivery.bundle, *parts
        ),
        "may_resend": delivery.status in ("dead", "skipped") and delivery.channel_id
        and model_admin.has_change_permission(request) and _may_resend(request, delivery),
    }  # fmt: skip
    return model_admin.show(request, "notifications/delivery_page.html", context)


def _content(delivery: Delivery, parts: list[Delivery]) -> str:
    """Return the message as its channel sends it, with secrets masked; empty if it can no longer be rendered."""
    if delivery.kind not in channels:
        return ""
    try:
        config = delivery.channel.config if delivery.channel else {}
        message = worded(masked(message_of(delivery, parts)), delivery.channel)
        return channels[delivery.kind].preview(message, Address(config))
    except Unwritable as error:
        return str(error)
