"""Bulk resend of deliveries that failed since a time, confirmed with their number."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from unfold.widgets import INPUT_CLASSES, UnfoldAdminSelectWidget

from notifications.delivery.statistics import SINCE
from notifications.models import Channel, Delivery
from notifications.models.delivery_querysets import DeliveryQuerySet
from smartagent.kernel.formats import clock, counted
from smartagent.kernel.times import TimeInput
from smartagent.shell.confirmation import Confirmation, confirm
from smartagent.shell.owned_admin import OwnedAdmin

KEPT_ID_NOTE = (
    "Each delivery keeps its ID, so receivers can detect duplicates. If a channel is failing, its deliveries wait "
    "until the channel works again."
)
DATETIME_LOCAL = "%Y-%m-%dT%H:%M"


class ResendForm(forms.Form):
    """The time, and optionally the channel, of the failed deliveries."""

    since = TimeInput(
        label="Failed since",
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local", "class": " ".join(INPUT_CLASSES)}, format=DATETIME_LOCAL
        ),
    )  # fmt: skip
    channel = forms.ModelChoiceField(
        Channel.objects.none(), required=False, empty_label="any", widget=UnfoldAdminSelectWidget
    )

    def __init__(self, data: Any, *, user: Any) -> None:
        first = timezone.localtime(timezone.now() - SINCE)
        super().__init__(data, initial={"since": first})
        field: Any = self.fields["channel"]
        field.queryset = Channel.objects.changeable_by(user).in_use()

    def chosen(self, user: Any) -> DeliveryQuerySet:
        """Return the deliveries to resend."""
        found: DeliveryQuerySet = Delivery.objects.changeable_by(user).dead().resendable()
        found = found.filter(created_at__gte=self.cleaned_data["since"])
        channel = self.cleaned_data["channel"]
        return found.filter(channel=channel) if channel else found


@require_http_methods(["GET", "POST"])
def resend_all(request: HttpRequest, model_admin: OwnedAdmin) -> HttpResponse:
    """Ask for confirmation with the number of messages; on POST resend them."""
    if not model_admin.has_change_permission(request):
        raise PermissionDenied
    form = ResendForm(request.POST or request.GET or None, user=request.user)
    known = form.is_bound and form.is_valid()
    if request.method == "POST" and known:
        sent = form.chosen(request.user).resend(timezone.now())
        messages.success(request, f"{counted(sent, 'delivery', 'deliveries')} queued again.")
        return HttpResponseRedirect(reverse("admin:notifications_delivery_changelist"))
    count = form.chosen(request.user).count() if known else None
    if count:
        return _ask(model_admin, request, form, count)
    return model_admin.show(
        request, "notifications/resend.html", {"title": "Resend failed deliveries", "form": form, "count": count}
    )


def _ask(model_admin: OwnedAdmin, request: HttpRequest, form: ResendForm, count: int) -> HttpResponse:
    """Show the number of deliveries, and the button that resends them."""
    since, channel = form.cleaned_data["since"], form.cleaned_data["channel"]
    by = f" by “{channel}”" if channel else ""
    requested = Confirmation(
        title="Resend failed deliveries", verb=f"Send {count} again",
        cancel=reverse("admin:notifications_delivery_changelist"),
        warning=f"{counted(count, 'notification')} failed since {clock(since)}{by}. {KEPT_ID_NOTE}",
        hidden=(("since", form["since"].data), *((("channel", str(channel.pk)),) if channel else ())),
    )  # fmt: skip
    return confirm(request, requested, context={"opts": model_admin.opts})
