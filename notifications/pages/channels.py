"""The list of channels, and the routes of their pages."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import action, display

from notifications.channels.status import STATUS_LABELS, state_of
from notifications.filters import ChannelFilter
from notifications.models import Channel
from notifications.pages.channel import channel_page, close_breaker, edit_channel, kinds_page, new_channel, test_channel
from notifications.registries import channels
from smartagent.kernel.scope import has_everyone
from smartagent.shell.filtered_list import FilteredAdmin, FilteredChangeList
from smartagent.templatetags.shown import SEVERITY_TONES, when


class ChannelChangeList(FilteredChangeList):
    """A list whose rows link to the pages of the channels."""

    def url_for_result(self, result: Channel) -> str:
        return reverse("admin:notifications_channel_page", args=[result.pk])


@admin.register(Channel)
class ChannelAdmin(FilteredAdmin):
    slug = "channels"
    filterset_class = ChannelFilter
    empty_title = "No channel yet"
    empty_text = "Notifications appear in the inbox. Add a channel to receive them by e-mail, chat or SMS."
    list_display = ("shown_name", "kind_label", "state_label", "user", "shown_position", "since")
    list_display_links = ("shown_name",)
    list_select_related = ("user",)
    sortable_by = ("shown_name", "shown_position")
    search_fields = ("name", "user__email", "user__full_name")
    search_help_text = "Name or person"
    actions_list = ("preferences",)
    pages = {
        "add/": (kinds_page, "add"), "add/<slug:kind>/": (new_channel, "new"),
        "<uuid:channel_id>/": (channel_page, "page"), "<uuid:channel_id>/edit/": (edit_channel, "edit"),
        "<uuid:channel_id>/test/": (test_channel, "test"), "<uuid:channel_id>/close/": (close_breaker, "close"),
    }  # fmt: skip

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FilteredChangeList]:
        return ChannelChangeList

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return tuple(name for name in self.list_display if name != "user" or has_everyone(request.user, "view"))

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        found = self.find(request, object_id)
        return HttpResponseRedirect(reverse("admin:notifications_channel_page", args=[found.pk]))

    @action(description="Preferences", url_path="to-preferences")
    def preferences(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:preferences"))

    @display(description="name", ordering="name")
    def shown_name(self, channel: Channel) -> str:
        return format_html('<span class="sa-text">{}</span>', channel.name)

    @display(description="type", ordering="kind")
    def kind_label(self, channel: Channel) -> str:
        return channels[channel.kind].label if channel.kind in channels else f"{channel.kind} (not installed)"

    @display(description="state", label=SEVERITY_TONES)
    def state_label(self, channel: Channel) -> tuple[str, str]:
        state = state_of(channel)
        return (state, STATUS_LABELS[state])

    @display(description="order", ordering="position")
    def shown_position(self, channel: Channel) -> int:
        return channel.position

    @display(description="failures")
    def since(self, channel: Channel) -> str:
        if channel.is_open:
            return format_html(
                "<span>since {}; next attempt {}</span>", when(channel.opened_at), when(channel.retry_at)
            )
        if channel.retry_at:
            return format_html("<span>waits for the network; next attempt {}</span>", when(channel.retry_at))
        return f"{channel.failures} consecutive failures" if channel.failures else ""
