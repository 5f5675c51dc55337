"""The inbox: one's own, or everyone's for those who may see it."""

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST
from unfold.decorators import display

from notifications.filters import NotificationFilter
from notifications.judged_admin import JudgedAdmin
from notifications.marking import DONE, button, mark
from notifications.models import Notification
from notifications.pages import channels as channels
from notifications.pages import deliveries as deliveries
from notifications.pages import escalation as escalation
from notifications.querysets import NotificationQuerySet
from rules.health.judging import may_judge
from rules.words import number
from smartagent.scope import has_everyone
from smartagent.templatetags.shown import TONES, when


@admin.register(Notification)
class NotificationAdmin(JudgedAdmin):
    slug = "notifications"
    filterset_class = NotificationFilter
    keyset = "created_at"
    filter_defaults = {"whose": "mine", "status": "inbox"}
    change_list_template = "notifications/inbox.html"
    empty_title = "Your inbox is empty"
    empty_text = "What your rules tell you arrives here."
    everything_qs = "?status="
    list_display = ("headline", "severity_label", "user", "rule_link", "at", "judged", "marks")
    list_display_links = ("headline",)
    list_select_related = ("rule", "user")
    sortable_by = ("severity_label", "at")
    search_fields = ("title", "message")
    search_help_text = "Title or message"
    actions = ("mark_read", "mark_unread", "archive", "judge_useful", "judge_noise", "withdraw")  # type: ignore[assignment]
    fields = ("title", "said", "judged", "severity_label", "status_label", "user", "rule_link", "at", "facts")
    readonly_fields = fields

    def filterset(self, request: HttpRequest) -> Any:
        """Without a choice of whose for those who see only their own."""
        filterset = super().filterset(request)
        if not has_everyone(request.user, "view"):
            filterset.data["whose"] = "mine"
            filterset.form.fields.pop("whose")
            filterset.filters.pop("whose")
        return filterset

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        left_out = set() if may_judge(request.user) else {"judged"}
        if request.GET.get("whose", "mine") == "mine":
            left_out.add("user")
        return tuple(name for name in self.list_display if name not in left_out)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        unread = Notification.objects.addressed_to(request.user).unread().exists()
        return super().changelist_view(request, (extra_context or {}) | {"has_unread": unread})

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        """Opening one's own notification marks it read."""
        found = self.get_object(request, object_id)
        if found is not None and found.user_id == request.user.pk:
            Notification.objects.filter(pk=found.pk).mark_read(timezone.now())
        return super().change_view(request, object_id, *args, **kwargs)

    # -- columns ---------------------------------------------------------------------------------

    @display(description="notification")
    def headline(self, notification: Notification) -> str:
        unread = notification.status == Notification.Status.UNREAD
        return format_html(
            '<span class="sa-text"><span class="{}">{}{}</span><br><span class="sa-second">{}</span></span>',
            "sa-unread" if unread else "",
            SPOKEN if unread else "",
            notification.title,
            notification.message,
        )

    @display(description="message")
    def said(self, notification: Notification) -> str:
        return format_html('<span class="sa-lines">{}</span>', notification.message)

    @display(description="severity", ordering="severity", label=TONES)
    def severity_label(self, notification: Notification) -> str:
        return notification.severity or ""

    @display(description="status", label=TONES)
    def status_label(self, notification: Notification) -> str:
        return notification.status

    @display(description="rule")
    def rule_link(self, notification: Notification) -> str:
        if notification.rule_id is None:
            return "–"
        address = reverse("admin:rules_automationrule_page", args=[notification.rule_id])
        return format_html('<a href="{}" class="sa-link">{}</a>', address, notification.rule)

    @display(description="when", ordering="created_at")
    def at(self, notification: Notification) -> str:
        return when(notification.created_at)

    @display(description="numbers")
    def facts(self, notification: Notification) -> str:
        facts = notification.metadata or {}
        return ", ".join(f"{name} {_fact(facts[name])}" for name in SHOWN if facts.get(name) not in (None, "")) or "–"

    @display(description="")
    def marks(self, notification: Notification) -> str:
        """What can be done to one row: buttons that submit the list's own form to another address."""
        unread = notification.status == Notification.Status.UNREAD
        verbs = ["read" if unread else "unread"] + (["archive"] if notification.status != "archived" else [])
        return format_html(
            '<span class="sa-buttons">{}</span>',
            format_html_join("", "{}", ((button(notification, verb),) for verb in verbs)),
        )

    # -- what can be done ------------------------------------------------------------------------

    @admin.action(description="Mark as read")
    def mark_read(self, request: HttpRequest, queryset: NotificationQuerySet) -> None:
        messages.success(request, mark(queryset.changeable_by(request.user), "read"))

    @admin.action(description="Mark as unread")
    def mark_unread(self, request: HttpRequest, queryset: NotificationQuerySet) -> None:
        messages.success(request, mark(queryset.changeable_by(request.user), "unread"))

    @admin.action(description="Archive")
    def archive(self, request: HttpRequest, queryset: NotificationQuerySet) -> None:
        messages.success(request, mark(queryset.changeable_by(request.user), "archive"))

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, tuple[str, Any]] = {
            "read-all/": ("read_all", self.read_all),
            "<uuid:pk>/mark/<str:verb>/": ("mark", self.mark_one),
        }
        wrap: Any = self.admin_site.admin_view
        own = [
            path(route, wrap(require_POST(view)), name=f"notifications_notification_{name}")
            for route, (name, view) in pages.items()
        ]
        return [*own, *super().get_urls()]

    def read_all(self, request: HttpRequest) -> HttpResponse:
        """Mark every notification in one's own inbox as read."""
        messages.success(request, mark(Notification.objects.addressed_to(request.user), "read"))
        return _back(request)

    def mark_one(self, request: HttpRequest, pk: Any, verb: str) -> HttpResponse:
        """Do one verb to one notification."""
        if verb not in DONE:
            raise Http404("There is no such thing to do.")
        changeable = self.changeable(request, pk)
        messages.success(request, mark(changeable, verb))
        return _back(request)


SPOKEN = mark_safe('<span class="sr-only">Unread: </span>')  # the dot beside it is not heard
SHOWN = ("metric", "value", "operator", "threshold", "target", "time")


def _fact(value: Any) -> str:
    return number(value) if isinstance(value, (int, float)) else str(value)


def _back(request: HttpRequest) -> HttpResponse:
    """To where one came from, else to the inbox."""
    came_from = request.headers.get("referer", "")
    if url_has_allowed_host_and_scheme(came_from, {request.get_host()}, request.is_secure()):
        return HttpResponseRedirect(came_from)
    return HttpResponseRedirect(reverse("admin:notifications_notification_changelist"))
