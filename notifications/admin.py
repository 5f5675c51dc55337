"""The inbox page: one's own notifications, or everyone's for people who may see them."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from unfold.decorators import display

from notifications.filters import NotificationFilter
from notifications.inbox.snooze import snoozes
from notifications.inbox.status_changes import buttons, is_snoozed, mark
from notifications.models import Notification
from notifications.models.querysets import NotificationQuerySet
from notifications.pages import channels as channels
from notifications.pages import deliveries as deliveries
from notifications.pages import escalation as escalation
from notifications.pages.bell_panel import panel
from notifications.pages.feedback_column import JudgedAdmin
from notifications.pages.notification import notification_page
from notifications.pages.status_changes import handle_alerts, mark_one, read_all, snooze_many, snooze_one, zone_of
from rules.health.feedback import may_judge
from rules.models import AutomationRule
from smartagent.kernel.scope import has_everyone
from smartagent.templatetags.shown import SEVERITY_TONES, when


@admin.register(Notification)
class NotificationAdmin(JudgedAdmin):
    slug = "notifications"
    filterset_class = NotificationFilter
    keyset = "created_at"
    filter_defaults = {"whose": "mine", "status": "inbox"}
    change_list_template = "notifications/inbox.html"
    list_before_template = "notifications/inbox_before.html"
    empty_title = "Your inbox is empty"
    empty_text = "Notifications of your rules appear here."
    everything_qs = "?status="
    list_display = ("headline", "severity_label", "user", "rule_link", "at", "judged", "marks")
    list_display_links = ("headline",)
    list_select_related = ("rule", "user")
    sortable_by = ("severity_label", "at")
    search_fields = ("title", "message")
    search_help_text = "Title or message"
    actions = (
        "mark_read", "mark_unread", "archive", "snooze_1h", "snooze_4h", "snooze_morning", "judge_useful",
        "judge_noise", "withdraw",
    )  # type: ignore[assignment]  # fmt: skip
    pages = {
        "panel/": (panel, "panel"), "read-all/": (read_all, "read_all"),
        "<uuid:pk>/mark/<str:verb>/": (mark_one, "mark"), "<uuid:pk>/snooze/": (snooze_one, "snooze"),
        "<uuid:pk>/alerts/<str:verb>/": (handle_alerts, "alerts"),
    }  # fmt: skip

    def filterset(self, request: HttpRequest) -> Any:
        """Without a choice of whose for those who see only their own; who asks for a recipient means everyone's."""
        filterset = super().filterset(request)
        if not has_everyone(request.user, "view"):
            filterset.data["whose"] = "mine"
            filterset.form.fields.pop("whose")
            filterset.filters.pop("whose")
        elif filterset.data.get("recipient"):
            filterset.data["whose"] = "everyone"
        return filterset

    def get_queryset(self, request: HttpRequest) -> Any:
        """With whether the rule may be seen: those whom a rule of somebody else notifies may not."""
        seen = AutomationRule.objects.visible_to(request.user).filter(pk=OuterRef("rule_id"))
        return super().get_queryset(request).annotate(sees_rule=Exists(seen))

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        left_out = set() if may_judge(request.user) else {"judged"}
        if request.GET.get("whose", "mine") == "mine" and not request.GET.get("recipient"):
            left_out.add("user")
        return tuple(name for name in self.list_display if name not in left_out)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        mine, now = Notification.objects.addressed_to(request.user), timezone.now()
        may_change = request.user.has_perm("notifications.change_notification")
        known = {
            "has_unread": may_change and mine.unread(now).exists(), "snoozes": snoozes(now, zone_of(request)),
            "returned": mine.returned(now).order_by()[:RETURNED].count(),
        }  # fmt: skip
        return super().changelist_view(request, (extra_context or {}) | known)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return notification_page(request, self, object_id)

    # -- columns ---------------------------------------------------------------------------------

    @display(description="notification")
    def headline(self, notification: Notification) -> str:
        now = timezone.now()
        unread = notification.status == Notification.Status.UNREAD and not is_snoozed(notification, now)
        return format_html(
            '<span class="sa-text"><span class="sa-title {}">{}{}</span>{}<br>'
            '<span class="sa-second sa-excerpt">{}</span></span>',
            "sa-unread" if unread else "",
            SPOKEN if unread else "",
            notification.title,
            _snoozed(notification, now),
            notification.message,
        )

    @display(description="severity", ordering="severity", label=SEVERITY_TONES)
    def severity_label(self, notification: Notification) -> str:
        return notification.severity or ""

    @display(description="rule")
    def rule_link(self, notification: Notification) -> str:
        if notification.rule_id is None:
            return "–"
        if not notification.sees_rule:  # type: ignore[attr-defined]
            return str(notification.metadata.get("rule_name") or "of another person")
        address = reverse("admin:rules_automationrule_page", args=[notification.rule_id])
        return format_html('<a href="{}" class="sa-link">{}</a>', address, notification.rule)

    @display(description="time", ordering="created_at")
    def at(self, notification: Notification) -> str:
        return when(notification.created_at)

    @display(description="actions")
    def marks(self, notification: Notification) -> str:
        """The buttons of a row: they submit the list's own form to another address."""
        if not notification.is_changeable:  # type: ignore[attr-defined]
            return ""
        shown = ((button,) for button in buttons(notification, timezone.now()))
        return format_html('<span class="sa-buttons sa-marks">{}</span>', format_html_join("", "{}", shown))

    # -- what can be done ------------------------------------------------------------------------

    @admin.action(description="Mark as read")
    def mark_read(self, request: HttpRequest, queryset: NotificationQuerySet) -> None:
        messages.success(request, mark(queryset.changeable_by(request.user), "read", timezone.now()))

    @admin.action(description="Mark as unread")
    def mark_unread(self, request: HttpRequest, queryset: NotificationQuerySet) -> None:
        messages.success(request, mark(queryset.changeable_by(request.user), "unread", timezone.now()))

    @admin.action(description="Archive")
    def archive(self, request: HttpRequest, queryset: NotificationQuerySet) -> None:
        messages.success(request, mark(queryset.changeable_by(request.user), "archive", timezone.now()))

    @admin.action(description="Snooze for 1 hour")
    def snooze_1h(self, request: HttpRequest, queryset: NotificationQuerySet) -> None:
        self._snooze(request, queryset, "1h")

    @admin.action(description="Snooze for 4 hours")
    def snooze_4h(self, request: HttpRequest, queryset: NotificationQuerySet) -> None:
        self._snooze(request, queryset, "4h")

    @admin.action(description="Snooze until the next working morning")
    def snooze_morning(self, request: HttpRequest, queryset: NotificationQuerySet) -> None:
        self._snooze(request, queryset, "morning")

    def _snooze(self, request: HttpRequest, queryset: NotificationQuerySet, length: str) -> None:
        chosen = queryset.changeable_by(request.user)
        messages.success(request, snooze_many(request, chosen, length, timezone.now()))


SPOKEN = mark_safe('<span class="sr-only">Unread: </span>')  # for screen readers, beside a dot
RETURNED = 1000  # more than these are not counted


def _snoozed(notification: Notification, now: datetime) -> str:
    """The end of the snooze, or the note that it has ended."""
    if is_snoozed(notification, now):
        return format_html(' <span class="sa-chip">snoozed until {}</span>', when(notification.snoozed_until))
    back = notification.status == Notification.Status.UNREAD and notification.snoozed_until is not None
    return mark_safe(' <span class="sa-chip">returned from snooze</span>') if back else ""
