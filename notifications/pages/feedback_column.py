"""The feedback column of the inbox: useful or noise."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST
from unfold.decorators import display

from notifications.inbox.feedback import NOTHING_TO_JUDGE, attach_feedback, judge_all, success_message
from notifications.models import Notification
from notifications.models.querysets import NotificationQuerySet, cut_texts
from notifications.pages.status_changes import INBOX
from rules.health.feedback import FEEDBACK_VERBS, may_judge
from rules.pages.activity.feedback_buttons import answer, buttons
from smartagent.kernel.scope import has_everyone
from smartagent.shell.filtered_list import FilteredChangeList, RecordAdmin

FEEDBACK = "admin:notifications_notification_feedback"


class InboxChangeList(FilteredChangeList):
    """A list whose rows have the person's feedback, and whether they may change it."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> NotificationQuerySet:
        found: Any = super().get_queryset(request, exclude_parameters)
        return found.for_a_list()  # type: ignore[no-any-return]

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        cut_texts(self.result_list)
        attach_feedback(self.result_list, request.user)
        everyone = has_everyone(request.user, "change")
        for notification in self.result_list:
            notification.is_changeable = everyone or notification.user_id == request.user.pk


class JudgedAdmin(RecordAdmin):
    """A list of notifications with the buttons “useful” and “noise”, for one and for many."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FilteredChangeList]:
        return InboxChangeList

    @display(description="feedback")
    def judged(self, notification: Notification) -> str:
        """The buttons “useful” and “noise”, for notifications of a firing."""
        feedback: dict[str, bool | None] = notification.feedback  # type: ignore[attr-defined]
        return buttons(FEEDBACK, notification.pk, notification.title, feedback["useful"]) if feedback else "–"

    @admin.action(description="Mark as useful")
    def judge_useful(self, request: HttpRequest, queryset: NotificationQuerySet) -> None:
        self._judge(request, queryset, "useful")

    @admin.action(description="Mark as noise")
    def judge_noise(self, request: HttpRequest, queryset: NotificationQuerySet) -> None:
        self._judge(request, queryset, "noise")

    @admin.action(description="Clear feedback")
    def withdraw(self, request: HttpRequest, queryset: NotificationQuerySet) -> None:
        self._judge(request, queryset, "withdraw")

    def _judge(self, request: HttpRequest, queryset: NotificationQuerySet, verb: str) -> None:
        if not may_judge(request.user):
            raise PermissionDenied
        chosen = list(queryset.changeable_by(request.user).order_by())
        count = judge_all(chosen, request.user, FEEDBACK_VERBS[verb], timezone.now())
        messages.success(request, success_message(verb, count, len(chosen)))

    def get_actions(self, request: HttpRequest) -> Any:
        """Return the bulk actions, without feedback for those who may not give it."""
        found = super().get_actions(request)
        judging = () if may_judge(request.user) else ("judge_useful", "judge_noise", "withdraw")
        return {name: action for name, action in found.items() if name not in judging}

    def get_urls(self) -> list[URLPattern]:
        view: Any = self.admin_site.admin_view(require_POST(self.judge_one))
        name = "notifications_notification_feedback"
        return [path("<uuid:pk>/feedback/<str:verb>/", view, name=name), *super().get_urls()]

    def judge_one(self, request: HttpRequest, pk: Any, verb: str) -> HttpResponse:
        """Mark one notification as useful or noise, or clear its feedback."""
        if verb not in FEEDBACK_VERBS:
            raise Http404("Unknown feedback.")
        notification = self.changeable(request, pk).get()
        if not may_judge(request.user):
            raise PermissionDenied
        if not judge_all([notification], request.user, FEEDBACK_VERBS[verb], timezone.now()):
            raise Http404(NOTHING_TO_JUDGE)
        attach_feedback([notification], request.user)
        return answer(request, verb, self.judged(notification), reverse(INBOX))

    def changeable(self, request: HttpRequest, pk: Any) -> NotificationQuerySet:
        """Return a queryset of the notification, empty if the person may not change it."""
        if not Notification.objects.visible_to(request.user).filter(pk=pk).exists():
            raise Http404("Notification not found.")
        changeable: NotificationQuerySet = Notification.objects.changeable_by(request.user).filter(pk=pk)
        if not changeable.exists():
            raise PermissionDenied
        return changeable
