"""The inbox: one's own, or everyone's for those who may see it."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST
from unfold.decorators import display

from notifications.feedback import NOTHING_TO_JUDGE, judge_all, said_of, told
from notifications.filters import NotificationFilter
from notifications.marking import DONE, button, mark
from notifications.models import Notification
from notifications.querysets import NotificationQuerySet
from rules.health.feedback_buttons import answer, buttons
from rules.health.judging import VERBS, may_judge
from rules.words import number
from smartagent.filtered_list import FilteredChangeList, RecordAdmin
from smartagent.scope import has_everyone
from smartagent.templatetags.shown import TONES, when


class InboxChangeList(FilteredChangeList):
    """Its rows know what whoever looks said of them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        know_what_was_said(self.result_list, request.user)


@admin.register(Notification)
class NotificationAdmin(RecordAdmin):
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

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FilteredChangeList]:
        return InboxChangeList

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            know_what_was_said([found], request.user)
        return found

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [name for name in self.fields if name != "judged" or may_judge(request.user)]

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

    @display(description="useful?")
    def judged(self, notification: Notification) -> str:
        """The buttons “useful” and “noise”, where a firing told it."""
        said: dict[str, bool | None] = notification.said  # type: ignore[attr-defined]
        return buttons(FEEDBACK, notification.pk, notification.title, said["useful"]) if said else "–"

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

    @admin.action(description="Judge as useful")
    def judge_useful(self, request: HttpRequest, queryset: NotificationQuerySet) -> None:
        self._judge(request, queryset, "useful")

    @admin.action(description="Judge as noise")
    def judge_noise(self, request: HttpRequest, queryset: NotificationQuerySet) -> None:
        self._judge(request, queryset, "noise")

    @admin.action(description="Take back what I said")
    def withdraw(self, request: HttpRequest, queryset: NotificationQuerySet) -> None:
        self._judge(request, queryset, "withdraw")

    def _judge(self, request: HttpRequest, queryset: NotificationQuerySet, verb: str) -> None:
        if not may_judge(request.user):
            raise PermissionDenied
        chosen = list(queryset.changeable_by(request.user).order_by())
        count = judge_all(chosen, request.user, VERBS[verb], timezone.now())
        messages.success(request, told(verb, count, len(chosen)))

    def get_actions(self, request: HttpRequest) -> Any:
        """Without judging for those who may not."""
        found = super().get_actions(request)
        judging = () if may_judge(request.user) else ("judge_useful", "judge_noise", "withdraw")
        return {name: action for name, action in found.items() if name not in judging}

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, tuple[str, Any]] = {
            "read-all/": ("read_all", self.read_all),
            "<uuid:pk>/mark/<str:verb>/": ("mark", self.mark_one),
            "<uuid:pk>/feedback/<str:verb>/": ("feedback", self.judge_one),
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
        changeable = self._changeable(request, pk)
        messages.success(request, mark(changeable, verb))
        return _back(request)

    def judge_one(self, request: HttpRequest, pk: Any, verb: str) -> HttpResponse:
        """Write down that one notification was useful, or noise; or take that back."""
        if verb not in VERBS:
            raise Http404("There is no such judgement.")
        notification = self._changeable(request, pk).get()
        if not may_judge(request.user):
            raise PermissionDenied
        if not judge_all([notification], request.user, VERBS[verb], timezone.now()):
            raise Http404(NOTHING_TO_JUDGE)
        know_what_was_said([notification], request.user)
        return answer(request, verb, self.judged(notification), reverse(INBOX))

    def _changeable(self, request: HttpRequest, pk: Any) -> NotificationQuerySet:
        if not Notification.objects.visible_to(request.user).filter(pk=pk).exists():
            raise Http404("There is no such notification.")
        changeable: NotificationQuerySet = Notification.objects.changeable_by(request.user).filter(pk=pk)
        if not changeable.exists():
            raise PermissionDenied
        return changeable


INBOX = "admin:notifications_notification_changelist"
FEEDBACK = "admin:notifications_notification_feedback"
SPOKEN = mark_safe('<span class="sr-only">Unread: </span>')  # the dot beside it is not heard
SHOWN = ("metric", "value", "operator", "threshold", "target", "time")


def know_what_was_said(notifications: Sequence[Any], user: Any) -> None:
    """Keep with each what `user` said of it; nothing where there is nothing to judge."""
    said = said_of(notifications, user)
    for one in notifications:
        one.said = {"useful": said[one.pk]} if one.pk in said else None


def _fact(value: Any) -> str:
    return number(value) if isinstance(value, (int, float)) else str(value)


def _back(request: HttpRequest) -> HttpResponse:
    """To where one came from, else to the inbox."""
    came_from = request.headers.get("referer", "")
    if url_has_allowed_host_and_scheme(came_from, {request.get_host()}, request.is_secure()):
        return HttpResponseRedirect(came_from)
    return HttpResponseRedirect(reverse("admin:notifications_notification_changelist"))
